//! Every format, by its usual readers.

use std::path::Path;

use serde_json::{Value, json};

use super::{exported, read, same};

/// What careless writers and readers change: NULL, NaN, infinity, the smallest normal and the largest numbers, empty and foreign texts,
/// texts that look like something else.
const AWKWARD: &str = r#"
    SELECT column1 AS n, column2 AS name, column3 AS value, column4 AS is_on FROM (VALUES
        (1, 'plain', 0.1, true),
        (2, 'é "quoted", ☃', CAST('NaN' AS DOUBLE), false),
        (3, 'two
lines', CAST('inf' AS DOUBLE), true),
        (4, '''single''; --', CAST('-inf' AS DOUBLE), NULL),
        (5, NULL, NULL, true),
        (9007199254740993, '007', 2.2250738585072014e-308, false),
        (-9223372036854775807, 'NaN?', 1.7976931348623157e308, false),
        (8, 'ünï\\tcode', -0.3333333333333333, true))
    ORDER BY n"#;

/// The rows of [`AWKWARD`], as a reader finds them that knows NULL and NaN.
fn awkward() -> Value {
    json!([
        [-9_223_372_036_854_775_807_i64, "NaN?", f64::MAX, false],
        [1, "plain", 0.1, true],
        [2, "é \"quoted\", ☃", "nan", false],
        [3, "two\nlines", "inf", true],
        [4, "'single'; --", "-inf", null],
        [5, null, null, true],
        [8, "ünï\\\\tcode", -0.333_333_333_333_333_3, true],
        [
            9_007_199_254_740_993_i64,
            "007",
            2.2250738585072014e-308,
            false
        ],
    ])
}

/// The expected rows with some values in the place of others.
fn with(rows: &Value, changed: &[(&str, Value)]) -> Value {
    let change = |value: &Value| match changed.iter().find(|(from, _)| value == from) {
        Some((_, to)) => to.clone(),
        None => value.clone(),
    };
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        row.as_array()
            .unwrap()
            .iter()
            .map(change)
            .collect::<Value>()
    })
    .collect()
}

fn assert_rows(found: &Value, name: &str, reader: &str, expected: &Value) {
    let rows = &found[name][reader]["rows"];
    assert!(
        same(rows, expected),
        "{name} by {reader}: {rows}\nand not {expected}"
    );
}

#[test]
fn every_reader_finds_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let forms: [(&str, &[&str]); 16] = [
        ("zstd.parquet", &[]),
        ("gzip.parquet", &["--compression", "gzip"]),
        ("none.parquet", &["--compression", "none"]),
        ("plain.csv", &[]),
        ("gzip.csv.gz", &[]),
        ("zstd.csv.zst", &[]),
        ("plain.ndjson", &[]),
        ("gzip.ndjson.gz", &[]),
        ("zstd.ndjson.zst", &["--compression", "zstd"]),
        ("none.arrow", &[]),
        ("zstd.arrow", &["--compression", "zstd"]),
        ("gzip.avro", &[]),
        ("zstd.avro", &["--compression", "zstd"]),
        ("none.avro", &["--compression", "none"]),
        ("rows.sqlite", &["--table-name", "the rows"]),
        ("told.avro", &["--format", "avro"]),
    ];
    for (name, arguments) in forms {
        let arguments = [arguments, &[AWKWARD]].concat();
        let said = exported(&folder.path().join(name), &arguments);
        assert!(
            said.contains(": 8 rows, 4 columns, ") && said.contains("B in "),
            "{said}"
        );
    }
    let Some(found) = read(folder.path()) else {
        return;
    };
    let exact = awkward();
    // pandas has one word for NULL and NaN, and so has JSON for what is no number.
    let missing = with(&exact, &[("nan", Value::Null)]);
    let no_json = with(
        &exact,
        &[
            ("nan", Value::Null),
            ("inf", Value::Null),
            ("-inf", Value::Null),
        ],
    );
    for (name, _) in forms {
        let readers = found[name].as_object().unwrap();
        assert!(!readers.is_empty());
        for reader in readers.keys() {
            let expected = match (name.split_once('.').unwrap().1, reader.as_str()) {
                // pandas makes numbers of a column of whole numbers and texts that look like them only where all do.
                ("ndjson" | "ndjson.gz" | "ndjson.zst", _) => no_json.clone(),
                ("sqlite", _) => of_sqlite(&missing),
                (_, "pandas") => missing.clone(),
                _ => exact.clone(),
            };
            assert_rows(&found, name, reader, &expected);
            assert_eq!(
                found[name][reader]["columns"],
                json!(["n", "name", "value", "is_on"])
            );
        }
    }
    for (name, codec) in [
        ("gzip.avro", "deflate"),
        ("zstd.avro", "zstandard"),
        ("none.avro", "null"),
    ] {
        assert_eq!(found[name]["fastavro"]["codec"], codec);
    }
    assert_eq!(
        found["rows.sqlite"]["sqlite3"]["declared"],
        r#"CREATE TABLE "the rows" ("n" INTEGER, "name" TEXT, "value" REAL, "is_on" BOOLEAN)"#
    );
}

/// SQLite has no truth values.
fn of_sqlite(rows: &Value) -> Value {
    let number = |value: &Value| match value {
        Value::Bool(truth) => json!(i32::from(*truth)),
        value => value.clone(),
    };
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        row.as_array()
            .unwrap()
            .iter()
            .map(number)
            .collect::<Value>()
    })
    .collect()
}

#[test]
fn lists_structs_and_moments_are_as_each_format_has_them() {
    const NESTED: &str = "SELECT * FROM (VALUES
        (1, [0.5, CAST('NaN' AS DOUBLE), NULL], DATE '2024-02-29', TIMESTAMP '2024-02-29T12:30:00.25', named_struct('a', 1, 'b', 'x')),
        (2, NULL, NULL, NULL, NULL)) AS rows(n, list, day, moment, pair) ORDER BY n";
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "a.parquet",
        "a.arrow",
        "a.avro",
        "a.ndjson",
        "a.csv",
        "a.sqlite",
    ] {
        exported(&folder.path().join(name), &[NESTED]);
    }
    let Some(found) = read(folder.path()) else {
        return;
    };
    let empty = json!([2, null, null, null, null]);
    let exact = json!([[1, [0.5, "nan", null], "2024-02-29", "2024-02-29T12:30:00.250000", {"a": 1, "b": "x"}], empty]);
    for (name, reader) in [
        ("a.parquet", "pyarrow"),
        ("a.parquet", "duckdb"),
        ("a.parquet", "polars"),
        ("a.arrow", "pyarrow"),
        ("a.arrow", "polars"),
        ("a.avro", "fastavro"),
    ] {
        assert_rows(&found, name, reader, &exact);
    }
    let text = json!([
        1,
        "[0.5,null,null]",
        "2024-02-29",
        "2024-02-29T12:30:00.250",
        r#"{"a":1,"b":"x"}"#
    ]);
    assert_rows(&found, "a.csv", "polars", &json!([text, empty]));
    assert_rows(&found, "a.csv", "pandas", &json!([text, empty]));
    assert_rows(&found, "a.sqlite", "sqlite3", &json!([text, empty]));
    let object =
        json!([1, [0.5, null, null], "2024-02-29", "2024-02-29T12:30:00.250", {"a": 1, "b": "x"}]);
    assert_rows(&found, "a.ndjson", "polars", &json!([object, empty]));
    assert_rows(&found, "a.ndjson", "pandas", &json!([object, empty]));
}

/// A reader finds the columns even where there are no rows.
#[test]
fn an_empty_answer_is_a_file_with_columns() {
    let folder = tempfile::tempdir().unwrap();
    let forms = [
        "a.parquet",
        "a.csv",
        "a.csv.gz",
        "a.csv.zst",
        "a.arrow",
        "a.npz",
        "a.avro",
        "a.sqlite",
    ];
    const NONE: &str = "SELECT run_id, epoch, weight_raw_norm FROM trajectories WHERE false";
    for name in forms {
        let said = exported(&folder.path().join(name), &[NONE]);
        assert!(said.contains(": 0 rows, 3 columns, "), "{said}");
    }
    exported(&folder.path().join("b.ndjson"), &[NONE]);
    assert_eq!(std::fs::read(folder.path().join("b.ndjson")).unwrap(), b"");
    std::fs::remove_file(folder.path().join("b.ndjson")).unwrap();
    let Some(found) = read(folder.path()) else {
        return;
    };
    for name in forms {
        for (reader, answer) in found[name].as_object().unwrap() {
            assert_eq!(
                answer["columns"],
                json!(["run_id", "epoch", "weight_raw_norm"]),
                "{name} {reader}"
            );
            assert_eq!(answer["rows"], json!([]), "{name} {reader}");
        }
    }
}

/// Without a query the table is whole, and what a view or a named query gives is what `engram sql` gives.
#[test]
fn tables_files_and_named_queries_are_exported() {
    let folder = tempfile::tempdir().unwrap();
    let to = |name: &str| folder.path().join(name);
    let said = exported(&to("whole.parquet"), &[]);
    assert!(said.contains(": 16 rows, 69 columns, "), "{said}");
    exported(&to("runs.csv"), &["--table", "runs"]);
    exported(&to("usual.csv"), &["--query", "admissible_statistics"]);
    let file = to("query.sql");
    std::fs::write(&file, "SELECT count(*) AS n FROM runs").unwrap();
    exported(&to("counted.csv"), &["--file", file.to_str().unwrap()]);
    assert_eq!(
        std::fs::read_to_string(to("counted.csv")).unwrap(),
        "n\n2\n"
    );
    std::fs::write(
        &file,
        "-- parameter: n = 1: rows\nSELECT value FROM generate_series(1, 9) LIMIT $n",
    )
    .unwrap();
    let asked = ["--file", file.to_str().unwrap(), "--param", "n=4"];
    exported(&to("four.csv"), &asked);
    assert_eq!(lines(&to("four.csv")), 1 + 4);
    assert_eq!(lines(&to("runs.csv")), 3);
    assert!(lines(&to("usual.csv")) > 45);
}

fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).unwrap().lines().count()
}
