//! `engram sql --output`: the files of `engram export`, by another way.

use std::path::Path;
use std::process::Command;

use engram_tests::commands::engram;

use super::{dataset, exported, names, stderr};

const ROWS: &str = "SELECT run_id, layer, epoch, [weight_raw_norm, NULL] AS list, nullif(layer, 'conv1') AS other \
    FROM trajectories ORDER BY ALL";

fn sql(arguments: &[&str]) -> Command {
    let mut command = engram(&["sql", "--at"]);
    command.arg(dataset()).args(arguments);
    command
}

/// What the command says when it has written the answer.
fn written(to: &Path, arguments: &[&str]) -> String {
    let output = sql(arguments).arg("--output").arg(to).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stdout.is_empty(), "an answer goes to one place");
    stderr(&output)
}

fn refused(arguments: &[&str]) -> String {
    let output = sql(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    stderr(&output)
}

fn printed(arguments: &[&str]) -> String {
    let output = sql(arguments).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn both_commands_write_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a.parquet",
        "a.csv",
        "a.csv.gz",
        "a.ndjson",
        "a.ndjson.zst",
        "a.arrow",
        "a.feather",
    ] {
        let [one, other] = ["sql", "export"].map(|by| folder.path().join(by).join(name));
        let said = written(&one, &[ROWS]);
        assert!(
            said.contains(": 16 rows, 5 columns, ") && said.contains("B in "),
            "{said}"
        );
        exported(&other, &[ROWS]);
        assert!(
            std::fs::read(&one).unwrap() == std::fs::read(&other).unwrap(),
            "{name}"
        );
    }
    let csv = std::fs::read_to_string(folder.path().join("sql/a.csv")).unwrap();
    assert_eq!(printed(&["--format", "csv", ROWS]), csv);
    assert!(
        csv.contains("null]\",\n"),
        "a list is JSON, NULL nothing: {csv}"
    );
    // The formats whose bytes say when they were made, and one that is told.
    for (name, arguments) in [
        ("b.sqlite", &[] as &[&str]),
        ("b.avro", &["--compression", "none"]),
        ("b.dat", &["--format", "parquet"]),
    ] {
        written(
            &folder.path().join(name),
            &[arguments, &["SELECT run_id FROM runs"]].concat(),
        );
    }
}

#[test]
fn what_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a.csv");
    let given = to.to_str().unwrap();
    written(&to, &["SELECT 1 AS n"]);
    let said = refused(&["SELECT 2 AS n", "--output", given]);
    assert!(
        said.contains(&format!("{given} is there already")),
        "{said}"
    );
    assert!(said.contains("replace it with --overwrite"), "{said}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n1\n");
    written(&to, &["SELECT 2 AS n", "--overwrite"]);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n2\n");
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn a_wide_answer_is_written_too() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("wide.csv");
    let long =
        "SELECT learning_rule, layer, count(*) AS n FROM trajectories GROUP BY ALL ORDER BY ALL";
    let said = written(&to, &["--pivot", "layer", long]);
    assert!(said.contains(": 2 rows, "), "{said}");
    let wide = std::fs::read_to_string(&to).unwrap();
    assert_eq!(
        printed(&["--pivot", "layer", "--format", "csv", long]),
        wide
    );
    assert!(wide.starts_with("learning_rule,conv1,"), "{wide}");
}

#[test]
fn a_file_holds_the_answer_to_the_last_statement() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a.csv");
    let given = to.to_str().unwrap();
    let statements = "CREATE VIEW mine AS SELECT run_id FROM runs; SELECT count(*) AS n FROM mine";
    written(&to, &["--allow-write", statements]);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n2\n");
    let said = refused(&["--overwrite", "SELECT 1; SELECT 2", "--output", given]);
    assert!(said.contains("a file holds one answer"), "{said}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n2\n");
}

#[test]
fn forms_that_are_printed_make_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (arguments, wanted) in [
        (
            &["--output", &to("a.json")] as &[&str],
            "error: json is printed, and no file is written in it\nhint: write an object a line",
        ),
        (
            &["--output", &to("a.txt")],
            "error: table is printed, and no file is written in it\nhint: ",
        ),
        (
            &["--format", "json", "--output", &to("a.ndjson")],
            "error: json is printed",
        ),
        (
            &["--output", &to("a")],
            "error: the name `a` does not tell the format\nhint: ",
        ),
        (
            &["--format", "csv", "--output", &to("a.parquet")],
            "`a.parquet` would hold csv, and its readers go by its ending, which says parquet",
        ),
        (
            &["--format", "parquet"],
            "error: parquet is written to files, and cannot be printed\nhint: name a file with --output",
        ),
        (&["--overwrite"], "--output"),
    ] {
        let said = refused(&[arguments, &["SELECT 1 AS n"]].concat());
        assert!(said.contains(wanted), "{arguments:?}: {said}");
        assert!(names(folder.path()).is_empty(), "{arguments:?}");
    }
}
