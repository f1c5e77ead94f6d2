//! Sweep files that were cut, changed or made up at random do no harm.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../schemas/tests/mutation/mod.rs"]
mod mutation;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use engram_plan::{Plan, RunConfiguration, SweepFile};
use mutation::{cases, mutated};
use proptest::prelude::*;

/// The sweep files of the repository.
fn sweeps() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sweeps");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn check(plan: &Plan, path: &Path) {
    assert_eq!(&SweepFile::read(path).unwrap().plan().unwrap(), plan);
    let names: HashSet<&str> = plan.runs.iter().map(|run| run.run_id.as_str()).collect();
    assert_eq!(names.len(), plan.runs.len());
    for run in &plan.runs {
        let text = run.configuration.to_json();
        let read: RunConfiguration = serde_json::from_str(&text).unwrap();
        assert_eq!(read, run.configuration);
        assert_eq!(read.run_id(), run.run_id);
    }
    assert!(plan.n_examples().unwrap() >= plan.runs.len());
}

#[test]
fn every_sweep_of_the_repository_is_planned() {
    for path in sweeps() {
        check(&SweepFile::read(&path).unwrap().plan().unwrap(), &path);
    }
}

#[test]
fn numbers_beyond_all_bounds_are_refused() {
    let mini = concat!(env!("CARGO_MANIFEST_DIR"), "/../sweeps/mini.toml");
    let text = std::fs::read_to_string(mini).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.toml");
    for (from, to) in [
        ("n_classes = 6", "n_classes = 9223372036854775807"),
        ("sgdm = 0.4, adam = 0.006", "sgdm = 5e-324, adam = 0.006"),
    ] {
        assert!(text.contains(from));
        std::fs::write(&path, text.replace(from, to)).unwrap();
        assert!(SweepFile::read(&path).unwrap().plan().is_err(), "{to}");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_sweep_file_does_harm(
        bytes in mutated(sweeps().iter().map(|path| std::fs::read(path).unwrap()).collect())
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sweep.toml");
        std::fs::write(&path, bytes).unwrap();
        if let Ok(plan) = SweepFile::read(&path).and_then(|sweep| sweep.plan()) {
            check(&plan, &path);
        }
    }
}
