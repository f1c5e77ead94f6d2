//! Appends rows to the table `results`, and reads them back.
//!
//! One experiment is one file, or one for each split where splits are kept as they are done, named by the hash of all that it
//! follows from: doing it again writes the same name with the same content, and nothing has to be found and replaced.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};
use arrow::error::ArrowError;
use engram_schemas::results::{ResultRow, column, file_schema};
use engram_schemas::{
    CODE_VERSION_KEY, DatasetLocation, SCHEMA_VERSION, SCHEMA_VERSION_KEY, layout,
};
use object_store::{ObjectStoreExt, PutPayload};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::{Error, Result, Session};

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
    write_file(location, result_id, result_id, rows).await
}

/// Writes the row of one split of an experiment as a file of its own, as [`write_results`] does.
///
/// # Errors
/// As [`write_results`].
pub(crate) async fn write_split(
    location: &DatasetLocation,
    result_id: &str,
    row: &ResultRow,
) -> Result<String> {
    let name = layout::split_results_name(result_id, row.split);
    write_file(location, &name, result_id, std::slice::from_ref(row)).await
}

async fn write_file(
    location: &DatasetLocation,
    name: &str,
    result_id: &str,
    rows: &[ResultRow],
) -> Result<String> {
    let object = layout::results_file(location.root(), name);
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

/// The rows of some experiments, in the order of their ids and splits.
///
/// # Errors
/// [`Error::Sql`] when the table cannot be read.
pub async fn read_results(
    session: &Session,
    result_ids: &BTreeSet<String>,
) -> Result<Vec<ResultRow>> {
    let answer = session
        .sql("SELECT * FROM results ORDER BY result_id, split")
        .await?;
    let batches = answer.collect().await.map_err(Error::running)?;
    let mut rows = Vec::new();
    for batch in &batches {
        of_batch(batch, result_ids, &mut rows).map_err(|error| Error::running(error.into()))?;
    }
    Ok(rows)
}

fn of_batch(
    batch: &RecordBatch,
    result_ids: &BTreeSet<String>,
    rows: &mut Vec<ResultRow>,
) -> std::result::Result<(), ArrowError> {
    let typed = |name: &str, data_type: &DataType| -> std::result::Result<ArrayRef, ArrowError> {
        let column = batch.column_by_name(name);
        let missing = || ArrowError::SchemaError(format!("results have no column {name}"));
        cast(column.ok_or_else(missing)?, data_type)
    };
    let text = |name| typed(name, &DataType::Utf8);
    let list = |name, item| typed(name, &DataType::new_list(item, true));
    let texts_of = |lists: &ArrayRef, row: usize| -> Vec<String> {
        let items = lists.as_list::<i32>().value(row);
        items
            .as_string::<i32>()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    };
    let reals_of = |lists: &ArrayRef, row: usize| -> Vec<f64> {
        let lists = lists.as_list::<i32>();
        // Files of an earlier version have no such column, which reads as NULL.
        match lists.is_valid(row) {
            true => lists
                .value(row)
                .as_primitive::<Float64Type>()
                .values()
                .to_vec(),
            false => Vec::new(),
        }
    };
    let texts = [
        column::RESULT_ID,
        column::EXPERIMENT,
        column::QUERY,
        column::PARAMETERS,
        column::CONTROL,
        column::CLASSIFIER,
        column::SETTINGS,
        column::SPLIT_BY,
    ]
    .map(text);
    let [
        ids,
        experiments,
        queries,
        parameters,
        controls,
        classifiers,
        settings,
        split_bys,
    ] = texts;
    let (ids, experiments, queries) = (ids?, experiments?, queries?);
    let (parameters, controls, classifiers) = (parameters?, controls?, classifiers?);
    let (settings, split_bys) = (settings?, split_bys?);
    let integer = |name| typed(name, &DataType::Int64);
    let splits = integer(column::SPLIT)?;
    let seeds = integer(column::SEED)?;
    let n_train = integer(column::N_TRAIN)?;
    let n_test = integer(column::N_TEST)?;
    let n_features = integer(column::N_FEATURES)?;
    let accuracies = typed(column::ACCURACY, &DataType::Float64)?;
    let chances = typed(column::CHANCE, &DataType::Float64)?;
    let classes = list(column::CLASSES, DataType::Utf8)?;
    let confusions = list(column::CONFUSION, DataType::Int64)?;
    let statistics = list(column::STATISTICS, DataType::Utf8)?;
    let importances = list(column::IMPORTANCES, DataType::Float64)?;
    let importance_errors = list(column::IMPORTANCE_ERRORS, DataType::Float64)?;
    let permutations = list(column::PERMUTATION_IMPORTANCES, DataType::Float64)?;
    let grid_settings = list(column::GRID_SETTINGS, DataType::Utf8)?;
    let grid_accuracies = list(column::GRID_ACCURACIES, DataType::Float64)?;
    let text = |column: &ArrayRef, row: usize| {
        let column = column.as_string::<i32>();
        match column.is_valid(row) {
            true => column.value(row).to_owned(),
            false => String::new(),
        }
    };
    let integer = |column: &ArrayRef, row: usize| column.as_primitive::<Int64Type>().value(row);
    let real = |column: &ArrayRef, row: usize| column.as_primitive::<Float64Type>().value(row);
    for row in (0..batch.num_rows()).filter(|&row| result_ids.contains(&text(&ids, row))) {
        rows.push(ResultRow {
            experiment: text(&experiments, row),
            query: text(&queries, row),
            parameters: text(&parameters, row),
            control: text(&controls, row),
            classifier: text(&classifiers, row),
            settings: text(&settings, row),
            split_by: text(&split_bys, row),
            split: integer(&splits, row) as i32,
            seed: integer(&seeds, row),
            n_train: integer(&n_train, row),
            n_test: integer(&n_test, row),
            n_features: integer(&n_features, row),
            accuracy: real(&accuracies, row),
            chance: real(&chances, row),
            classes: texts_of(&classes, row),
            confusion: confusions
                .as_list::<i32>()
                .value(row)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec(),
            statistics: texts_of(&statistics, row),
            importances: reals_of(&importances, row),
            importance_errors: reals_of(&importance_errors, row),
            permutation_importances: reals_of(&permutations, row),
            grid_settings: texts_of(&grid_settings, row),
            grid_accuracies: reals_of(&grid_accuracies, row),
        });
    }
    Ok(())
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
