//! Answers of any size, in the formats that other tools read.
//!
//! An export is a query whose rows go to a place as they are computed. [`export`](export()) is the border between the two
//! sides: rows come from an asynchronous query, and a thread of its own encodes them and writes them to a file or to an
//! object of a store (`output`). What is written appears under its name when it is whole, or not at all; a folder of
//! partitions (`partitions`) is whole when it has a file `_SUCCESS`.
//!
//! | module         | concept                                                          |
//! |----------------|------------------------------------------------------------------|
//! | `format`       | the formats: names, endings, compressions                        |
//! | `encoders`     | rows to bytes, a file for each format                            |
//! | `plain`        | rows in the types that every reader knows                        |
//! | `provenance`   | what a file says of where its rows come from                     |
//! | `text`         | lists, structs and moments as text, for formats without them     |
//! | `output`       | bytes to a file or an object that appears when it is whole       |
//! | `target`       | what may be written to, and what is replaced                     |
//! | `partitions`   | rows to the Hive folders of their values                         |
//!
//! A further format is a variant of [`Format`], a file of `encoders`, and a line in `encoders::encoder`.
//!
//! Nothing here keeps an answer in memory: a few batches of rows, and what a format has to hold of them before it can write
//! (a row group of Parquet). What a format knows only at the end (NumPy's widths of texts) is spooled to temporary files.

mod account;
mod encoders;
mod error;
mod export;
mod format;
mod output;
mod partitions;
mod plain;
mod provenance;
mod settings;
mod target;
mod text;

pub use encoders::CsvWriter;
pub use error::{Error, Result, hint};
pub use export::{Asked, Exported, Watch, export};
pub use format::{Compression, Format};
pub use settings::{ExportSettings, Overwrite, TABLE_NAME};
