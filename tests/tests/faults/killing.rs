//! Processes that are killed at random moments.
//!
//! `resume.rs` kills a trainer while it trains and stores checkpoints; here it is what others see that counts, while files
//! are put, on a disk and in a store.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use engram_schemas::randomness;
use engram_tests::emulators::{Moto, Place};
use rand::RngExt;

use super::requests::below;
use super::{Calm, stderr, trajectories};

/// How many sweeps are trained so; many times more at night.
fn n_sweeps() -> u64 {
    match std::env::var_os("ENGRAM_NIGHTLY") {
        Some(_) => 10,
        None => 1,
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

/// Kills what trains into a place again and again, and lets it end. `count` checks that every run that can be seen is whole,
/// and says how many there are.
fn kill_at_random_moments(place: &Place, seed: u64, n_rounds: usize, count: impl Fn() -> usize) {
    let calm = Calm::shared();
    let generate = || {
        let mut command = place.engram(&["generate", "--workers", "2", "--to", &place.url]);
        command.arg(calm.sweep());
        command
    };
    let mut moments = randomness::generator("kill moments", seed, 0);
    let (mut n_seen, mut n_killed) = (0, 0);
    let mut earliest = 600;
    for round in 0..n_rounds {
        let mut command: Child = generate().stderr(Stdio::null()).spawn().unwrap();
        let moment = moments.random_range(earliest..earliest + 1000);
        thread::sleep(Duration::from_millis(moment));
        // In turn the workers alone, of which the command then starts others, and all at once, as a machine is lost.
        if round % 2 == 0 {
            trainers(command.id()).iter().for_each(|id| kill(id));
            count();
            thread::sleep(Duration::from_millis(moments.random_range(0..600)));
        }
        let last = trainers(command.id());
        n_killed += last.len();
        command.kill().unwrap();
        last.iter().for_each(|id| kill(id));
        command.wait().unwrap();
        let n_now = count();
        assert!(n_now >= n_seen, "what is there stays");
        if n_now == n_seen {
            // This machine has much else to do, and was killed before it came to anything.
            earliest += 600;
        }
        n_seen = n_now;
    }
    assert!(n_killed > n_rounds / 2, "{n_killed} trainers were killed");
    assert!(n_seen > 0, "no run was ever there");
    let output = generate().output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(count(), 64);
}

#[test]
fn workers_killed_at_any_moment_leave_no_partial_run_on_a_disk() {
    let calm = Calm::shared();
    for seed in 0..n_sweeps() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = folder.path().join("dataset");
        let place = Place {
            url: dataset.display().to_string(),
            environment: Vec::new(),
        };
        kill_at_random_moments(&place, seed, 10, || {
            calm.assert_whole(&trajectories(&dataset))
        });
    }
}

#[test]
fn workers_killed_at_any_moment_leave_no_partial_run_in_a_store() {
    let Some(moto) = Moto::shared() else { return };
    let calm = Calm::shared();
    for seed in 0..n_sweeps() {
        let place = moto.place(&format!("killed-{seed}"));
        kill_at_random_moments(&place, seed, 5, || {
            calm.assert_whole(&below(&place, "trajectories"))
        });
    }
}
