//! From trained networks with recordings to a recording design, a saved model and the diagnosis of a recording.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Output;

use engram_tests::commands::{engram, generate};
use serde_json::Value;
use tempfile::TempDir;

/// Two rules that differ in how far weights move, eight networks.
const SWEEP: &str = r#"
name = "recorded"
epochs = 4
checkpoint_every = 1
learning_rules = ["sgdm", "adam"]
batch_sizes = [64, 128]
model_seeds = [0, 1]
dataset_seeds = [0]

[observation]
n_stimuli = 4
recorded_units = 40

[[networks]]
task = { name = "digits", validation_fraction = 0.7 }
architectures = ["knet4"]
initialization = "fan_in"
learning_rates = { sgdm = 0.2, adam = 0.02 }
"#;

/// A folder with the networks in `dataset`.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(generate(SWEEP, folder.path(), 2).status.success());
    folder
}

fn run(arguments: &[&str], folder: &Path) -> (Output, String, String) {
    let output = engram(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

#[test]
fn a_design_is_tested_and_its_model_names_the_rule_of_a_recording() {
    let folder = trained();
    let folder = folder.path();
    let design = [
        "design",
        "--at",
        "dataset",
        "--measure",
        "weight",
        "--units",
        "30",
        "--noise",
        "0.001",
        "--sessions",
        "3",
        "--every",
        "2",
        "--splits",
        "4",
    ];

    let (output, stdout, stderr) = run(&[&design[..], &["--save", "model.json"]].concat(), folder);
    assert!(output.status.success(), "{stderr}");
    let row = stdout
        .lines()
        .find(|line| line.trim().starts_with("weight"));
    let row: Vec<&str> = row.unwrap().split_whitespace().collect();
    assert_eq!(row[..5], ["weight", "30", "0.001", "3", "2"], "{stdout}");
    // Asked again, nothing is tested again.
    let n_results = || {
        std::fs::read_dir(folder.join("dataset/results"))
            .unwrap()
            .count()
    };
    let before = n_results();
    let (_, again, _) = run(&design, folder);
    assert_eq!((again, n_results()), (stdout, before));

    // The weights that were recorded of one layer, as an experimenter has them: a row a unit, a column a session.
    let sql = "SELECT a.run_id || a.layer AS recording, a.depth, 'weight' AS measure,
            unnest(a.\"values\"[1:30]) AS first, unnest(b.\"values\"[1:30]) AS second,
            unnest(c.\"values\"[1:30]) AS third
        FROM recordings a
        JOIN recordings b ON a.run_id = b.run_id AND a.layer = b.layer AND b.measure = 'weight' AND b.epoch = 2
        JOIN recordings c ON a.run_id = c.run_id AND a.layer = c.layer AND c.measure = 'weight' AND c.epoch = 4
        WHERE a.measure = 'weight' AND a.epoch = 0 AND a.learning_rule = 'adam'";
    for format in ["csv", "parquet", "arrow"] {
        let file = format!("recording.{format}");
        let arguments = ["sql", "--at", "dataset", "--output", &file, sql];
        let (output, _, stderr) = run(&arguments, folder);
        assert!(output.status.success(), "{stderr}");
        let arguments = [
            "diagnose",
            &file,
            "--model",
            "model.json",
            "--format",
            "json",
        ];
        let (output, stdout, stderr) = run(&arguments, folder);
        assert!(output.status.success(), "{stderr}");
        let answer: Value = serde_json::from_str(&stdout).unwrap();
        let diagnoses = answer["diagnoses"].as_array().unwrap();
        assert_eq!(diagnoses.len(), 4 * 4, "four networks of four layers");
        let right = diagnoses.iter().filter(|diagnosis| {
            answer["classes"][diagnosis["named"].as_u64().unwrap() as usize] == "adam"
        });
        let right = right.count();
        assert!(right >= 13, "{right} of 16 in {format}");
        let unlike = diagnoses
            .iter()
            .filter(|diagnosis| diagnosis["likeness"]["farther_than"].as_f64().unwrap() >= 0.99);
        assert!(unlike.count() <= 1);
    }

    let far = "measure,a,b,c\nweight,900,1000,1100\nweight,-800,-700,-600\nweight,100,90,80\nweight,70,-60,50\n";
    std::fs::write(folder.join("far.csv"), far).unwrap();
    let (_, stdout, stderr) = run(&["diagnose", "far.csv", "--model", "model.json"], folder);
    assert!(
        stderr.contains("has 4 units, and the model is made for 30"),
        "{stderr}"
    );
    assert!(stdout.contains("WARNING: unlike anything"), "{stdout}");
    assert!(
        stdout.contains("The depth of the layer is not known"),
        "{stdout}"
    );

    let short = "measure,a,b\nweight,1,1\nweight,2,3\n";
    std::fs::write(folder.join("short.csv"), short).unwrap();
    let (output, _, stderr) = run(&["diagnose", "short.csv", "--model", "model.json"], folder);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr.contains("made for 3 sessions, and the recording has 2: "),
        "{stderr}"
    );
    let activations = "a,b,c\n1,1,1\n";
    std::fs::write(folder.join("other.csv"), activations).unwrap();
    let (_, _, stderr) = run(&["diagnose", "other.csv", "--model", "model.json"], folder);
    assert!(stderr.contains("the model reads `weight_"), "{stderr}");
    let (_, _, stderr) = run(&["diagnose", "far.csv", "--model", "far.csv"], folder);
    assert!(stderr.contains("it is no model of engram"), "{stderr}");
}

#[test]
fn designs_within_a_budget_are_drawn_and_what_cannot_be_answered_is_said() {
    let folder = trained();
    let folder = folder.path();
    let design = [
        "design",
        "--at",
        "dataset",
        "--measure",
        "weight",
        "--splits",
        "2",
    ];
    let budget = ["--budget", "20", "--units", "5,20,40", "--sessions", "1,3"];
    let (output, stdout, stderr) = run(&[&design[..], &budget].concat(), folder);
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("Best within a budget of 20"), "{stdout}");
    let designs = stdout.lines().filter(|line| line.ends_with('%')).count();
    assert!(
        designs >= 3,
        "5 units in 1 and 3 sessions, 20 in 1: {stdout}"
    );
    assert!(
        folder.join("figures/design.svg").is_file() && folder.join("figures/design.png").is_file()
    );

    // Those that can be answered are, and the others are named, each reason once.
    let some = ["--units", "5,10", "--sessions", "1,3", "--every", "4"];
    let (output, stdout, stderr) = run(&[&design[..], &some].concat(), folder);
    assert!(output.status.success(), "{stderr}");
    let designs = stdout.lines().filter(|line| line.ends_with('%')).count();
    assert_eq!(designs, 3, "two, and the best of them: {stdout}");
    assert!(stderr.contains("2 of 4 designs are left out"), "{stderr}");
    assert_eq!(stderr.matches("span 8 epochs").count(), 1, "{stderr}");

    for (arguments, expected) in [
        (&["--units", "300"][..], "300 units are more than the 40"),
        (
            &["--units", "10", "--sessions", "3", "--every", "4"],
            "span 8 epochs",
        ),
        (&["--budget", "1"], "no design is within the budget"),
        (
            &["--units", "10,20", "--sessions", "1", "--save", "m.json"],
            "a model is of one design, and these are 2",
        ),
    ] {
        let (output, _, stderr) = run(&[&design[..], arguments].concat(), folder);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr.contains(expected), "{stderr}");
    }
}
