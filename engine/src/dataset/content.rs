//! Whether the bytes of a run's file are those that were written: their hash is among them.

use engram_schemas::file_hash::{self, FileHash};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

/// What the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// What was written.
    Whole,
    /// A file from before there was a hash in it.
    WithoutHash,
    /// Something else.
    Damaged {
        /// How it shows.
        reason: String,
    },
}

/// Compares a file with the hash in it.
pub fn check_content(bytes: &bytes::Bytes) -> Content {
    match file_hash::check(bytes) {
        FileHash::Right => Content::Whole,
        FileHash::Wrong => Content::Damaged {
            reason: "its bytes are not those that were written".to_owned(),
        },
        FileHash::Missing => match ParquetMetaDataReader::new().parse_and_finish(bytes) {
            Ok(_) => Content::WithoutHash,
            Err(error) => Content::Damaged {
                reason: format!("it cannot be read as Parquet: {error}"),
            },
        },
    }
}

/// Where the end of a Parquet file begins: what says which rows are in it (Bloom filters, page index), or the footer where there is
/// none of that.
pub fn tail_offset(metadata: &ParquetMetaData, file: &[u8]) -> u64 {
    // A file ends with the footer, its length in four bytes, and the name of the format in four.
    const MAGIC: usize = 8;
    let footer_bytes = file
        .get(file.len().saturating_sub(MAGIC)..)
        .and_then(|end| end.first_chunk::<4>())
        .map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
    let footer = file.len().saturating_sub(MAGIC + footer_bytes) as u64;
    let groups = metadata.row_groups().iter();
    let indexes = groups.flat_map(|group| group.columns()).flat_map(|column| {
        [
            column.bloom_filter_offset(),
            column.column_index_offset(),
            column.offset_index_offset(),
        ]
    });
    let first = indexes
        .flatten()
        .filter_map(|offset| u64::try_from(offset).ok())
        .min();
    first.map_or(footer, |first| first.min(footer))
}
