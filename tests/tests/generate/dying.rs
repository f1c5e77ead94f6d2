//! Trainers that die.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use engram_tests::commands::{SMALL_SWEEP, engram, generate};
use serde_json::Value;

use super::{fake_trainer, files, stderr, sweep_file};

/// What `engram generate` says with a trainer that does `at_run`, its exit code, and the runs that were given.
fn with_trainer(at_run: &str, n_workers: usize) -> (tempfile::TempDir, String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let output = engram(&["generate", "--workers", &n_workers.to_string()])
        .arg(sweep_file(folder.path(), SMALL_SWEEP))
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .env("ENGRAM_TRAINER", fake_trainer(folder.path(), at_run))
        .output()
        .unwrap();
    (folder, stderr(&output), output.status.code())
}

#[test]
fn a_killed_trainer_is_told_in_words_and_its_run_tried_once_more() {
    let (folder, text, code) = with_trainer("kill -9 $$", 1);
    assert_eq!(code, Some(2), "{text}");
    let killed = "the trainer was killed by signal 9 (SIGKILL), often the out-of-memory killer";
    for run in ["sgdm", "feedback_alignment"] {
        let run = format!("digits knet4 {run} batch 128 model seed 0 dataset seed 0");
        let lost = format!("lost {run}: {killed}; it is tried once more at the end\n");
        let failed = format!("failed {run}: {killed}\n");
        assert_eq!(text.matches(&lost).count(), 1, "{text}");
        assert_eq!(text.matches(&failed).count(), 1, "{text}");
    }
    assert!(text.contains("0 trained, 2 failed"), "{text}");
    assert!(
        text.contains("error: 2 networks could not be trained\nhint: "),
        "{text}"
    );
    let given = std::fs::read_to_string(folder.path().join("given")).unwrap();
    let given: Vec<&str> = given.lines().collect();
    assert_eq!(given.len(), 4);
    assert_eq!(given[..2], given[2..], "all once, then all once more");

    // The dead leave word too, for `engram status`.
    for id in &given[..2] {
        let log = folder.path().join(format!("dataset/logs/{id}.failed.json"));
        let log: Value = serde_json::from_slice(&std::fs::read(log).unwrap()).unwrap();
        assert_eq!(log["message"], killed);
        assert_eq!(log["run_id"], **id);
    }
}

#[test]
fn a_death_costs_one_run_and_a_second_attempt_may_succeed() {
    // The first trainer dies of its first run and leaves the log of a run at work.
    let (folder, text, code) = with_trainer(
        "if [ ! -e ${0%/*}/dead ]; then touch ${0%/*}/dead ${0%/*}/dataset/logs/$id.running.json; kill -11 $$; fi; finish",
        1,
    );
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("lost ").count(), 1, "{text}");
    assert!(
        text.contains("killed by signal 11 (SIGSEGV), a crash in native code; it is tried"),
        "{text}"
    );
    assert!(text.contains("2 trained in"), "{text}");
    let left: Vec<String> = files(&folder.path().join("dataset/logs"))
        .into_keys()
        .collect();
    assert!(
        !left.iter().any(|name| name.contains(".running.")),
        "{left:?}"
    );
}

#[test]
fn last_words_are_passed_on() {
    let (_folder, text, code) = with_trainer(
        "echo 'no more memory' >&2; echo 'at layer conv2' >&2; exit 9",
        2,
    );
    assert_eq!(code, Some(2), "{text}");
    let wanted = "the trainer ended with exit code 9: no more memory\n  at layer conv2";
    assert_eq!(text.matches(wanted).count(), 4, "{text}");
}

#[test]
fn noise_on_the_trainers_streams_stops_nothing() {
    // More than a pipe holds, on both streams.
    let (_folder, text, code) = with_trainer(
        "i=0; while [ $i -lt 3000 ]; do echo 'a library greets the world, at some length'; \
         echo 'and warns of something or other' >&2; i=$((i+1)); done; finish",
        1,
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("2 trained in"), "{text}");
}

#[test]
fn a_trainer_of_another_version_is_told() {
    let (_folder, text, code) = with_trainer("echo '{\"event\":\"sung\"}'", 1);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("the trainer and this command are not of one version: "),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_trainer_killed_at_work_changes_nothing_in_the_data() {
    use super::stopping::{children, send, wait_until};
    let sweep = SMALL_SWEEP
        .replace("epochs = 1\n", "epochs = 18\n")
        .replace("every = 1\n", "every = 9\n");
    let [undisturbed, folder] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert!(generate(&sweep, undisturbed.path(), 1).status.success());
    let mut child = engram(&["generate", "--workers", "1"])
        .arg(sweep_file(folder.path(), &sweep))
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let logs = folder.path().join("dataset/logs");
    wait_until("a run is at work", || {
        let entries = std::fs::read_dir(&logs).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .any(|name| name.contains(".running."))
    });
    std::thread::sleep(std::time::Duration::from_millis(200));
    send("KILL", &children(child.id())[0]);
    let lines: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("often the out-of-memory killer")),
        "{lines:?}"
    );
    let trajectories = |folder: &std::path::Path| files(&folder.join("dataset/trajectories"));
    assert_eq!(
        trajectories(folder.path()),
        trajectories(undisturbed.path())
    );
}
