//! `engram reproduce` and `engram report` as a user runs them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Output;

use engram_tests::commands::engram;
use engram_tests::synthetic;
use tempfile::TempDir;

fn dataset(n_seeds: i64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &synthetic::sweep(n_seeds, &[0, 5, 10])).unwrap();
    folder
}

/// Exit code and what was said on standard error.
fn run(arguments: &[&str], dataset: &Path, folder: &Path) -> (i32, String) {
    let mut command = engram(arguments);
    command.arg("--at").arg(dataset).current_dir(folder);
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn figures_are_drawn_and_what_is_there_is_not_run_again() {
    let (dataset, folder) = (dataset(4), tempfile::tempdir().unwrap());
    let arguments = ["reproduce", "figure_2c", "figure_s1", "figure_5", "--quick"];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("7 experiments: 1 of figure_2a, 6 of figure_s1"),
        "{said}"
    );
    assert!(
        said.contains("figure_5 is left out: it needs networks observed under several conditions"),
        "{said}"
    );
    assert!(
        said.contains("7 experiments run, 0 were there already"),
        "{said}"
    );
    for figure in ["figure_2c", "figure_s1"] {
        let svg =
            std::fs::read_to_string(folder.path().join(format!("figures/{figure}.svg"))).unwrap();
        assert!(
            svg.contains("reduced grid"),
            "{figure} says that it is a first look"
        );
        let png = std::fs::read(folder.path().join(format!("figures/{figure}.png"))).unwrap();
        assert_eq!(&png[1..4], b"PNG");
    }

    // One more needs what is there and what is not.
    let (code, said) = run(
        &["reproduce", "figure_2c", "figure_leakage", "--quick"],
        dataset.path(),
        folder.path(),
    );
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("1 were there already"), "{said}");

    let arguments = [
        "report",
        "--quick",
        "--to",
        "page.html",
        "--claims",
        "claims.md",
    ];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    let claims = std::fs::read_to_string(folder.path().join("claims.md")).unwrap();
    for claim in 1..=10 {
        let name = format!("C{claim}");
        assert!(page.contains(&name) && claims.contains(&name), "{name}");
    }
    assert!(page.contains("<svg") && !page.contains("<script"));
}

#[test]
fn experiments_of_one_classifier_are_run_alone() {
    let (dataset, folder) = (dataset(4), tempfile::tempdir().unwrap());
    let arguments = [
        "reproduce",
        "figure_4b",
        "--quick",
        "--classifier",
        "linear_svm",
    ];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("9 experiments: 9 of figure_4b"), "{said}");
    assert!(
        said.contains("linear_svm") && !said.contains("random_forest"),
        "{said}"
    );
    let drawn = || std::fs::read(folder.path().join("figures/figure_4b.svg")).unwrap();
    let of_machines = drawn();

    // What was there is drawn beside what is new.
    let arguments = [&arguments[..4], &["random_forest"]].concat();
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(drawn().len() > of_machines.len());
    let of_both = drawn();
    let arguments = [&arguments[..4], &["linear_svm"]].concat();
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert_eq!(drawn(), of_both);
}

#[test]
fn equal_experiments_write_equal_bytes_on_any_number_of_threads() {
    let written = |threads: &str| {
        let (dataset, folder) = (dataset(2), tempfile::tempdir().unwrap());
        let mut command = engram(&["reproduce", "figure_2c", "--quick", "--splits", "2"]);
        command
            .arg("--at")
            .arg(dataset.path())
            .current_dir(folder.path());
        command.env("RAYON_NUM_THREADS", threads);
        assert!(command.output().unwrap().status.success());
        let results = std::fs::read_dir(dataset.path().join("results")).unwrap();
        let files: Vec<_> = results.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        (
            files[0].file_name().unwrap().to_owned(),
            std::fs::read(&files[0]).unwrap(),
        )
    };
    assert_eq!(written("1"), written("3"));
}

#[test]
fn what_cannot_be_run_is_said() {
    let (dataset, folder) = (dataset(2), tempfile::tempdir().unwrap());
    let (code, said) = run(&["reproduce", "figure_2d"], dataset.path(), folder.path());
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("there is no figure `figure_2d`") && said.contains("did you mean"),
        "{said}"
    );
    let arguments = ["reproduce", "figure_s1", "--classifier", "linear_svm"];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("no experiment of these figures has the classifier linear_svm")
            && said.contains("there are random_forest"),
        "{said}"
    );
    let arguments = ["report", "--to", "page.html"];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("run `engram reproduce all`"), "{said}");
}
