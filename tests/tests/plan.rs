//! `engram plan` as a user runs it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use engram_tests::commands::{SMALL_SWEEP, engram, generate};
use serde_json::Value;

fn paper() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sweeps/paper.toml")
}

/// Standard output of `engram plan SWEEP` with arguments.
fn plan(sweep: &Path, arguments: &[&str]) -> String {
    let output = engram(&["plan"])
        .arg(sweep)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_study_is_listed_in_every_form() {
    let table = plan(&paper(), &[]);
    let lines: Vec<&str> = table.lines().collect();
    let head: Vec<&str> = lines[0].split('|').map(str::trim).collect();
    assert_eq!(
        head,
        [
            "index",
            "run_id",
            "task",
            "architecture",
            "learning_rule",
            "batch_size",
            "model_seed",
            "dataset_seed",
            "learning_rate",
            "alignment_learning_rate",
            "n_layers"
        ]
    );
    assert_eq!(
        lines.last(),
        Some(&"paper: 1056 networks, 20736 layer trajectories")
    );
    let first: Vec<&str> = lines[2].split('|').map(str::trim).collect();
    assert_eq!(first[0], "0");
    assert_eq!(
        first[2..8],
        ["imagenet", "alexnet", "sgdm", "128", "0", "0"]
    );
    // Rules, runs, an empty line, the counts with their rules, an empty line, the total.
    assert_eq!(lines.len(), 2 + 1056 + 1 + 2 + 22 * 4 + 1 + 1);

    let csv = plan(&paper(), &["--format", "csv"]);
    assert_eq!(csv.lines().count(), 1057);
    assert_eq!(
        csv.lines().next().unwrap().split(',').collect::<Vec<_>>(),
        head
    );

    let json: Value = serde_json::from_str(&plan(&paper(), &["--format", "json"])).unwrap();
    assert_eq!(
        (json["n_runs"].as_u64(), json["n_layers"].as_u64()),
        (Some(1056), Some(20736))
    );
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1056);
    let last = csv.lines().last().unwrap().split(',').collect::<Vec<_>>();
    let run = runs.last().unwrap();
    assert_eq!(
        (last[0], last[1]),
        ("1055", run["run_id"].as_str().unwrap())
    );
    assert_eq!(last[8].parse::<f64>().ok(), run["learning_rate"].as_f64());
    let counts = json["counts"].as_array().unwrap();
    assert_eq!(counts.len(), 88);
    let sum = |key: &str| {
        counts
            .iter()
            .map(|count| count[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("n_runs"), sum("n_layers")), (1056, 20736));
    assert!(counts.iter().all(|count| count["n_runs"] == 12));
}

#[test]
fn counts_alone_fit_a_page() {
    let table = plan(&paper(), &["--counts"]);
    assert_eq!(table.lines().count(), 2 + 88 + 2);
    let row = table
        .lines()
        .find(|line| line.contains("resnet34v2"))
        .unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    assert_eq!(cells, ["imagenet", "resnet34v2", "sgdm", "12", "456"]);
    let csv = plan(&paper(), &["--counts", "--format", "csv"]);
    assert_eq!(
        csv.lines().next(),
        Some("task,architecture,learning_rule,n_runs,n_layers")
    );
    let json: Value =
        serde_json::from_str(&plan(&paper(), &["--counts", "--format", "json"])).unwrap();
    assert_eq!(json.get("runs"), None);
}

#[test]
fn what_is_missing_is_listed_with_its_place_and_standing() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    let dataset = folder.path().join("dataset");
    std::fs::write(&sweep, SMALL_SWEEP).unwrap();
    let missing = |format: &str| {
        let at = dataset.display().to_string();
        plan(&sweep, &["--missing", "--at", &at, "--format", format])
    };
    assert_eq!(
        missing("csv").lines().count(),
        3,
        "before the dataset is begun"
    );
    assert!(generate(SMALL_SWEEP, folder.path(), 2).status.success());
    assert_eq!(missing("csv").lines().count(), 1);
    assert!(
        missing("table")
            .ends_with("\nsmall: 0 of 2 networks are not there, 0 layer trajectories\n")
    );

    let runs: Value = serde_json::from_str(&plan(&sweep, &["--format", "json"])).unwrap();
    let id = runs["runs"][1]["run_id"].as_str().unwrap();
    std::fs::remove_file(dataset.join(format!(
        "trajectories/task=digits/architecture=knet4/{id}.parquet"
    )))
    .unwrap();
    std::fs::write(dataset.join(format!("logs/{id}.running.json")), "{}").unwrap();
    let csv = missing("csv");
    let row: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    assert_eq!((row[0], row[1], row[11]), ("1", id, "in flight"));
    let json: Value = serde_json::from_str(&missing("json")).unwrap();
    assert_eq!(
        (&json["n_runs"], &json["runs"][0]["standing"]),
        (&1.into(), &"in flight".into())
    );
}

#[test]
fn a_place_is_needed_to_know_what_is_missing() {
    let output = engram(&["plan", "--missing"])
        .arg(paper())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--at <URL>"));
}

#[test]
fn a_hundred_thousand_runs_are_listed_and_a_reader_may_leave_early() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = folder.path().join("sweep.toml");
    let seeds: Vec<u64> = (0..500).collect();
    let large = SMALL_SWEEP
        .replace("model_seeds = [0]", &format!("model_seeds = {seeds:?}"))
        .replace(
            "dataset_seeds = [0]",
            &format!("dataset_seeds = {:?}", &seeds[..100]),
        );
    std::fs::write(&sweep, large).unwrap();
    let started = Instant::now();
    let csv = plan(&sweep, &["--format", "csv"]);
    assert_eq!(csv.lines().count(), 100_001);
    // About 2 seconds on two idle cores, unoptimised.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());

    let mut child = engram(&["plan", "--format", "csv"])
        .arg(&sweep)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("index,run_id,"));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}
