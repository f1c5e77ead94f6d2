//! `engram status` as a user runs it, on datasets whose files are made here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use engram_tests::commands::{SMALL_SWEEP, engram};
use serde_json::Value;

/// A dataset of the small sweep with seven runs a rule, none of which is there yet.
struct Sweep {
    folder: tempfile::TempDir,
    /// Names in the plan's order: sgdm, then feedback alignment.
    ids: Vec<String>,
}

impl Sweep {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sweep = SMALL_SWEEP.replace("model_seeds = [0]", "model_seeds = [0, 1, 2, 3, 4, 5, 6]");
        std::fs::write(folder.path().join("sweep.toml"), sweep).unwrap();
        let plan = engram(&["plan", "--format", "json"])
            .arg(folder.path().join("sweep.toml"))
            .output()
            .unwrap();
        let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
        let runs = plan["runs"].as_array().unwrap();
        let ids = runs
            .iter()
            .map(|run| run["run_id"].as_str().unwrap().to_owned())
            .collect();
        Self { folder, ids }
    }

    fn dataset(&self) -> PathBuf {
        self.folder.path().join("dataset")
    }

    fn write(&self, path: &str, text: &str, age: Duration) {
        let path = self.dataset().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    fn log(&self, run: usize, state: &str, text: &str, age_seconds: u64) {
        let path = format!("logs/{}.{state}.json", self.ids[run]);
        self.write(&path, text, Duration::from_secs(age_seconds));
    }

    fn store(&self, run: usize) {
        let path = format!(
            "trajectories/task=digits/architecture=knet4/{}.parquet",
            self.ids[run]
        );
        // Its content is nobody's business here.
        self.write(&path, "", Duration::ZERO);
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = engram(&["status"]);
        command
            .arg(self.folder.path().join("sweep.toml"))
            .arg("--at")
            .arg(self.dataset())
            .args(arguments);
        command
    }

    fn status(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn text(&self, arguments: &[&str]) -> String {
        let output = self.status(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

/// One run of each standing among the first seven; the others are missing but one, which is done.
fn mixed() -> Sweep {
    let sweep = Sweep::new();
    sweep.store(0);
    sweep.log(0, "trained", "{}", 900);
    sweep.store(1);
    sweep.log(1, "diverged", "{}", 900);
    sweep.log(
        2,
        "failed",
        r#"{"message": "the trainer was killed by signal 9"}"#,
        900,
    );
    sweep.log(3, "running", "{}", 30);
    sweep.log(4, "running", "{}", 200);
    // Failed once, and tried again since.
    sweep.log(5, "failed", r#"{"message": "once"}"#, 900);
    sweep.log(5, "running", "{}", 5);
    sweep.store(7);
    sweep.write("logs/small.sweep.json", "{}", Duration::ZERO);
    sweep
}

#[test]
fn runs_are_counted_by_where_they_stand() {
    let sweep = mixed();
    let text = sweep.text(&[]);
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(
        rows[0],
        [
            "task",
            "architecture",
            "learning_rule",
            "planned",
            "done",
            "diverged",
            "failed",
            "in flight",
            "missing"
        ]
    );
    assert_eq!(
        rows[2],
        ["digits", "knet4", "sgdm", "7", "1", "1", "1", "2", "2"]
    );
    assert_eq!(
        rows[3],
        [
            "digits",
            "knet4",
            "feedback_alignment",
            "7",
            "1",
            "0",
            "0",
            "0",
            "6"
        ]
    );
    let total = "small: of 14 networks 2 done, 1 diverged, 1 failed, 2 in flight, 8 missing (1 of them lost)\nat file://";
    assert!(text.contains(total), "{text}");
    let failed = format!(
        "\nfailed:\n  {}  digits knet4 sgdm batch 128 model seed 2 dataset seed 0: the trainer was killed by signal 9\n",
        sweep.ids[2]
    );
    assert!(text.contains(&failed), "{text}");
    let lost = format!(
        "\n  {}  digits knet4 sgdm batch 128 model seed 4 dataset seed 0\n",
        sweep.ids[4]
    );
    assert!(
        text.contains("\nlost: no word for 2 minutes or more. They count as missing;")
            && text.contains(&lost),
        "{text}"
    );
}

#[test]
fn the_same_as_json() {
    let sweep = mixed();
    let json: Value = serde_json::from_str(&sweep.text(&["--format", "json"])).unwrap();
    let count = |key: &str| json[key].as_u64().unwrap();
    assert_eq!(
        [
            "planned",
            "done",
            "diverged",
            "failed",
            "in_flight",
            "missing",
            "lost"
        ]
        .map(count),
        [14, 2, 1, 1, 2, 8, 1]
    );
    assert_eq!(json["kinds"][1]["learning_rule"], "feedback_alignment");
    assert_eq!(json["kinds"][1]["missing"], 6);
    assert_eq!(
        json["failures"][0]["message"],
        "the trainer was killed by signal 9"
    );
    assert_eq!(json["lost_runs"][0]["run_id"], *sweep.ids[4]);
}

#[test]
fn only_so_many_reasons_are_read() {
    let sweep = Sweep::new();
    sweep.log(0, "failed", r#"{"message": "no such file"}"#, 9);
    sweep.log(1, "failed", "{ cut in the mid", 9);
    sweep.log(2, "failed", "{}", 9);
    let text = sweep.text(&["--reasons", "2"]);
    assert!(
        text.contains("seed 0 dataset seed 0: no such file\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("{}.failed.json gives no reason\n", sweep.ids[1])),
        "{text}"
    );
    assert!(
        text.contains("  and 1 more (--reasons N shows more)\n"),
        "{text}"
    );
    assert!(!text.contains(&sweep.ids[2]), "{text}");
}

#[test]
fn a_dataset_that_is_not_begun_has_everything_missing_and_that_is_said() {
    let sweep = Sweep::new();
    let output = sweep.status(&[]);
    let (text, note) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(text.contains("0 in flight, 14 missing\n"), "{text}");
    assert_eq!(
        note,
        format!(
            "note: there is no folder {} yet\n",
            sweep.dataset().display()
        )
    );
}

#[test]
fn watching_elsewhere_than_on_a_terminal_prints_changes_and_ends_when_all_is_there() {
    let sweep = Sweep::new();
    sweep.log(0, "running", "{}", 5);
    let mut child = sweep
        .command(&["--watch", "--interval", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert_eq!(
        lines.next().unwrap(),
        "small: of 14 networks 0 done, 0 diverged, 0 failed, 1 in flight, 13 missing"
    );
    // Longer than a look: nothing changes, so nothing is printed.
    std::thread::sleep(Duration::from_millis(2500));
    (0..14).rev().for_each(|run| sweep.store(run));
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().all(|line| !line.contains('\x1b')));
    assert!(rest.iter().any(|line| line
        == "small: of 14 networks 14 done, 0 diverged, 0 failed, 0 in flight, 0 missing"));
    assert!(
        rest.iter()
            .filter(|line| line.starts_with("small: "))
            .count()
            <= 4,
        "{rest:?}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn watching_ends_with_a_code_of_its_own_when_only_failures_are_left() {
    let sweep = Sweep::new();
    (1..14).for_each(|run| sweep.store(run));
    sweep.log(0, "failed", r#"{"message": "no such file"}"#, 9);
    let output = sweep.status(&["--watch", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.starts_with("error: 1 of 14 networks have failed\nhint: "),
        "{errors}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1);
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["failed"], 1);
}

#[test]
fn a_place_that_cannot_be_used_is_refused() {
    let sweep = Sweep::new();
    let output = engram(&["status", "--at", "ftp://host/data"])
        .arg(sweep.folder.path().join("sweep.toml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let missing = engram(&["status", "--at", "x"])
        .arg(Path::new("no-sweep.toml"))
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&missing.stderr)
            .contains("cannot read the sweep file no-sweep.toml")
    );
}
