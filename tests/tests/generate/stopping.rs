//! Signals to `engram generate`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use engram_tests::commands::{SMALL_SWEEP, engram};

use super::{fake_trainer, files, sweep_file};

/// The processes whose parent is `parent`.
pub(super) fn children(parent: u32) -> Vec<String> {
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

pub(super) fn send(signal: &str, process_id: &str) {
    let kill = format!("kill -{signal} {process_id}");
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
}

/// Waits for what must come within a minute.
pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is on standard error until its end, and the exit code.
fn rest(mut child: Child) -> (Vec<String>, Option<i32>) {
    let errors = BufReader::new(child.stderr.take().unwrap());
    let lines = errors.lines().map_while(Result::ok).collect();
    (lines, child.wait().unwrap().code())
}

#[test]
fn a_signal_leaves_no_partial_file_and_ends_as_preempted() {
    for (signal, name) in [("INT", "Ctrl-C"), ("TERM", "SIGTERM"), ("USR1", "SIGUSR1")] {
        let folder = tempfile::tempdir().unwrap();
        let long = SMALL_SWEEP
            .replace("epochs = 1\n", "epochs = 3000\n")
            .replace("every = 1\n", "every = 3000\n");
        let dataset = folder.path().join("dataset");
        let child = engram(&["generate", "--workers", "2"])
            .arg(sweep_file(folder.path(), &long))
            .arg("--to")
            .arg(&dataset)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The trainers are at work when there is one for each network.
        let trainers = || children(child.id());
        wait_until("two trainers work", || trainers().len() == 2);
        let started = trainers();
        std::thread::sleep(Duration::from_millis(1500));
        send(signal, &child.id().to_string());
        let (lines, code) = rest(child);
        assert_eq!(code, Some(75), "{lines:?}");
        let wanted = [
            format!(
                "{name}: the trainers store checkpoints and leave; a second signal does not wait for them"
            ),
            format!("error: preempted by {name}; 2 networks are missing"),
            "hint: the same command goes on from there".to_owned(),
        ];
        for line in wanted {
            assert!(lines.contains(&line), "`{line}` is not in {lines:?}");
        }
        assert!(!dataset.join("trajectories").exists());
        for id in started {
            assert!(
                !Path::new("/proc").join(&id).exists(),
                "trainer {id} is still there"
            );
        }
    }
}

/// What `engram generate` says, with `trainer` in the trainer's place, when it gets `signal` after a run was given.
fn preempted(folder: &Path, trainer: &Path, signal: &str) -> Vec<String> {
    let child = engram(&["generate", "--workers", "1"])
        .arg(sweep_file(folder, SMALL_SWEEP))
        .arg("--to")
        .arg(folder.join("dataset"))
        .env("ENGRAM_TRAINER", trainer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a run is given", || folder.join("given").exists());
    send(signal, &child.id().to_string());
    let (lines, code) = rest(child);
    assert_eq!(code, Some(75), "{lines:?}");
    lines
}

#[test]
fn a_trainer_is_heard_until_it_has_left() {
    let folder = tempfile::tempdir().unwrap();
    // It completes its run after the end of its input, which it waits for.
    let trainer = fake_trainer(
        folder.path(),
        "echo 'the first words' >&2; cat > /dev/null; finish; echo 'the last words' >&2; exit 0",
    );
    let lines = preempted(folder.path(), &trainer, "USR1");
    for line in [
        "[1/2] trained digits knet4 sgdm batch 128 model seed 0 dataset seed 0, 1.0 s",
        "the first words",
        "the last words",
        "error: preempted by SIGUSR1; 1 networks are missing",
    ] {
        assert!(
            lines.iter().any(|seen| seen == line),
            "`{line}` is not in {lines:?}"
        );
    }
}

#[test]
fn a_trainer_that_cannot_keep_its_checkpoint_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = fake_trainer(
        folder.path(),
        "cat > /dev/null; echo 'error: no space left' >&2; exit 1",
    );
    let lines = preempted(folder.path(), &trainer, "TERM");
    let line = "on leaving, the trainer ended with exit code 1: no space left";
    assert!(lines.iter().any(|seen| seen == line), "{lines:?}");
}

#[test]
fn a_second_signal_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = fake_trainer(folder.path(), "exec sleep 600");
    let child = engram(&["generate", "--workers", "1"])
        .arg(sweep_file(folder.path(), SMALL_SWEEP))
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .env("ENGRAM_TRAINER", trainer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a run is given", || folder.path().join("given").exists());
    let started = children(child.id());
    assert_eq!(started.len(), 1);
    let id = child.id().to_string();
    send("TERM", &id);
    // Twice at once, as a scheduler and a job's script send it, is one request.
    std::thread::sleep(Duration::from_millis(300));
    send("TERM", &id);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(children(child.id()), started, "the first signal waits");
    let second = Instant::now();
    send("TERM", &id);
    let (lines, code) = rest(child);
    assert!(second.elapsed() < Duration::from_secs(20));
    assert_eq!(code, Some(75), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("error: left at once by a second signal (SIGTERM)")),
        "{lines:?}"
    );
    // A killed process may be waiting to be collected by the system.
    wait_until("the trainer is gone", || {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", started[0])).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    });
    assert!(
        files(&folder.path().join("dataset"))
            .keys()
            .all(|name| name.starts_with("logs/"))
    );
}
