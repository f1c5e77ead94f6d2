//! `engram reproduce` and `engram report` as a user runs them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::ffi::OsString;
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
fn equal_experiments_write_equal_bytes_on_any_number_of_threads_and_split_by_split() {
    let written = |threads: &str, n_splits: &[&str]| -> BTreeMap<OsString, Vec<u8>> {
        let (dataset, folder) = (dataset(2), tempfile::tempdir().unwrap());
        for n_splits in n_splits {
            // Of the second figure every split is a query of its own.
            let figures = ["reproduce", "figure_2c", "figure_4a", "--quick"];
            let mut command = engram(&[&figures[..], &["--splits", n_splits]].concat());
            command
                .arg("--at")
                .arg(dataset.path())
                .current_dir(folder.path());
            command.env("RAYON_NUM_THREADS", threads);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let results = std::fs::read_dir(dataset.path().join("results")).unwrap();
        let files = results.map(|entry| entry.unwrap());
        files
            .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
            .collect()
    };
    let found = written("1", &["3"]);
    assert!(found.len() >= 6 && found.len() % 3 == 0, "{}", found.len());
    assert_eq!(found, written("3", &["3"]));
    assert_eq!(found, written("3", &["1", "3"]));
}

/// Figures and reports are of what was run on all the splits that they are asked for.
#[test]
fn further_splits_are_added_to_those_that_are_there() {
    let (dataset, folder) = (dataset(2), tempfile::tempdir().unwrap());
    let reproduce = |n_splits: &str| {
        let arguments = ["reproduce", "figure_2c", "--quick", "--splits", n_splits];
        let (code, said) = run(&arguments, dataset.path(), folder.path());
        assert_eq!(code, 0, "{said}");
        let drawn = std::fs::read_to_string(folder.path().join("figures/figure_2c.svg")).unwrap();
        (said.contains("1 experiments run"), drawn)
    };
    let (was_run, of_one) = reproduce("1");
    assert!(was_run);
    let (was_run, of_three) = reproduce("3");
    assert!(was_run && of_three != of_one);
    let (was_run, of_one_again) = reproduce("1");
    assert!(!was_run && of_one_again == of_one);
    // What is lost, by an interruption for one, is all that is run again.
    let results = std::fs::read_dir(dataset.path().join("results")).unwrap();
    let mut files: Vec<_> = results.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    std::fs::remove_file(&files[1]).unwrap();
    let written = |file: &Path| std::fs::metadata(file).unwrap().modified().unwrap();
    let before = [written(&files[0]), written(&files[2])];
    let report = ["report", "--quick", "--splits", "3", "--to", "page.html"];
    let (code, said) = run(&report, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("run `engram reproduce all`"), "{said}");
    let (was_run, drawn) = reproduce("3");
    assert!(was_run && drawn == of_three);
    assert_eq!(before, [written(&files[0]), written(&files[2])]);
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
    let networks = [
        "reproduce",
        "figure_2a",
        "--quick",
        "--classifier",
        "conv1d_mlp",
    ];
    let arguments = [&networks[..], &["--device", "gpu"]].concat();
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("device `gpu` cannot be used: use `cpu` or `cuda:0`"),
        "{said}"
    );
    let arguments = ["report", "--to", "page.html"];
    let (code, said) = run(&arguments, dataset.path(), folder.path());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("run `engram reproduce all`"), "{said}");
}
