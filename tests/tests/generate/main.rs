//! `engram generate` as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod array_jobs;
mod changing;
mod choosing;
#[cfg(unix)]
mod dying;
#[cfg(target_os = "linux")]
mod stopping;
mod together;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use engram_tests::commands::{SMALL_SWEEP, command, engram, generate};

/// Writes a sweep file into `folder`.
fn sweep_file(folder: &Path, sweep: &str) -> PathBuf {
    let file = folder.join("sweep.toml");
    std::fs::write(&file, sweep).unwrap();
    file
}

/// A trainer in the shell's language that runs `at_run` for every run, whose name is then in `$id`. It can `finish`.
#[cfg(unix)]
fn fake_trainer(folder: &Path, at_run: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("fake-trainer");
    let script = format!(
        r#"#!/bin/sh
echo "$*" > {folder}/arguments
finish() {{ printf '{{"event":"finished","run_id":"%s","status":"trained","validation_accuracy":null,"elapsed_seconds":1.0}}\n' "$id"; }}
echo '{{"event":"ready","device":"cpu"}}'
while read -r run; do
  id=${{run#*\"run_id\":\"}}
  id=${{id%%\"*}}
  echo "$id" >> {folder}/given
  {at_run}
done
"#,
        folder = folder.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below `folder` with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_sweep_is_trained_once_and_equal_at_any_worker_count() {
    let [first, second] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let output = generate(SMALL_SWEEP, first.path(), 1);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains(
        "small: 2 networks, 8 layer trajectories; 0 networks are there, 2 are to be trained"
    ));
    assert!(
        stderr(&output).contains("[2/2] trained digits knet4 feedback_alignment batch 128"),
        "{}",
        stderr(&output)
    );

    let trajectories = first.path().join("dataset/trajectories");
    let once = files(&trajectories);
    assert_eq!(once.len(), 2);
    assert!(
        once.keys()
            .all(|name| name.starts_with("task=digits/architecture=knet4/")
                && name.ends_with(".parquet"))
    );
    assert_eq!(
        files(&first.path().join("dataset/logs")).len(),
        3,
        "one log a run, and the plan"
    );

    // What is there is not trained again; what is missing is, to the same bytes.
    let lost = trajectories.join(once.keys().next().unwrap());
    std::fs::remove_file(&lost).unwrap();
    let output = generate(SMALL_SWEEP, first.path(), 1);
    assert!(
        stderr(&output).contains("1 networks are there, 1 are to be trained"),
        "{}",
        stderr(&output)
    );
    assert_eq!(files(&trajectories), once);
    let output = generate(SMALL_SWEEP, first.path(), 1);
    assert!(output.status.success() && stderr(&output).contains("0 are to be trained"));

    assert!(generate(SMALL_SWEEP, second.path(), 2).status.success());
    assert_eq!(files(&second.path().join("dataset/trajectories")), once);
}

#[test]
fn a_diverged_network_is_kept_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = SMALL_SWEEP.replace("sgdm = 0.2", "sgdm = 1e30");
    let output = generate(&sweep, folder.path(), 2);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("1 trained, 1 diverged and kept up to there"),
        "{}",
        stderr(&output)
    );
    let output = engram(&["sql", "--format", "csv", "--at"])
        .arg(folder.path().join("dataset"))
        .arg("SELECT learning_rule, status, n_checkpoints FROM runs ORDER BY 1")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "learning_rule,status,n_checkpoints\nfeedback_alignment,trained,2\nsgdm,diverged,1\n"
    );
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |sweep: &str, to: &str, wanted: &[&str]| {
        let file = folder.path().join("sweep.toml");
        std::fs::write(&file, sweep).unwrap();
        let output = engram(&["generate"])
            .arg(&file)
            .arg("--to")
            .arg(folder.path().join(to))
            .output()
            .unwrap();
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        for part in wanted {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
        assert!(!folder.path().join(to).join("logs").exists());
    };
    refused(
        &SMALL_SWEEP.replace("epochs =", "epoch ="),
        "a",
        &["line 3, column 1", "did you mean `epochs`?"],
    );
    refused(
        &SMALL_SWEEP.replace("\"knet4\"", "\"knet44\""),
        "a",
        &["unknown architecture `knet44`; did you mean `knet4`?"],
    );
    refused(
        &SMALL_SWEEP.replace("[128]", "[5000]"),
        "a",
        &[
            "batch size 5000 is above the 1438 training examples",
            "hint: choose `batch_sizes` of at most 1438",
        ],
    );
    refused(
        &SMALL_SWEEP.replace("\"digits\"", "\"cifar10\""),
        "a",
        &[
            "the examples of task `cifar10` lie in files, and nothing says where",
            "hint: name the place with --data cifar10=PATH",
        ],
    );
    refused(
        SMALL_SWEEP,
        "not/there",
        &[
            "is no folder, so the dataset cannot be made in it",
            "hint: ",
            "mkdir -p",
        ],
    );
    // A file where a folder should be cannot be written into, whoever asks.
    std::fs::write(folder.path().join("file"), "").unwrap();
    refused(
        SMALL_SWEEP,
        "file/dataset",
        &["is no folder, so the dataset cannot be made in it"],
    );
    refused(
        SMALL_SWEEP,
        "file",
        &["is a file, and a dataset is a folder"],
    );
}

#[test]
fn a_trainer_that_is_not_there_is_said_with_how_to_build_it() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    std::fs::write(&sweep, SMALL_SWEEP).unwrap();
    let nowhere = folder.path().join("no-trainer");
    let output = engram(&["generate"])
        .arg(&sweep)
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .env("ENGRAM_TRAINER", &nowhere)
        .output()
        .unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(&format!(
            "error: the trainer is not at {}",
            nowhere.display()
        )),
        "{text}"
    );
    assert!(text.contains("hint: build it with `make build`"), "{text}");
    assert!(!folder.path().join("dataset").exists());
}

#[test]
fn images_are_resized_when_the_task_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let resized = SMALL_SWEEP.replace(
        "{ name = \"digits\" }",
        "{ name = \"digits\", image_size = 16 }",
    );
    let output = generate(&resized, folder.path(), 2);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = engram(&["sql", "--format", "csv", "--at"])
        .arg(folder.path().join("dataset"))
        .arg("SELECT DISTINCT layer, n_units FROM layers ORDER BY layer")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "layer,n_units\nconv1,8192\nconv2,2048\nconv3,1024\nfc4,10\n"
    );
}

/// A folder that nobody may make, not even root.
#[cfg(target_os = "linux")]
#[test]
fn an_unwritable_place_is_said_before_anything_trains() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    std::fs::write(&sweep, SMALL_SWEEP).unwrap();
    let output = engram(&["generate", "--to", "/proc/engram-test"])
        .arg(&sweep)
        .output()
        .unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("error: cannot write to file:///proc/engram-test/\n  cause: "),
        "{text}"
    );
    assert!(
        text.contains("hint: choose a place that you may write to"),
        "{text}"
    );
    assert!(!text.contains("[1/2]"), "{text}");
}

#[test]
fn only_the_trainer_is_linked_to_libtorch() {
    let names_libtorch = |name: &str| {
        let bytes = std::fs::read(command(name)).unwrap();
        bytes.windows(15).any(|window| window == b"libtorch_cpu.so")
    };
    assert!(names_libtorch("engram-trainer"));
    assert!(!names_libtorch("engram"));
}
