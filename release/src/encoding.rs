//! How the parts of a release are written.
//!
//! What names a row repeats from row to row and is a dictionary, compressed to next to nothing. What was observed hardly ever
//! repeats: its bytes are split into streams (all first bytes, all second bytes, ...), of which those of sign and exponent
//! compress. `benches/benches/encodings.rs` measures size and time of the ways there are; docs/releases.md has the figures.

use arrow::datatypes::{DataType, SchemaRef};
use engram_schemas::trajectories::column;
use engram_schemas::{
    CODE_VERSION_KEY, Observable, SCHEMA_VERSION, SCHEMA_VERSION_KEY, recordings,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{
    BloomFilterPosition, EnabledStatistics, WriterProperties, WriterPropertiesBuilder,
};
use parquet::schema::types::ColumnPath;

/// Rows of a page: what a question for a single run has to read at least.
const PAGE_ROWS: usize = 10_000;

/// Level of zstd: higher ones take several times as long for a few hundredths of the bytes.
const LEVEL: i32 = 3;

/// The properties of the parts of a table with these columns, for a part of so many runs.
///
/// # Errors
/// For a level of compression that does not exist.
pub fn properties(schema: &SchemaRef, n_runs: usize) -> Result<WriterProperties, ParquetError> {
    let mut builder = common()?
        .set_data_page_row_count_limit(PAGE_ROWS)
        // Names of runs are hashes: bounds do not say which part has one. What does stands with the footer, and comes with it.
        .set_column_bloom_filter_enabled(ColumnPath::from(column::RUN_ID), true)
        .set_column_bloom_filter_max_ndv(ColumnPath::from(column::RUN_ID), n_runs as u64)
        .set_bloom_filter_position(BloomFilterPosition::End);
    for field in schema.fields() {
        let is_observed = is_observed(field.name());
        if !is_observed {
            continue;
        }
        let path = match field.data_type() {
            DataType::List(item) => ColumnPath::new(vec![
                field.name().clone(),
                "list".to_owned(),
                item.name().clone(),
            ]),
            _ => ColumnPath::from(field.name().as_str()),
        };
        // Parquet's bounds pass over NaN, and a reader that trusts them takes a column of one number and NaNs for that number.
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    Ok(builder.build())
}

/// What all Parquet files of a release have in common.
pub(crate) fn common() -> Result<WriterPropertiesBuilder, ParquetError> {
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_created_by(format!("engram {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION),
            entry(CODE_VERSION_KEY, env!("CARGO_PKG_VERSION")),
        ]))
        // A file is one group of rows: its pages are found by the page index, and every column is one request.
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::Page))
}

/// Whether a column holds what was observed, and not what says of what.
fn is_observed(name: &str) -> bool {
    let angles = [column::FEEDBACK_ANGLE, column::GRADIENT_ANGLE];
    angles.contains(&name)
        || name == recordings::column::VALUES
        || Observable::all().any(|observable| observable.column() == name)
}
