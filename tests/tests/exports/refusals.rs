//! What is refused, and what is said then.

use std::process::Command;

use engram_schemas::SCHEMA_VERSION;
use engram_tests::commands::engram;
use engram_tests::{python, synthetic};

use super::{exported, names, refused};

#[test]
fn what_is_there_is_not_replaced_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a.csv");
    exported(&to, &["SELECT 1 AS n"]);
    let said = refused(&to, &["SELECT 2 AS n"]);
    assert!(
        said.contains(&format!("error: {} is there already", to.display())),
        "{said}"
    );
    assert!(
        said.contains("hint: name another place, or replace it with --overwrite"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n1\n");
    exported(&to, &["--overwrite", "SELECT 2 AS n"]);
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "n\n2\n");
    let said = refused(
        folder.path(),
        &["--format", "csv", "--overwrite", "SELECT 1 AS n"],
    );
    assert!(
        said.contains("is a folder, and the answer is to be one file"),
        "{said}"
    );
    assert_eq!(names(folder.path()), ["a.csv"]);
}

#[test]
fn a_place_is_refused_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name);
    for (name, arguments, wanted) in [
        (
            "answer",
            &["SELECT 1 AS n"] as &[&str],
            "the name `answer` does not tell the format",
        ),
        (
            "a.csv",
            &["--compression", "gzip", "SELECT 1 AS n"],
            "hint: let the name end with .csv.gz",
        ),
        (
            "a.sqlite",
            &["--compression", "zstd", "SELECT 1 AS n"],
            "sqlite has no compression zstd",
        ),
        (
            "a.npz",
            &["--partition-by", "n", "SELECT 1 AS n"],
            "npz is one file, and has no partitions",
        ),
        (
            "a.parquet",
            &["--format", "csv", "SELECT 1 AS n"],
            "`a.parquet` would hold csv, and its readers go by its ending, which says parquet",
        ),
        (
            "a.csv",
            &["--table-name", "rows", "SELECT 1 AS n"],
            "csv has no tables that could be named",
        ),
        (
            "p",
            &["--partition-by", "learning_rul", "--table", "runs"],
            "the answer has no such column\nhint: did you mean `learning_rule`?",
        ),
        (
            "p",
            &["--partition-by", "m", "SELECT 1 AS n"],
            "cannot be partitioned by `m`: the answer has the columns n",
        ),
        (
            "p",
            &["--partition-by", "n", "SELECT 1 AS n"],
            "no column would be left for the files",
        ),
        (
            "p",
            &["--partition-by", "n,n", "SELECT 1 AS n, 2 AS m"],
            "it is named twice",
        ),
        (
            "p",
            &["--partition-by", "n", "SELECT [1] AS n, 2 AS m"],
            "its values name no folder",
        ),
        (
            "a.csv",
            &["SELECT l.run_id, r.run_id FROM runs l JOIN runs r ON l.run_id = r.run_id"],
            "two columns of the answer are called `run_id`",
        ),
        (
            "a.csv",
            &["SELECT * EXCLUDE (n) FROM (SELECT 1 AS n)"],
            "error: ",
        ),
        (
            "a.avro",
            &["SELECT count(*) FROM runs"],
            "`count(*)` cannot be written as avro",
        ),
        (
            "a.sqlite",
            &["SELECT 1 AS \"n\", 2 AS \"N\""],
            "differs only in the case of its letters",
        ),
        (
            "a.csv",
            &["SELECT 1 AS n; SELECT 2 AS n"],
            "there are 2 statements where one is expected",
        ),
        (
            "a.csv",
            &["CREATE TABLE t AS SELECT 1"],
            "hint: answers are written to files by `engram export` and `engram sql --output`",
        ),
        ("a.csv", &["SELECT wrong FROM runs"], "wrong"),
        (
            "a.csv",
            &["--query", "no_such"],
            "there is no query `no_such`",
        ),
        ("a.csv", &["--table", "no_such"], "no_such"),
        ("a.csv", &["--param", "a=1", "SELECT 1"], "--param"),
        ("a.csv", &["--param", "a=1"], "--query"),
    ] {
        let said = refused(&to(name), arguments);
        assert!(said.contains(wanted), "{arguments:?}: {said}");
        assert!(names(folder.path()).is_empty(), "{arguments:?}");
    }
    let said = refused(
        "/dev/null".as_ref(),
        &["--overwrite", "--format", "csv", "SELECT 1 AS n"],
    );
    assert!(
        said.contains("/dev/null is no file that could be replaced"),
        "{said}"
    );
    let said = refused("https://127.0.0.1:1/a.csv".as_ref(), &["SELECT 1 AS n"]);
    assert!(said.contains("can only be read"), "{said}");
}

/// A folder that is missing is made; nothing is made for a query that fails.
#[test]
fn a_query_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let failing = "SELECT 1 / (value - 50000) AS n FROM generate_series(1, 60000)";
    for name in [
        "a.parquet",
        "a.csv.gz",
        "a.ndjson",
        "a.arrow",
        "a.npz",
        "a.avro",
        "a.sqlite",
    ] {
        let said = refused(&folder.path().join(name), &[failing]);
        assert!(said.to_lowercase().contains("divide by zero"), "{said}");
        assert!(names(folder.path()).is_empty(), "{name}");
    }
    exported(&folder.path().join("new/folder/a.csv"), &["SELECT 1 AS n"]);
}

#[test]
fn a_dataset_is_no_place_for_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = folder.path().join("sweep");
    synthetic::write(&dataset, &synthetic::sweep(1, &[0, 1])).unwrap();
    let before = names(&dataset);
    let release = python::repository()
        .join("tests/releases")
        .join(SCHEMA_VERSION);
    let copy = folder.path().join("release");
    let copied = Command::new("cp")
        .arg("-r")
        .args([&release, &copy])
        .status()
        .unwrap();
    assert!(copied.success());
    for (to, wanted) in [
        (dataset.join("a.parquet"), "lies within the dataset"),
        (
            dataset.join("trajectories/a.parquet"),
            "lies within the dataset",
        ),
        (
            copy.join("trajectories"),
            "which no partitioned export wrote",
        ),
    ] {
        let mut export = engram(&["export", "--overwrite", "--table", "runs", "--at"]);
        export.arg(&dataset).arg("--to").arg(&to);
        if to.extension().is_none() {
            export.args(["--partition-by", "learning_rule"]);
        }
        let refused = export.output().unwrap();
        let said = super::stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains(wanted), "{said}");
    }
    assert_eq!(names(&dataset), before);
    let verified = engram(&["verify"]).arg(&copy).output().unwrap();
    assert!(verified.status.success(), "the release is whole");
}
