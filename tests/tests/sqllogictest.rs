//! Runs the files of `slt/` against a synthetic dataset.
//!
//! The dataset: every learning rule on knet4 and knet5 with two model seeds, checkpoints at epochs 0, 5 and 10; one run
//! diverged after epoch 5, and one has a NaN.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use engram_engine::{Error, Session};
use engram_schemas::{DatasetLocation, Status};
use engram_tests::synthetic;
use futures::TryStreamExt;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

struct Engram(Session);

#[async_trait]
impl AsyncDB for Engram {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Error> {
        let answer = self.0.stream(sql).await?;
        let types = answer
            .schema
            .fields()
            .iter()
            .map(|field| column_type(field.data_type()))
            .collect();
        let batches: Vec<RecordBatch> = answer.batches.try_collect().await?;
        Ok(DBOutput::Rows {
            types,
            rows: batches.iter().flat_map(cells).collect(),
        })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "engram"
    }
}

fn column_type(data_type: &DataType) -> DefaultColumnType {
    match data_type {
        integer if integer.is_integer() => DefaultColumnType::Integer,
        real if real.is_floating() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
        .collect();
    let cell = |column: &ArrayFormatter<'_>, row| match column.value(row).to_string() {
        empty if empty.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| cell(column, row)).collect())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_of_slt() {
    let mut runs = synthetic::sweep(2, &[0, 5, 10]);
    runs[0].status = Status::Diverged;
    runs[0].epochs.pop();
    runs[1].replaced.push((0, 5, "weight_raw_skew", f64::NAN));
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &runs).unwrap();
    let place = folder.path().to_str().unwrap().to_owned();

    let mut files: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("slt"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no files to run");
    for file in files {
        let mut runner = Runner::new(|| {
            let place = place.clone();
            async move {
                Ok(Engram(
                    Session::open(&DatasetLocation::open(&place)?).await?,
                ))
            }
        });
        if let Err(error) = runner.run_file_async(&file).await {
            panic!("{}", error.display(false));
        }
    }
}
