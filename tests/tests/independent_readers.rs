//! The written files, opened with readers that share no code with ours: PyArrow and DuckDB.
//!
//! The test needs the Python environment that `make python` makes. Without it the test says that it is skipped, unless
//! `ENGRAM_REQUIRE_PYTHON=1` asks it to fail, as it does in CI.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use engram_engine::Session;
use engram_schemas::trajectories::{column, file_schema};
use engram_schemas::{
    Architecture, CONFIGURATION_KEY, DatasetLocation, Observable, RunFile, SCHEMA_VERSION,
    SCHEMA_VERSION_KEY, Task,
};
use engram_tests::commands::{SMALL_SWEEP, generate};
use engram_tests::python;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

const CONFIGURATION: &str = r#"{"task":"digits","note":"größer – ünïcode"}"#;

/// Statistics that a careless reader or writer changes.
const AWKWARD: [f64; 9] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    5e-324,
    f64::MAX,
    0.1,
    1.0 / 3.0,
    -1.000_000_000_000_000_2,
];

#[tokio::test(flavor = "multi_thread")]
async fn pyarrow_and_duckdb_find_what_engram_finds() {
    let dataset = tempfile::tempdir().unwrap();
    let runs = [
        (Task::Digits, Architecture::Knet4, "0a1b", 3),
        (Task::Digits, Architecture::Knet4, "0a1c", 1),
        (Task::Digits, Architecture::Knet5Lrn, "ffee", 2),
        (Task::Simclr, Architecture::Resnet18, "1234", 4),
    ];
    for (task, architecture, run_id, n_rows) in runs {
        let file = RunFile {
            task,
            architecture,
            run_id: run_id.to_owned(),
            observation_id: None,
        };
        write_run(dataset.path(), &file, n_rows);
    }

    let Some(answer) = agreement(dataset.path(), 10).await else {
        return;
    };
    let metadata = answer["metadata"].as_object().unwrap();
    assert_eq!(metadata.len(), runs.len());
    for (file, found) in metadata {
        let expected =
            json!({ SCHEMA_VERSION_KEY: SCHEMA_VERSION, CONFIGURATION_KEY: CONFIGURATION });
        assert_eq!(found, &expected, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn they_find_the_same_in_what_was_trained() {
    let folder = tempfile::tempdir().unwrap();
    assert!(generate(SMALL_SWEEP, folder.path(), 1).status.success());
    // Two networks of four layers, observed twice.
    let Some(answer) = agreement(&folder.path().join("dataset"), 16).await else {
        return;
    };
    for (file, found) in answer["metadata"].as_object().unwrap() {
        let configuration: Value =
            serde_json::from_str(found[CONFIGURATION_KEY].as_str().unwrap()).unwrap();
        assert_eq!(configuration["architecture"], "knet4", "{file}");
        assert_eq!(found[SCHEMA_VERSION_KEY], SCHEMA_VERSION, "{file}");
    }
}

/// Checks that both readers find what Engram finds, `n_rows` rows, and returns their answer; nothing where they are not there.
async fn agreement(dataset: &Path, n_rows: usize) -> Option<Value> {
    let answer = python::answer("independent_reader.py", dataset)?;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let ours = read_by_engram(dataset).await;
    let n_columns = file_schema().fields().len() + 2;
    assert_eq!((ours.len(), ours[0].len()), (n_rows, n_columns));
    for reader in ["pyarrow", "duckdb"] {
        let theirs = rows(&answer[reader]);
        assert_eq!(theirs.len(), ours.len(), "{reader}");
        for (their_row, our_row) in theirs.iter().zip(&ours) {
            assert!(
                our_row.keys().eq(their_row.keys()),
                "{reader}: {:?}",
                their_row.keys()
            );
            for (name, our_value) in our_row {
                assert_eq!(&their_row[name], our_value, "{reader}, column {name}");
            }
        }
    }
    Some(answer)
}

/// A row by the names of its columns.
type Row = BTreeMap<String, Value>;

fn write_run(dataset: &Path, run: &RunFile, n_rows: usize) {
    // Settings of the kind that the generator writes with: what other readers must be able to undo.
    // Floats keep their minimum and maximum, which leave NaN out: a reader that trusts those loses the NaNs of a column
    // whose other values are equal, as the run of two rows has them.
    let metadata = [
        (SCHEMA_VERSION_KEY, SCHEMA_VERSION),
        (CONFIGURATION_KEY, CONFIGURATION),
    ];
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(Default::default()))
        .set_key_value_metadata(Some(metadata.to_vec()));
    for observable in Observable::all() {
        properties = properties
            .set_column_dictionary_enabled(observable.column().into(), false)
            .set_column_encoding(observable.column().into(), Encoding::BYTE_STREAM_SPLIT);
    }
    let path = dataset.join(run.path(&object_store::path::Path::default()).as_ref());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let rows = made_up_rows(run, n_rows);
    let mut writer = ArrowWriter::try_new(
        File::create(path).unwrap(),
        rows.schema(),
        Some(properties.build()),
    )
    .unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

fn made_up_rows(run: &RunFile, n_rows: usize) -> RecordBatch {
    let schema = file_schema();
    let columns = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| -> ArrayRef {
            let number = |row: usize| (place * 31 + row * 7) as i64;
            match field.data_type() {
                DataType::Utf8 if field.name() == column::RUN_ID => {
                    Arc::new(StringArray::from(vec![run.run_id.as_str(); n_rows]))
                }
                DataType::Utf8 => Arc::new(StringArray::from_iter_values(
                    (0..n_rows).map(|row| format!("text {}", number(row))),
                )),
                DataType::Int32 => Arc::new(Int32Array::from_iter_values(
                    (0..n_rows).map(|row| number(row) as i32),
                )),
                DataType::Int64 => Arc::new(Int64Array::from_iter_values(
                    (0..n_rows).map(|row| i64::MAX - number(row)),
                )),
                DataType::Float64 => Arc::new(Float64Array::from_iter((0..n_rows).map(|row| {
                    let missing = field.is_nullable() && run.task == Task::Simclr;
                    (!missing).then(|| AWKWARD[(place + row) % AWKWARD.len()])
                }))),
                other => panic!("no made-up values of type {other}"),
            }
        });
    RecordBatch::try_new(Arc::clone(&schema), columns.collect()).unwrap()
}

async fn read_by_engram(dataset: &Path) -> Vec<Row> {
    let location = DatasetLocation::open(dataset.to_str().unwrap()).unwrap();
    let session = Session::open(&location).await.unwrap();
    let answer = session
        .sql("SELECT * FROM trajectories")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    sorted(answer.iter().flat_map(|batch| {
        let columns: Vec<_> = (0..batch.num_columns())
            .map(|place| canonical(batch.column(place)))
            .collect();
        let schema = batch.schema();
        (0..batch.num_rows()).map(move |row| {
            let cells = schema.fields().iter().zip(&columns);
            cells
                .map(|(field, column)| (field.name().clone(), column[row].clone()))
                .collect()
        })
    }))
}

/// A column's values in the form that the script prints.
fn canonical(column: &ArrayRef) -> Vec<Value> {
    match column.data_type() {
        DataType::Float64 => {
            let bits = |value: f64| {
                if value.is_nan() {
                    "nan".to_owned()
                } else {
                    format!("{:016x}", value.to_bits())
                }
            };
            column
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.map(bits).into())
                .collect()
        }
        DataType::Int32 | DataType::Int64 => {
            let wide = cast(column, &DataType::Int64).unwrap();
            wide.as_primitive::<Int64Type>()
                .iter()
                .map(Value::from)
                .collect()
        }
        _ => {
            let text = cast(column, &DataType::Utf8).unwrap();
            text.as_string::<i32>().iter().map(Value::from).collect()
        }
    }
}

/// The rows of a table that the script printed.
fn rows(table: &Value) -> Vec<Row> {
    let columns = table["columns"].as_array().unwrap();
    let names = || columns.iter().map(|name| name.as_str().unwrap().to_owned());
    sorted(table["rows"].as_array().unwrap().iter().map(|row| {
        let cells = row.as_array().unwrap();
        assert_eq!(cells.len(), columns.len());
        names().zip(cells.iter().cloned()).collect()
    }))
}

fn sorted(rows: impl Iterator<Item = Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}
