//! A release opened by those who know nothing of Engram: DuckDB, Polars, PyArrow, and the validator of Croissant.

use engram_tests::{python, synthetic};
use serde_json::Value;

use super::{EPOCHS, publish, rows, succeeded, sweep};

#[test]
fn independent_readers_find_what_engram_finds() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path(), &synthetic::sweep(2, &EPOCHS));
    succeeded(&publish(
        folder.path(),
        "release",
        &["--date", "2020-12-06", "--author", "A. Person"],
    ));
    let release = folder.path().join("release");
    let Some(answer) = python::answer("release_readers.py", &release) else {
        return;
    };
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let sql = "SELECT task, architecture, count(*) FROM trajectories GROUP BY task, architecture ORDER BY task, architecture";
    let partitions: Vec<Vec<String>> = rows(&release, sql)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect();
    assert_eq!(partitions.len(), 2);
    let sql =
        "SELECT avg(weight_raw_norm) FROM trajectories WHERE weight_raw_norm < 'Infinity'::DOUBLE";
    let mean: f64 = rows(&release, sql).lines().last().unwrap().parse().unwrap();
    for reader in ["duckdb", "polars", "pyarrow"] {
        let found = &answer[reader];
        let theirs: Vec<Vec<String>> = found["partitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|partition| {
                let cells = partition.as_array().unwrap().iter();
                cells
                    .map(|cell| cell.to_string().trim_matches('"').to_owned())
                    .collect()
            })
            .collect();
        assert_eq!(theirs, partitions, "{reader}");
        let apart = (found["mean"].as_f64().unwrap() / mean - 1.0).abs();
        assert!(apart < 1e-12, "{reader}: {} and {mean}", found["mean"]);
    }
    let croissant = &answer["croissant"];
    assert_eq!(croissant["issues"], Value::Array(Vec::new()));
    let record = croissant["record"].as_object().unwrap();
    let of = |name: &str| record[&format!("trajectories/{name}")].as_str().unwrap();
    assert_eq!((of("task"), of("architecture")), ("digits", "knet4"));
    assert_eq!(
        record.len(),
        2 + engram_schemas::trajectories::file_schema().fields().len()
    );
}
