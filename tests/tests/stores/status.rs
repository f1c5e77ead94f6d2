//! `engram status` of a sweep in a bucket: it lists, and reads no more than the reasons that it was asked for.

use std::time::Duration;

use engram_plan::{PlannedRun, SweepFile};
use engram_schemas::{RunState, layout};
use engram_tests::commands::{SMALL_SWEEP, engram};
use engram_tests::emulators::{Bucket, Moto, Place, Requests};
use engram_tests::process::watched;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::success;

/// A sweep file of so many runs, and the runs.
fn planned(n_runs: usize) -> (TempDir, Vec<PlannedRun>) {
    let folder = tempfile::tempdir().unwrap();
    let seeds: Vec<usize> = (0..n_runs / 2).collect();
    let text = SMALL_SWEEP.replace("model_seeds = [0]", &format!("model_seeds = {seeds:?}"));
    let file = folder.path().join("sweep.toml");
    std::fs::write(&file, text).unwrap();
    let runs = SweepFile::read(&file).unwrap().plan().unwrap().runs;
    assert_eq!(runs.len(), n_runs);
    (folder, runs)
}

fn status(place: &Place, folder: &TempDir, arguments: &[&str]) -> Value {
    let mut command = place.engram(&["status", "--format", "json", "--at", &place.url]);
    command
        .arg(folder.path().join("sweep.toml"))
        .args(arguments);
    serde_json::from_slice(&success(command).stdout).unwrap()
}

#[test]
fn a_large_sweep_is_listed_and_not_read() {
    const N_RUNS: usize = 20_000;
    let (folder, runs) = planned(N_RUNS);
    let root = Path::default();
    // The first is missing, the second has diverged, the third has failed and is missing.
    let files = runs[1..].iter().filter(|run| **run != runs[2]);
    let files = files.map(|run| run.file().path(&root));
    let logs = runs.iter().enumerate().map(|(place, run)| {
        let state = match place {
            1 => RunState::Diverged,
            2 => RunState::Failed,
            _ => RunState::Trained,
        };
        layout::run_log(&root, &run.run_id, state)
    });
    let names = files.chain(logs).map(|path| path.to_string());
    let bucket = Bucket::of_names(names, Duration::ZERO);
    let seen = status(&bucket.place(), &folder, &["--reasons", "0"]);
    let count = |key: &str| seen[key].as_u64().unwrap() as usize;
    assert_eq!(
        ["planned", "done", "diverged", "failed", "missing"].map(count),
        [N_RUNS, N_RUNS - 3, 1, 1, 1]
    );
    let asked = bucket.requests();
    // Twenty pages of files and twenty of logs; a page more for each of sixteen places in the logs, and the two levels of folders.
    assert!((40..=60).contains(&asked.lists), "{asked:?}");
    let expected = Requests {
        lists: asked.lists,
        n_bytes: asked.n_bytes,
        ..Requests::default()
    };
    assert_eq!(asked, expected);
}

#[test]
fn plan_and_status_of_ten_times_the_runs_take_hardly_more_memory() {
    let peaks = [4_000, 40_000].map(|n_runs| {
        let (folder, runs) = planned(n_runs);
        let sweep = folder.path().join("sweep.toml");
        let bucket = Bucket::of_trained(runs.iter().map(PlannedRun::file), Duration::ZERO);
        let place = bucket.place();
        let mut status = place.engram(&["status", "--at", &place.url]);
        let mut plan = engram(&["plan", "--format", "csv"]);
        [status.arg(&sweep), plan.arg(&sweep)].map(|command| watched(command).1)
    });
    for (small, large) in peaks[0].into_iter().zip(peaks[1]) {
        assert!(large * 4 < small * 5, "{peaks:?}");
    }
}

#[test]
fn of_failed_runs_so_many_logs_are_read_as_are_shown() {
    let Some(moto) = Moto::shared() else { return };
    let (folder, runs) = planned(14);
    let place = moto.place("status");
    let (store, root) = place.store();
    let put = |path: &Path, text: &'static str| {
        let put = store.put(path, text.into());
        Runtime::new().unwrap().block_on(put).unwrap();
    };
    for run in &runs[..4] {
        let log = layout::run_log(&root, &run.run_id, RunState::Failed);
        put(&log, r#"{"message": "no such file"}"#);
    }
    for run in &runs[4..10] {
        put(&run.file().path(&root), "");
        put(
            &layout::run_log(&root, &run.run_id, RunState::Trained),
            "{}",
        );
    }
    for (n_reasons, n_read) in [("0", 0), ("3", 3), ("10", 4)] {
        let bucket = Bucket::before(moto.address());
        let place = bucket.through(place.clone());
        let seen = status(&place, &folder, &["--reasons", n_reasons]);
        let count = |key: &str| seen[key].as_u64().unwrap();
        assert_eq!(["done", "failed", "missing"].map(count), [6, 4, 4]);
        assert_eq!(seen["failures"].as_array().unwrap().len(), n_read);
        let asked = bucket.requests();
        assert_eq!((asked.lists, asked.gets), (2, n_read as u64), "{asked:?}");
        assert_eq!(asked.total(), asked.lists + asked.gets, "{asked:?}");
    }
}
