//! Sweeps under faults: whatever happens to requests, processes, disks and clocks, a run is there whole or not at all, its
//! bytes are those of an undisturbed one, and what went wrong is told.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(target_os = "linux")]
mod clocks;
#[cfg(unix)]
mod disks;
#[cfg(target_os = "linux")]
mod killing;
mod requests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use engram_tests::commands::generate;
use engram_tests::emulators::Shared;
use tempfile::TempDir;

/// 64 of the smallest networks, of one epoch each, observed on a few examples.
const SWEEP: &str = r#"
name = "many"
epochs = 1
checkpoint_every = 1
learning_rules = ["sgdm", "feedback_alignment"]
batch_sizes = [1024]
model_seeds = [0, 1, 2, 3, 4, 5, 6, 7]
dataset_seeds = [0, 1, 2, 3]

[observation]
n_stimuli = 32

[[networks]]
task = { name = "digits" }
architectures = ["knet4"]
initialization = "fan_in"
learning_rates = { sgdm = 0.2, feedback_alignment = 0.2 }
"#;

/// The sweep, trained undisturbed into a local folder.
struct Calm {
    folder: TempDir,
    trajectories: BTreeMap<String, Vec<u8>>,
}

impl Calm {
    fn shared() -> Arc<Self> {
        static CALM: Shared<Calm> = Shared::new();
        CALM.get(|| Some(Self::make())).unwrap()
    }

    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = generate(SWEEP, folder.path(), 2);
        assert!(output.status.success(), "{}", stderr(&output));
        let trajectories = trajectories(&folder.path().join("dataset"));
        assert_eq!(trajectories.len(), 64);
        Self {
            folder,
            trajectories,
        }
    }

    fn sweep(&self) -> PathBuf {
        self.folder.path().join("sweep.toml")
    }

    /// Checks that every run that can be seen is whole and right; how many there are.
    fn assert_whole(&self, seen: &BTreeMap<String, Vec<u8>>) -> usize {
        for (name, bytes) in seen {
            assert!(self.trajectories.get(name) == Some(bytes), "{name}");
        }
        seen.len()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The files of runs in a local dataset by their names, as every reader of Parquet would find them.
fn trajectories(dataset: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = dataset.join("trajectories/task=digits/architecture=knet4");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            )
        })
        .filter(|(name, _)| name.ends_with(".parquet"))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect()
}
