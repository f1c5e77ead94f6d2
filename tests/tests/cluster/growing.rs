//! Datasets that grow while nodes have them open.

use std::sync::Arc;

use engram_engine::Session;
use engram_engine::session::SessionSettings;
use engram_schemas::DatasetLocation;
use engram_tests::synthetic;
use tokio::runtime::Runtime;

use crate::{NodeProcess, asking, done};

/// A run that comes while nodes run is seen by whoever asks then.
#[test]
fn a_dataset_may_grow() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(2, &[0, 1, 2]);
    synthetic::write(folder.path(), &runs[..6]).unwrap();
    let node = NodeProcess::of(folder.path(), &[]);
    let count = ["sql", "SELECT count(*) AS n FROM runs", "--format", "csv"];
    for n_runs in [6, 9] {
        synthetic::write(folder.path(), &runs[..n_runs]).unwrap();
        let (text, _) = done(asking(&count, folder.path(), &[&node]));
        assert_eq!(text.lines().nth(1), Some(n_runs.to_string().as_str()));
    }
}

/// A limit of memory is for all states of a dataset that are open, and each has its own files.
#[test]
fn states_of_a_dataset_share_what_they_may_hold() {
    let folder = tempfile::tempdir().unwrap();
    let runs = synthetic::sweep(2, &[0, 1, 2]);
    let settings = SessionSettings {
        memory_limit_bytes: Some(64 << 20),
        ..SessionSettings::default()
    };
    let count = async |session: &Session| {
        let answer = session.sql("SELECT run_id FROM runs").await.unwrap();
        answer.count().await.unwrap()
    };
    Runtime::new().unwrap().block_on(async {
        synthetic::write(folder.path(), &runs[..6]).unwrap();
        let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
        let before = Session::open_with(&location, &settings).await.unwrap();
        synthetic::write(folder.path(), &runs[..9]).unwrap();
        let after = before.open_beside(&location, &settings).await.unwrap();
        for _ in 0..2 {
            assert_eq!(count(&before).await, 6);
            assert_eq!(count(&after).await, 9);
        }
        let [before, after] = [before, after].map(|session| session.context().runtime_env());
        assert!(Arc::ptr_eq(&before.memory_pool, &after.memory_pool));
        assert!(Arc::ptr_eq(&before.disk_manager, &after.disk_manager));
        let [before, after] =
            [before, after].map(|runtime| runtime.cache_manager.get_file_metadata_cache());
        assert!(Arc::ptr_eq(&before, &after));
    });
}
