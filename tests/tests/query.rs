//! `engram query` as a user runs it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use engram_tests::commands::engram;
use engram_tests::synthetic;
use tempfile::TempDir;

fn dataset() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &synthetic::sweep(2, &[0, 5, 10])).unwrap();
    folder
}

fn output(mut command: Command) -> (bool, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

fn at(arguments: &[&str], dataset: &Path) -> (bool, String, String) {
    let mut command = engram(arguments);
    command.arg("--at").arg(dataset);
    output(command)
}

#[test]
fn queries_are_described() {
    let (is_done, text, _) = output(engram(&["query", "--list"]));
    assert!(is_done);
    assert!(text.contains("figure_4a\n  Figure 4a: "), "{text}");
    assert!(text.contains("    samples = 5: "), "{text}");
    let (is_done, text, _) = output(engram(&["query", "figure_2c", "--list"]));
    assert!(
        is_done && text.contains("test examples of the one were taken for the other"),
        "{text}"
    );
}

#[test]
fn a_query_runs_with_its_parameters() {
    let dataset = dataset();
    let arguments = [
        "query",
        "figure_4a",
        "--param",
        "samples=2",
        "-p",
        "period=5",
        "--format",
        "json",
    ];
    let (is_done, text, errors) = at(&arguments, dataset.path());
    assert!(is_done, "{errors}");
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 72);
    assert_eq!(rows[0]["features"].as_array().unwrap().len(), 2 * 45);
    assert_eq!(
        rows.iter().filter(|row| row["side"] == "test").count(),
        4 * 5
    );
}

#[test]
fn the_sql_of_a_query_runs_as_it_is_shown() {
    let dataset = dataset();
    let (_, shown, _) = output(engram(&[
        "query",
        "figure_2b",
        "--show",
        "-p",
        "value=knet5",
    ]));
    assert!(
        shown.contains("held_out('architecture', 'knet5'"),
        "{shown}"
    );
    let (_, asked, _) = at(
        &[
            "query",
            "figure_2b",
            "-p",
            "value=knet5",
            "--format",
            "json",
        ],
        dataset.path(),
    );
    let file = dataset.path().join("shown.sql");
    std::fs::write(&file, &shown).unwrap();
    let shown = ["sql", "--format", "json", "--file", file.to_str().unwrap()];
    let (is_done, answered, errors) = at(&shown, dataset.path());
    assert!(is_done, "{errors}");
    assert_eq!(asked, answered);
    // A file's parameters have their defaults.
    let file = dataset.path().join("mine.sql");
    std::fs::write(
        &file,
        "-- parameter: n = 3: rows\nSELECT run_id FROM runs LIMIT $n",
    )
    .unwrap();
    let (is_done, text, errors) = at(
        &["sql", "--format", "csv", "--file", file.to_str().unwrap()],
        dataset.path(),
    );
    assert!(is_done, "{errors}");
    assert_eq!(text.lines().count(), 1 + 3);
    let asked = ["sql", "--format", "csv", "-p", "n=2"];
    let asked = [&asked as &[&str], &["--file", file.to_str().unwrap()]].concat();
    let (is_done, text, errors) = at(&asked, dataset.path());
    assert!(is_done, "{errors}");
    assert_eq!(text.lines().count(), 1 + 2);
    let (is_done, _, errors) = at(&["sql", "-p", "n=2", "SELECT $n"], dataset.path());
    assert!(!is_done && errors.contains("--param"), "{errors}");
}

#[test]
fn a_query_without_rows_says_what_it_was_asked_with() {
    let dataset = dataset();
    let far = [
        "query",
        "figure_4a",
        "--param",
        "period=30",
        "--format",
        "csv",
    ];
    let (is_done, text, said) = at(&far, dataset.path());
    assert!(is_done, "{said}");
    assert_eq!(text.lines().count(), 1);
    assert!(
        said.starts_with(
            "figure_4a has no rows in this dataset\nhint: it was asked with measure = 'all', samples = 5, period = 30, "
        ),
        "{said}"
    );
    assert!(
        said.contains("; the runs go to epoch 10, and samples and period may ask for more; "),
        "{said}"
    );
    let to = dataset.path().with_extension("csv");
    let file = ["export", "--query", "figure_4a", "--to"];
    let (is_done, _, said) = at(
        &[&file as &[&str], &[to.to_str().unwrap()]].concat(),
        dataset.path(),
    );
    std::fs::remove_file(&to).unwrap();
    assert!(is_done && said.contains(": 0 rows, "), "{said}");
    assert!(said.contains("hint: it was asked with "), "{said}");
    let near = ["query", "figure_4a", "-p", "period=5", "-p", "samples=2"];
    let (is_done, _, said) = at(&near, dataset.path());
    assert!(is_done && said.is_empty(), "{said}");
}

#[test]
fn what_is_wrong_is_said() {
    let dataset = dataset();
    let said = |arguments: &[&str]| {
        let (is_done, _, errors) = at(arguments, dataset.path());
        assert!(!is_done);
        errors
    };
    let errors = said(&["query", "figur_4a"]);
    assert!(
        errors.contains("there is no query `figur_4a`\nhint: did you mean `figure_4a`?"),
        "{errors}"
    );
    let errors = said(&["query", "figure_4a", "-p", "sample=5"]);
    assert!(
        errors.contains("the query has no parameter `sample`; it has measure, samples"),
        "{errors}"
    );
    let errors = said(&["query", "figure_4a", "-p", "samples=few"]);
    assert!(
        errors.contains("the parameter `samples` is `few`, not an integer"),
        "{errors}"
    );
    let errors = said(&["query", "figure_4a", "-p", "samples"]);
    assert!(
        errors.contains("a parameter is given as name=value"),
        "{errors}"
    );
}
