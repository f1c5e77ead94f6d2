//! NumPy's arrays.

use serde_json::{Value, json};

use super::{exported, read, refused, same};

#[test]
fn columns_are_arrays_of_their_types() {
    const ROWS: &str = "SELECT *, [[value, 1.5], [2.5, CAST('inf' AS DOUBLE)]] AS square FROM (VALUES
        (1, CAST(2 AS SMALLINT), 0.5, CAST(1.5 AS FLOAT), true, 'é☃', DATE '2024-02-29', TIMESTAMP '2024-02-29T12:30:00'),
        (2, CAST(-3 AS SMALLINT), NULL, NULL, false, '', NULL, NULL))
        AS rows(n, small, value, single, is_on, name, day, moment) ORDER BY n";
    let folder = tempfile::tempdir().unwrap();
    exported(&folder.path().join("a.npz"), &[ROWS]);
    exported(
        &folder.path().join("deflated.npz"),
        &["--compression", "gzip", ROWS],
    );
    let Some(found) = read(folder.path()) else {
        return;
    };
    for name in ["a.npz", "deflated.npz"] {
        let found = &found[name]["numpy"];
        let expected = json!({
            "n": ["<i8", [2]], "small": ["<i2", [2]], "value": ["<f8", [2]], "single": ["<f4", [2]], "is_on": ["|b1", [2]],
            "name": ["<U2", [2]], "day": ["<M8[D]", [2]], "moment": ["<M8[ns]", [2]], "square": ["<f8", [2, 2, 2]],
        });
        assert_eq!(found["arrays"], expected);
        let moment = "2024-02-29T12:30:00.000000000";
        let rows = json!([
            [
                1,
                2,
                0.5,
                1.5,
                true,
                "é☃",
                "2024-02-29",
                moment,
                [[0.5, 1.5], [2.5, "inf"]]
            ],
            [
                2,
                -3,
                "nan",
                "nan",
                false,
                "",
                null,
                null,
                [["nan", 1.5], [2.5, "inf"]]
            ],
        ]);
        assert!(same(&found["rows"], &rows), "{}", found["rows"]);
    }
}

/// More rows than a batch has, lists and texts among them, come in their order.
#[test]
fn arrays_are_put_together_of_many_batches() {
    const ROWS: &str = "SELECT value AS n, [value, value * 2] AS pair, repeat('x', CAST(value % 5 AS INT)) AS name \
        FROM generate_series(1, 30000) ORDER BY n";
    let folder = tempfile::tempdir().unwrap();
    exported(&folder.path().join("a.npz"), &[ROWS]);
    let Some(found) = read(folder.path()) else {
        return;
    };
    let found = &found["a.npz"]["numpy"];
    assert_eq!(found["arrays"]["pair"], json!(["<i8", [30_000, 2]]));
    assert_eq!(found["arrays"]["name"], json!(["<U4", [30_000]]));
    let expected = |n: u64| json!([n, [n, 2 * n], "x".repeat((n % 5) as usize)]);
    let rows = found["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .zip(1..)
            .all(|(row, n): (&Value, u64)| *row == expected(n))
    );
}

#[test]
fn what_arrays_cannot_have_is_refused_with_the_columns_name() {
    let folder = tempfile::tempdir().unwrap();
    for (sql, wanted) in [
        (
            "SELECT [1.0, 2.0] AS even UNION ALL SELECT [1.0]",
            [
                "`even` cannot be written as npz: lists have ",
                "array_resize(\"even\"",
            ],
        ),
        (
            "SELECT * FROM (VALUES (1), (NULL)) AS t(n)",
            [
                "`n` cannot be written as npz: it has NULL, which NumPy's integers",
                "COALESCE(\"n\", -1)",
            ],
        ),
        (
            "SELECT * FROM (VALUES ('a'), (NULL)) AS t(name)",
            [
                "`name` cannot be written as npz: it has NULL, which NumPy's texts",
                "COALESCE(\"name\", '')",
            ],
        ),
        (
            "SELECT named_struct('a', 1) AS pair",
            [
                "`pair` cannot be written as npz: NumPy has no array of Struct",
                "hint: leave it out",
            ],
        ),
    ] {
        let said = refused(&folder.path().join("a.npz"), &[sql]);
        assert!(wanted.iter().all(|wanted| said.contains(wanted)), "{said}");
        assert!(super::names(folder.path()).is_empty(), "{sql}");
    }
}
