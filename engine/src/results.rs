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
use engram_schemas::results::file_schema;
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

/// One row of the table: one experiment, classifier and split. The columns are described in `engram_schemas::results`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRow {
    /// Name of the experiment, as in `queries/`.
    pub experiment: String,
    /// The SQL that built the feature matrix.
    pub query: String,
    /// Name of the classifier.
    pub classifier: String,
    /// The classifier's settings (JSON).
    pub settings: String,
    /// What an example's side of the split hangs on: `example` or `run`.
    pub split_by: String,
    /// The split's number, from 0.
    pub split: i32,
    /// Seed of splits and classifier.
    pub seed: i64,
    /// Training examples.
    pub n_train: i64,
    /// Test examples.
    pub n_test: i64,
    /// Features an example.
    pub n_features: i64,
    /// Share of test examples classified correctly.
    pub accuracy: f64,
    /// One over the number of classes.
    pub chance: f64,
    /// The classes, in the order of the confusion matrix.
    pub classes: Vec<String>,
    /// Test examples by true class (rows) and predicted class (columns), row by row.
    pub confusion: Vec<i64>,
    /// Groups of features that importances are given for.
    pub statistics: Vec<String>,
    /// Importance of each of them, in the same order.
    pub importances: Vec<f64>,
}

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
        list(
            rows.iter().map(|row| row.classes.len()),
            texts(rows.iter().flat_map(|row| &row.classes)),
        ),
        list(
            rows.iter().map(|row| row.confusion.len()),
            Arc::new(
                rows.iter()
                    .flat_map(|row| row.confusion.iter().copied())
                    .collect::<Int64Array>(),
            ),
        ),
        list(
            rows.iter().map(|row| row.statistics.len()),
            texts(rows.iter().flat_map(|row| &row.statistics)),
        ),
        list(
            rows.iter().map(|row| row.importances.len()),
            Arc::new(
                rows.iter()
                    .flat_map(|row| row.importances.iter().copied())
                    .collect::<Float64Array>(),
            ),
        ),
    ];
    Ok(RecordBatch::try_new(file_schema(), columns)?)
}

fn texts<'a>(items: impl Iterator<Item = &'a String>) -> ArrayRef {
    Arc::new(items.map(Some).collect::<StringArray>())
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
