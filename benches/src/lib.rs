//! Benchmarks beside named peers, and the data that several of them ask.

pub mod paper_sized;
