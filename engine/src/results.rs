//! Appends rows to the table `results`.
//!
//! One experiment is one file, named by the hash of all that it follows from: doing it again writes the same name with the
//! same content, and nothing has to be found and replaced.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use engram_schemas::results::{ResultRow, file_schema};
use engram_schemas::{
    CODE_VERSION_KEY, DatasetLocation, SCHEMA_VERSION, SCHEMA_VERSION_KEY, layout,
};
use object_store::{ObjectStoreExt, PutPayload};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::{Error, Result};

/// Writes the rows of one experiment as one file of the dataset and returns where it is. A file of the same
/// `result_id` is replaced in one step.
///
/// # Errors
/// [`Error::Write`] when the store refuses, [`Error::Encode`] when the rows do not make a file.
pub async fn write_results(
    location: &DatasetLocation,
    result_id: &str,
    rows: &[ResultRow],
) -> Result<String> {
    let object = layout::results_file(location.root(), result_id);
    let file = location.display(&object);
    let encode = |source| Error::Encode {
        file: file.clone(),
        source,
    };
    let content = to_parquet(&to_batch(result_id, rows).map_err(encode)?).map_err(encode)?;
    match location
        .store()
        .put(&object, PutPayload::from(content))
        .await
    {
        Ok(_) => Ok(file),
        Err(source) => Err(Error::Write { file, source }),
    }
}

fn to_parquet(batch: &RecordBatch) -> std::result::Result<Vec<u8>, ParquetError> {
    let entry = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_key_value_metadata(Some(vec![
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION),
            entry(CODE_VERSION_KEY, env!("CARGO_PKG_VERSION")),
        ]))
        .build();
    let mut content = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(content)
}

fn to_batch(result_id: &str, rows: &[ResultRow]) -> std::result::Result<RecordBatch, ParquetError> {
    let text = |pick: fn(&ResultRow) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(pick)))
    };
    let integer = |pick: fn(&ResultRow) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(pick)))
    };
    let real = |pick: fn(&ResultRow) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(pick)))
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(
            rows.iter().map(|_| result_id),
        )),
        text(|row| &row.experiment),
        text(|row| &row.query),
        text(|row| &row.parameters),
        text(|row| &row.control),
        text(|row| &row.classifier),
        text(|row| &row.settings),
        text(|row| &row.split_by),
        Arc::new(Int32Array::from_iter_values(
            rows.iter().map(|row| row.split),
        )),
        integer(|row| row.seed),
        integer(|row| row.n_train),
        integer(|row| row.n_test),
        integer(|row| row.n_features),
        real(|row| row.accuracy),
        real(|row| row.chance),
        text_lists(rows, |row| &row.classes),
        list(
            rows.iter().map(|row| row.confusion.len()),
            Arc::new(
                rows.iter()
                    .flat_map(|row| row.confusion.iter().copied())
                    .collect::<Int64Array>(),
            ),
        ),
        text_lists(rows, |row| &row.statistics),
        real_lists(rows, |row| &row.importances),
        real_lists(rows, |row| &row.importance_errors),
        real_lists(rows, |row| &row.permutation_importances),
        text_lists(rows, |row| &row.grid_settings),
        real_lists(rows, |row| &row.grid_accuracies),
    ];
    Ok(RecordBatch::try_new(file_schema(), columns)?)
}

fn text_lists(rows: &[ResultRow], pick: fn(&ResultRow) -> &Vec<String>) -> ArrayRef {
    let items = rows.iter().flat_map(pick).map(Some);
    let items: StringArray = items.collect();
    list(rows.iter().map(|row| pick(row).len()), Arc::new(items))
}

fn real_lists(rows: &[ResultRow], pick: fn(&ResultRow) -> &Vec<f64>) -> ArrayRef {
    let items: Float64Array = rows.iter().flat_map(pick).copied().collect();
    list(rows.iter().map(|row| pick(row).len()), Arc::new(items))
}

fn list(lengths: impl Iterator<Item = usize>, items: ArrayRef) -> ArrayRef {
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::from_lengths(lengths),
        items,
        None,
    ))
}
