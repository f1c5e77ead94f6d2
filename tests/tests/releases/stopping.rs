//! Publishing that is killed, and publishing by two at once: a place holds no release or a whole one.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};

use engram_schemas::randomness;
use engram_tests::commands::engram;
use engram_tests::synthetic;
use rand::RngExt;

use super::{EPOCHS, files, publish, succeeded, sweep, text, verify};

/// The files that a store has: what a writer on a local disk had not finished has a name that is none (`part.parquet#1`).
fn visible(place: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(place);
    files.retain(|name, _| !name.contains('#'));
    files
}

fn start(folder: &Path, to: &str, more: &[&str]) -> Child {
    engram(&["publish", "--version", "1.0.0", "--from"])
        .arg(folder.join("sweep"))
        .arg("--to")
        .arg(folder.join(to))
        .args(more)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How often to kill: a few times here, many where there is a night for it.
fn n_rounds() -> usize {
    match std::env::var_os("ENGRAM_NIGHTLY").is_some_and(|value| value == "1") {
        true => 100,
        false => 10,
    }
}

#[test]
fn a_publisher_that_is_killed_leaves_no_release_or_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(6, &EPOCHS));
    let began = std::time::Instant::now();
    succeeded(&publish(folder.path(), "undisturbed", &[]));
    let whole_time = began.elapsed();
    let undisturbed = files(&folder.path().join("undisturbed"));
    let mut random = randomness::generator("kills of a publisher", 0, 0);
    for round in 0..n_rounds() {
        let to = format!("killed-{round}");
        let place = folder.path().join(&to);
        for _ in 0..2 {
            let mut publisher = start(folder.path(), &to, &[]);
            std::thread::sleep(whole_time.mul_f64(random.random_range(0.05..1.1)));
            publisher.kill().unwrap();
            publisher.wait().unwrap();
            let there = visible(&place);
            if there.contains_key("manifest.json") {
                let mut there = there;
                // It may not have come to remove what says that it was at work.
                there.remove("publishing.json");
                assert!(there == undisturbed, "a manifest is the last of a release");
            }
        }
        succeeded(&publish(folder.path(), &to, &[]));
        assert!(visible(&place) == undisturbed, "round {round}");
    }
}

#[test]
fn two_publishers_of_one_release_both_succeed_and_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(3, &EPOCHS));
    succeeded(&publish(folder.path(), "alone", &[]));
    let alone = files(&folder.path().join("alone"));
    for round in 0..3 {
        let to = format!("both-{round}");
        let both: Vec<Child> = (0..2).map(|_| start(folder.path(), &to, &[])).collect();
        for publisher in both {
            succeeded(&publisher.wait_with_output().unwrap());
        }
        assert!(files(&folder.path().join(&to)) == alone);

        let to = format!("rivals-{round}");
        let rivals =
            [&[][..], &["--name", "another"][..]].map(|more| start(folder.path(), &to, more));
        let outputs = rivals.map(|publisher| publisher.wait_with_output().unwrap());
        let n_done = outputs
            .iter()
            .filter(|output| output.status.success())
            .count();
        assert_eq!(n_done, 1, "one of two is first");
        for output in outputs.iter().filter(|output| !output.status.success()) {
            let words = text(&output.stderr);
            assert!(
                words.contains("another release is being written")
                    || words.contains("is a release already"),
                "{words}"
            );
        }
        assert_eq!(verify(&folder.path().join(&to)).0, Some(0));
    }
}
