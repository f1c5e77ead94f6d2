//! What is kept of a file's footer.
//!
//! Half of a decoded footer describes the columns, in each of thousands of files alike.

use std::sync::Arc;

use engram_schemas::trajectories::column;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::errors::Result;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, RowGroupMetaData,
};
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr};

/// The footer with a description of columns that other files have too. Without Arrow's form of it where that says no more
/// than Parquet's: it would be decoded by every scan.
pub(super) fn sharing(
    footer: &ParquetMetaData,
    schema: &SchemaDescPtr,
    keeps_arrow_schema: bool,
) -> Result<ParquetMetaData> {
    let file = footer.file_metadata();
    let entries = file.key_value_metadata().map(|entries| {
        let is_kept = |key: &str| keeps_arrow_schema || key != ARROW_SCHEMA_META_KEY;
        let kept = entries.iter().filter(|entry| is_kept(&entry.key));
        kept.cloned().collect()
    });
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        entries,
        Arc::clone(schema),
        file.column_orders().cloned(),
    );
    let row_groups = footer.row_groups().iter();
    let row_groups = row_groups
        .map(|rows| row_group(rows, schema))
        .collect::<Result<_>>()?;
    Ok(ParquetMetaData::new(file, row_groups))
}

fn row_group(rows: &RowGroupMetaData, schema: &SchemaDescPtr) -> Result<RowGroupMetaData> {
    let columns = rows.columns().iter().zip(schema.columns());
    let columns = columns
        .map(|(chunk, described)| column_chunk(chunk, described))
        .collect::<Result<_>>()?;
    let mut shared = RowGroupMetaData::builder(Arc::clone(schema))
        .set_num_rows(rows.num_rows())
        .set_total_byte_size(rows.total_byte_size())
        .set_sorting_columns(rows.sorting_columns().cloned())
        .set_column_metadata(columns);
    if let Some(ordinal) = rows.ordinal() {
        shared = shared.set_ordinal(ordinal);
    }
    if let Some(offset) = rows.file_offset() {
        shared = shared.set_file_offset(offset);
    }
    shared.build()
}

/// What readers need to know of a column in a row group.
fn column_chunk(
    chunk: &ColumnChunkMetaData,
    described: &ColumnDescPtr,
) -> Result<ColumnChunkMetaData> {
    let mut shared = ColumnChunkMetaData::builder(Arc::clone(described))
        .set_encodings_mask(*chunk.encodings_mask())
        .set_num_values(chunk.num_values())
        .set_compression_codec(chunk.compression_codec())
        .set_total_compressed_size(chunk.compressed_size())
        .set_total_uncompressed_size(chunk.uncompressed_size())
        .set_data_page_offset(chunk.data_page_offset())
        .set_index_page_offset(chunk.index_page_offset())
        .set_dictionary_page_offset(chunk.dictionary_page_offset())
        .set_bloom_filter_offset(chunk.bloom_filter_offset())
        .set_bloom_filter_length(chunk.bloom_filter_length())
        .set_offset_index_offset(chunk.offset_index_offset())
        .set_offset_index_length(chunk.offset_index_length())
        .set_column_index_offset(chunk.column_index_offset())
        .set_column_index_length(chunk.column_index_length());
    if let Some(statistics) = chunk.statistics() {
        shared = shared.set_statistics(statistics.clone());
    }
    if let Some(encodings) = chunk.page_encoding_stats_mask() {
        shared = shared.set_page_encoding_stats_mask(*encodings);
    }
    shared.build()
}

/// The run that all rows are of, if the bounds of every row group say so.
pub(super) fn run_of(footer: &ParquetMetaData) -> Option<String> {
    let columns = footer.file_metadata().schema_descr().columns();
    let place = columns
        .iter()
        .position(|column| column.name() == column::RUN_ID)?;
    let mut runs = footer.row_groups().iter().map(|rows| {
        let bounds = rows.column(place).statistics()?;
        let is_one = bounds.min_is_exact() && bounds.max_is_exact();
        let (least, most) = (bounds.min_bytes_opt()?, bounds.max_bytes_opt()?);
        (is_one && least == most).then_some(least)
    });
    let first = runs.next()??;
    let is_one = runs.all(|run| run == Some(first));
    is_one.then(|| String::from_utf8(first.to_vec()).ok())?
}
