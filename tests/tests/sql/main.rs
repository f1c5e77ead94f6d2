//! Asking a dataset: what opens and what does not, what SQL answers, and the feature matrix.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod access;
mod answers;
mod command;
mod features;
mod guarded;
mod memory;
mod opening;
mod planning;

use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use engram_engine::{Error, Session};
use engram_schemas::DatasetLocation;
use engram_tests::synthetic::{self, Run};

const EPOCHS: [i32; 3] = [0, 1, 2];

struct Dataset(tempfile::TempDir);

impl Dataset {
    fn of(runs: &[Run]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        synthetic::write(folder.path(), runs).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    async fn open(&self) -> Result<Session, Error> {
        Session::open(&self.location()).await
    }

    fn location(&self) -> DatasetLocation {
        DatasetLocation::open(self.path().to_str().unwrap()).unwrap()
    }

    /// The error of opening it.
    async fn refused(&self) -> Error {
        self.open().await.err().expect("the dataset must not open")
    }
}

async fn collect(session: &Session, sql: &str) -> Vec<RecordBatch> {
    session.sql(sql).await.unwrap().collect().await.unwrap()
}

async fn number(session: &Session, sql: &str) -> i64 {
    collect(session, sql).await[0]
        .column(0)
        .as_primitive::<Int64Type>()
        .value(0)
}

async fn text(session: &Session, sql: &str) -> String {
    arrow::util::pretty::pretty_format_batches(&collect(session, sql).await)
        .unwrap()
        .to_string()
}
