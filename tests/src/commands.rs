//! The built commands, run as a user runs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A sweep that takes about a second: two batch-norm networks, one epoch.
pub const SMALL_SWEEP: &str = r#"
name = "small"
epochs = 1
checkpoint_every = 1
learning_rules = ["sgdm", "feedback_alignment"]
batch_sizes = [128]
model_seeds = [0]
dataset_seeds = [0]

[[networks]]
task = { name = "digits" }
architectures = ["knet4"]
initialization = "fan_in"
learning_rates = { sgdm = 0.2, feedback_alignment = 0.2 }
"#;

/// Where a command of this build lies. `cargo test` alone does not build the commands; `make test` does before it.
///
/// # Panics
/// When the command is not there.
#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
pub fn command(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test
        .ancestors()
        .nth(2)
        .expect("tests lie in target/PROFILE/deps");
    let path = folder.join(name);
    if !path.is_file() {
        panic!("{} is not there: run `make build` first", path.display());
    }
    path
}

/// `engram` with arguments, ready to run.
pub fn engram(arguments: &[&str]) -> Command {
    let mut command = Command::new(self::command("engram"));
    command
        .args(arguments)
        .env_remove("ENGRAM_DATASET")
        .env_remove("ENGRAM_MEMORY_LIMIT")
        .env_remove("ENGRAM_TRAINER")
        .env_remove("SLURM_ARRAY_TASK_ID")
        .env_remove("JOB_COMPLETION_INDEX");
    // Whoever runs the tests may have a store of their own.
    let services = ["AWS_", "AZURE_", "GOOGLE_"];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if services.iter().any(|service| name.starts_with(service)) {
            command.env_remove(name);
        }
    }
    command
}

/// Writes `sweep` into `folder`, and trains it into `folder/dataset` with so many workers.
///
/// # Panics
/// When the sweep cannot be written or the command cannot be started.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn generate(sweep: &str, folder: &Path, workers: usize) -> Output {
    let file = folder.join("sweep.toml");
    std::fs::write(&file, sweep).expect("the sweep file can be written");
    engram(&["generate", "--workers", &workers.to_string()])
        .arg(file)
        .arg("--to")
        .arg(folder.join("dataset"))
        .output()
        .expect("engram can be started")
}
