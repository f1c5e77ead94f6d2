//! Hive folders.

use std::path::Path;

use serde_json::json;

use super::{exported, names, read, refused};

/// Values that are no names of folders as they stand.
const ROWS: &str = "SELECT * FROM (VALUES (1, 'a/b', true), (2, 'ü =%', true), (3, NULL, false), (4, 'a/b', false), (5, '..', true))
    AS rows(n, name, is_on) ORDER BY n DESC";

fn parts(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        match path.is_dir() {
            true => found.extend(
                parts(&path)
                    .into_iter()
                    .map(|below| format!("{name}/{below}")),
            ),
            false => found.push(name),
        }
    }
    found
}

#[test]
fn readers_of_hive_folders_find_every_row_and_the_columns_of_the_folders() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [
        ("as-parquet", "parquet"),
        ("as-csv", "csv"),
        ("as-ndjson", "ndjson"),
        ("as-arrow", "arrow"),
    ] {
        let said = exported(
            &folder.path().join(name),
            &["--partition-by", "name", "--format", format, ROWS],
        );
        assert!(said.contains(": 5 rows, 3 columns, 4 files, "), "{said}");
    }
    assert_eq!(
        parts(&folder.path().join("as-parquet")),
        [
            "_SUCCESS",
            "name=%C3%BC%20%3D%25/part-0.parquet",
            "name=../part-0.parquet",
            "name=__HIVE_DEFAULT_PARTITION__/part-0.parquet",
            "name=a%2Fb/part-0.parquet",
        ]
    );
    let Some(found) = read(folder.path()) else {
        return;
    };
    let expected = json!([
        [1, true, "a/b"],
        [2, true, "ü =%"],
        [3, false, null],
        [4, false, "a/b"],
        [5, true, ".."]
    ]);
    let columns = json!(["is_on", "n", "name"]);
    for (name, readers) in found.as_object().unwrap() {
        for (reader, answer) in readers.as_object().unwrap() {
            assert_eq!(answer["columns"], columns, "{name} {reader}");
            let mut rows: Vec<_> = answer["rows"].as_array().unwrap().clone();
            for row in &mut rows {
                row.as_array_mut().unwrap().swap(0, 1);
            }
            rows.sort_by_key(|row| row[0].as_i64());
            assert_eq!(json!(rows), expected, "{name} {reader}");
        }
    }
}

/// Within a folder rows stand as the query orders them; several columns make folders in folders.
#[test]
fn the_order_of_the_query_is_kept_within_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("parts");
    let sql = "SELECT value % 3 AS a, value % 2 AS b, value FROM generate_series(1, 60000) ORDER BY value DESC";
    exported(
        &to,
        &[
            "--partition-by",
            "a,b",
            "--format",
            "csv",
            "--compression",
            "gzip",
            sql,
        ],
    );
    assert_eq!(parts(&to).len(), 1 + 6);
    let plain = folder.path().join("plain");
    exported(&plain, &["--partition-by", "b,a", "--format", "csv", sql]);
    let text = std::fs::read_to_string(plain.join("b=1/a=2/part-0.csv")).unwrap();
    let values: Vec<i64> = text
        .lines()
        .skip(1)
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(values.is_sorted_by(|one, next| one > next));
    assert_eq!(values.len(), 10_000);
    assert_eq!(values[0], 59_999);
}

#[test]
fn avro_has_partitions_too() {
    let folder = tempfile::tempdir().unwrap();
    exported(
        &folder.path().join("parts"),
        &["--partition-by", "is_on", "--format", "avro", ROWS],
    );
    let Some(found) = read(folder.path()) else {
        return;
    };
    let rows = found["parts"]["fastavro"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
}

#[test]
fn a_folder_is_replaced_only_if_an_export_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("parts");
    exported(&to, &["--partition-by", "name", ROWS]);
    let said = refused(&to, &["--partition-by", "name", ROWS]);
    assert!(
        said.contains(
            "parts is there already\nhint: name another place, or replace it with --overwrite"
        ),
        "{said}"
    );
    exported(&to, &["--overwrite", "--partition-by", "is_on", ROWS]);
    assert_eq!(
        parts(&to),
        [
            "_SUCCESS",
            "is_on=false/part-0.parquet",
            "is_on=true/part-0.parquet"
        ]
    );
    std::fs::write(to.join("thesis.txt"), "years of work").unwrap();
    let said = refused(&to, &["--overwrite", "--partition-by", "is_on", ROWS]);
    assert!(
        said.contains("thesis.txt, which no partitioned export wrote"),
        "{said}"
    );
    assert!(to.join("thesis.txt").exists());
    assert_eq!(names(folder.path()), ["parts"]);
}

/// What a query fails with half-way leaves what was there.
#[test]
fn a_query_that_fails_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("parts");
    exported(&to, &["--partition-by", "name", ROWS]);
    let before = parts(&to);
    let failing =
        "SELECT value % 3 AS name, 1 / (value - 50000) AS n FROM generate_series(1, 60000)";
    let said = refused(&to, &["--overwrite", "--partition-by", "name", failing]);
    assert!(said.to_lowercase().contains("divide by zero"), "{said}");
    assert_eq!(parts(&to), before);
    assert_eq!(names(folder.path()), ["parts"]);
}
