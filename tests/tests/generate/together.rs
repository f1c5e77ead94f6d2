//! Several commands on one sweep.

use std::process::{Child, Stdio};

use engram_tests::commands::{SMALL_SWEEP, engram, generate};

use super::{files, sweep_file};

const FOUR: (&str, &str) = ("model_seeds = [0]", "model_seeds = [0, 1]");

fn spawn(folder: &std::path::Path, arguments: &[&str]) -> Child {
    engram(&["generate", "--workers", "1"])
        .arg(folder.join("sweep.toml"))
        .arg("--to")
        .arg(folder.join("dataset"))
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn two_commands_on_the_same_runs_end_in_the_right_files() {
    let sweep = SMALL_SWEEP.replace(FOUR.0, FOUR.1);
    let [alone, folder] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    assert!(generate(&sweep, alone.path(), 2).status.success());
    sweep_file(folder.path(), &sweep);
    let both = [spawn(folder.path(), &[]), spawn(folder.path(), &[])];
    let mut n_trained = 0;
    for child in both {
        let output = child.wait_with_output().unwrap();
        let text = super::stderr(&output);
        assert!(output.status.success(), "{text}");
        // What the other has trained meanwhile is not trained again.
        n_trained += text.matches("] trained digits").count();
        let seen = text.matches("] trained digits").count()
            + text.matches("] another process has trained digits").count();
        let there: usize = text
            .split("layer trajectories; ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap();
        assert_eq!(seen + there, 4, "{text}");
    }
    assert!((4..=8).contains(&n_trained), "{n_trained}");
    let trajectories = |folder: &std::path::Path| files(&folder.join("dataset/trajectories"));
    assert_eq!(trajectories(folder.path()), trajectories(alone.path()));
    let logs: Vec<String> = files(&folder.path().join("dataset/logs"))
        .into_keys()
        .collect();
    assert_eq!(logs.len(), 5, "{logs:?}");
}

#[test]
fn shares_of_a_sweep_make_the_whole() {
    let sweep = SMALL_SWEEP.replace(FOUR.0, FOUR.1);
    let folder = tempfile::tempdir().unwrap();
    sweep_file(folder.path(), &sweep);
    let both = [
        spawn(folder.path(), &["--shard", "1/2"]),
        spawn(folder.path(), &["--shard", "2/2"]),
    ];
    for child in both {
        let output = child.wait_with_output().unwrap();
        let text = super::stderr(&output);
        assert!(output.status.success(), "{text}");
        assert!(
            text.contains("; of the 2 chosen 0 networks are there, 2 are to be trained"),
            "{text}"
        );
    }
    assert_eq!(files(&folder.path().join("dataset/trajectories")).len(), 4);
}
