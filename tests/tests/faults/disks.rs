//! Disks that take no more, or nothing at all. What a place refuses, whoever asks, is told before anything trains.

use std::path::Path;
use std::process::{Command, Output};

use engram_tests::commands::{SMALL_SWEEP, command, engram};

use super::{Calm, stderr, trajectories};

/// `engram generate` under a shell that has set a limit on the size of files, in blocks of 512 bytes.
fn generate_with_files_of_at_most(blocks: u32, folder: &Path) -> Output {
    let sweep = folder.join("sweep.toml");
    std::fs::write(&sweep, SMALL_SWEEP).unwrap();
    // dash counts in such blocks, and so does bash when it is asked to be a POSIX shell.
    let script = format!("ulimit -f {blocks}; exec \"$@\"");
    Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(command("engram"))
        .args(["generate", "--workers", "1"])
        .arg(sweep)
        .arg("--to")
        .arg(folder.join("dataset"))
        .output()
        .unwrap()
}

#[test]
fn a_disk_that_fills_up_fails_the_run_and_leaves_nothing_partial() {
    let folder = tempfile::tempdir().unwrap();
    // Room for plan and logs, and not for a run's trajectories.
    let output = generate_with_files_of_at_most(24, folder.path());
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("failed digits knet4 sgdm"), "{text}");
    assert!(text.contains(": cannot write /"), "{text}");
    assert!(text.contains("File too large"), "{text}");
    assert!(
        text.contains("(raise the limit on the size of files (ulimit -f); what is there is whole"),
        "{text}"
    );
    assert!(
        text.contains("error: 2 networks could not be trained\nhint: "),
        "{text}"
    );
    let dataset = folder.path().join("dataset");
    assert!(trajectories(&dataset).is_empty());

    // With room the same command goes on.
    let output = engram(&["generate", "--workers", "1"])
        .arg(folder.path().join("sweep.toml"))
        .arg("--to")
        .arg(&dataset)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(trajectories(&dataset).len(), 2);
}

#[test]
fn a_disk_without_room_for_the_plan_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let output = generate_with_files_of_at_most(1, folder.path());
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error: cannot write to file:///"), "{text}");
    assert!(text.contains("File too large"), "{text}");
    assert!(
        text.contains("hint: raise the limit on the size of files"),
        "{text}"
    );
    assert!(!text.contains("[1/2]"), "{text}");
}

/// A release that finds no room is none, and is finished when there is some.
#[test]
fn a_disk_that_fills_up_leaves_no_release() {
    let calm = Calm::shared();
    let folder = tempfile::tempdir().unwrap();
    let publish = |blocks: &str| {
        let script = format!("ulimit -f {blocks}; exec \"$@\"");
        Command::new("sh")
            .args(["-c", &script, "sh"])
            .arg(command("engram"))
            .args(["publish", "--version", "1.0.0", "--from"])
            .arg(calm.folder.path().join("dataset"))
            .arg("--to")
            .arg(folder.path())
            .output()
            .unwrap()
    };
    // Room for the claim, and not for a part.
    let output = publish("24");
    let text = stderr(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("error: cannot write "), "{text}");
    assert!(text.contains("File too large"), "{text}");
    assert!(
        text.contains("hint: raise the limit on the size of files"),
        "{text}"
    );
    assert!(!folder.path().join("manifest.json").exists());
    let output = publish("unlimited");
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(folder.path().join("manifest.json").exists());
}

/// Permissions do not bind root: what nobody may write to is below a file, or where the system has only its own files.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_no_results_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    std::fs::write(&sweep, SMALL_SWEEP).unwrap();
    for (place, wanted) in [
        (
            "/proc/self/fdinfo/dataset",
            "error: cannot write to file:///proc/self/fdinfo/dataset/\n  cause: ",
        ),
        (
            "/sys/engram",
            "error: cannot write to file:///sys/engram/\n  cause: ",
        ),
    ] {
        let output = engram(&["generate", "--to", place])
            .arg(&sweep)
            .output()
            .unwrap();
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(wanted) && text.contains("\nhint: "), "{text}");
        assert!(!text.contains("[1/2]"), "{text}");
    }
}
