//! Processes that are killed at random moments.
//!
//! `resume.rs` kills a trainer while it trains and stores checkpoints; here it is what others see that counts, while files
//! are put, on a disk and in a store.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use engram_schemas::randomness;
use engram_tests::commands::engram;
use rand::RngExt;

use super::{Calm, stderr};

/// How often everything is killed; many times more at night.
fn n_rounds() -> usize {
    match std::env::var_os("ENGRAM_NIGHTLY") {
        Some(_) => 100,
        None => 10,
    }
}

/// The trainers that a command has started.
fn trainers(command: u32) -> Vec<String> {
    let children = format!("/proc/{command}/task/{command}/children");
    // Other threads start trainers too.
    let folder = format!("/proc/{command}/task");
    let threads = std::fs::read_dir(folder).into_iter().flatten().flatten();
    threads
        .map(|thread| thread.path().join("children"))
        .chain([children.into()])
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .flat_map(|ids| {
            ids.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn kill(process_id: &str) {
    // Whoever is gone meanwhile needs no killing.
    let _ = Command::new("kill")
        .args(["-9", process_id])
        .stderr(Stdio::null())
        .status();
}

#[test]
fn workers_killed_at_any_moment_leave_no_partial_run() {
    let calm = Calm::shared();
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("dataset");
    let start = || -> Child {
        engram(&["generate", "--workers", "2", "--checkpoint-seconds", "0"])
            .arg(calm.sweep())
            .arg("--to")
            .arg(&dataset)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut moments = randomness::generator("kill moments", 1, 0);
    let mut n_seen = 0;
    for round in 0..n_rounds() {
        let mut command = start();
        thread::sleep(Duration::from_millis(moments.random_range(600..1600)));
        let trainers = trainers(command.id());
        // In turn the workers alone, of which the command then starts others, and all at once, as a machine is lost.
        if round % 2 == 0 {
            trainers.iter().for_each(|id| kill(id));
            calm.assert_whole(&dataset);
            thread::sleep(Duration::from_millis(moments.random_range(0..600)));
        }
        let last = self::trainers(command.id());
        command.kill().unwrap();
        last.iter().for_each(|id| kill(id));
        command.wait().unwrap();
        let n_now = calm.assert_whole(&dataset);
        assert!(n_now >= n_seen, "what is there stays");
        n_seen = n_now;
    }
    let output = engram(&["generate", "--workers", "2"])
        .arg(calm.sweep())
        .arg("--to")
        .arg(&dataset)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(calm.assert_whole(&dataset), 64);
}
