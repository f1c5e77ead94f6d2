//! Answers of any size, in the formats that other tools read.
