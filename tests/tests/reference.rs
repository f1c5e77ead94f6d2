//! The pages that are made of the words in the code, and their examples.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use engram_engine::{Session, reference};
use engram_schemas::DatasetLocation;
use engram_tests::synthetic;
use futures::TryStreamExt;

/// A page that is not what the code makes of it; `ENGRAM_WRITE_REFERENCE=1` writes it.
fn check(page: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    if std::env::var_os("ENGRAM_WRITE_REFERENCE").is_some() {
        std::fs::write(&file, made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "{page} is not what the code says: ENGRAM_WRITE_REFERENCE=1 cargo test --workspace --test reference"
    );
}

#[test]
fn pages_are_what_the_code_says() {
    check("docs/functions.md", &reference::functions_in_markdown());
    check("queries/README.md", &reference::queries_in_markdown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_runs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(2, &[0, 5, 10]);
    synthetic::write(folder.path(), &runs).unwrap();
    for run in &runs {
        run.write_recordings(folder.path()).unwrap();
    }
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let session = Session::open(&location).await.unwrap();
    for function in reference::sections()
        .into_iter()
        .flat_map(|section| section.functions)
    {
        let answer = session.stream(&function.example).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", function.syntax));
        let rows: Vec<_> = answer.batches.try_collect().await.unwrap();
        let n_rows: usize = rows.iter().map(|batch| batch.num_rows()).sum();
        assert!(n_rows > 0, "{}", function.example);
    }
}
