//! `engram generate` as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use engram_tests::commands::{SMALL_SWEEP, command, engram, generate};

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

/// The processes whose parent is `parent`.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap();
    let names = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_child = |name: &String| {
        let stat = std::fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
        // The command's name, which may hold anything, ends with the last parenthesis; state and parent follow.
        let parent_id = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1));
        parent_id == Some(&parent.to_string())
    };
    names.filter(is_child).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_leaves_no_partial_file_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    std::fs::write(
        &sweep,
        SMALL_SWEEP
            .replace("epochs = 1\n", "epochs = 3000\n")
            .replace("every = 1\n", "every = 3000\n"),
    )
    .unwrap();
    let dataset = folder.path().join("dataset");
    let mut child = engram(&["generate", "--workers", "2"])
        .arg(&sweep)
        .arg("--to")
        .arg(&dataset)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.next().unwrap().contains("2 are to be trained"));
    // The trainers are at work when there is one for each network.
    let trainers = || children(child.id());
    while trainers().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let started = trainers();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let interrupt = format!("kill -INT {}", child.id());
    let interrupted = Command::new("sh").args(["-c", &interrupt]).status();
    assert!(interrupted.unwrap().success());
    let last: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(75), "{last:?}");
    assert!(
        last.iter()
            .any(|line| line == "error: stopped; 2 networks are missing"),
        "{last:?}"
    );
    assert_eq!(
        files(&dataset).keys().collect::<Vec<_>>(),
        ["logs/small.sweep.json"]
    );
    for id in started {
        assert!(
            !Path::new("/proc").join(&id).exists(),
            "trainer {id} is still there"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_trainer_that_dies_costs_its_run_and_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let trainer = folder.path().join("dying-trainer");
    std::fs::write(
        &trainer,
        "#!/bin/sh\necho '{\"event\":\"ready\",\"device\":\"cpu\"}'\nread run\necho 'out of memory' >&2\nexit 9\n",
    )
    .unwrap();
    std::fs::set_permissions(&trainer, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(folder.path().join("sweep.toml"), SMALL_SWEEP).unwrap();
    let output = engram(&["generate", "--workers", "1"])
        .arg(folder.path().join("sweep.toml"))
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .env("ENGRAM_TRAINER", &trainer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(
        stderr(&output).matches(": out of memory\n").count(),
        2,
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("error: 2 networks could not be trained"),
        "{}",
        stderr(&output)
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
        &SMALL_SWEEP.replace("\"knet4\"", "\"resnet18\""),
        "a",
        &[
            "can plan but not train architecture `resnet18` on task `digits`",
            "hint: ",
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
