//! Every function and every named query beside an independent implementation in NumPy, and beside DuckDB's SQL where that can
//! express it.
//!
//! `scripts/reference_virtual_experiments.py` reads the same Parquet files; what it gives is kept in
//! `reference/virtual_experiments.json`. The answers here are compared with that file, and where the Python environment of
//! `make python` is there, the file is compared with what the script gives now. `ENGRAM_WRITE_REFERENCE=1` writes it anew.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::RecordBatch;
use engram_engine::{Session, queries, write_results};
use engram_schemas::results::ResultRow;
use engram_schemas::{DatasetLocation, Status};
use engram_tests::python::{self, repository};
use engram_tests::synthetic;
use futures::TryStreamExt;
use serde_json::{Map, Value};

/// A sum of some hundred numbers in another order.
const TOLERANCE: f64 = 1e-11;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_gives_what_numpy_gives() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path()).await;
    let stored = repository().join("tests/tests/reference/virtual_experiments.json");
    if let Some(now) = python::answer("reference_virtual_experiments.py", folder.path()) {
        if std::env::var_os("ENGRAM_WRITE_REFERENCE").is_some() {
            std::fs::write(&stored, &now).unwrap();
        }
        let now: Value = serde_json::from_str(&now).unwrap();
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(&stored).unwrap()).unwrap();
        for (name, rows) in now.as_object().unwrap() {
            same(name, &kept[name], rows);
        }
    }
    let expected: Map<String, Value> =
        serde_json::from_str(&std::fs::read_to_string(&stored).unwrap()).unwrap();
    let duckdb: Map<String, Value> = python::answer("reference_duckdb.py", folder.path())
        .map(|text| serde_json::from_str(&text).unwrap())
        .unwrap_or_default();
    let session = Session::open(&location(folder.path())).await.unwrap();
    let mut answered = Vec::new();
    for (name, sql) in experiments() {
        let rows = rows(&session, &sql).await;
        let rows = Value::Array(rows);
        same(name, &rows, &expected[name]);
        if let Some(expected) = duckdb.get(name) {
            same(&format!("{name}, in DuckDB"), &rows, expected);
        }
        answered.push(name);
    }
    let unanswered: Vec<&String> = expected
        .keys()
        .filter(|name| !answered.contains(&name.as_str()))
        .collect();
    assert!(unanswered.is_empty(), "{unanswered:?}");
    let untested: Vec<&str> = queries::ALL
        .iter()
        .map(|query| query.name)
        .filter(|name| *name != "validation_accuracy" && !answered.contains(name))
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}

/// What a seeded choice gives does not depend on how the work is cut up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_do_not_depend_on_partitions_or_batches() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path()).await;
    let mut answers: Vec<Vec<Vec<Value>>> = Vec::new();
    for (partitions, batch_size) in [("1", "8192"), ("2", "7"), ("5", "64")] {
        let session = Session::open(&location(folder.path())).await.unwrap();
        {
            let state = session.context().state_ref();
            let mut state = state.write();
            let options = state.config_mut().options_mut();
            options.execution.target_partitions = partitions.parse().unwrap();
            options.execution.batch_size = batch_size.parse().unwrap();
        }
        let mut of_session = Vec::new();
        for (name, sql) in experiments() {
            // Averages are sums, whose last digits hang on their order.
            let is_sum = [
                "aggregates",
                "figure_2c",
                "figure_3",
                "figure_5_recorded",
                "recorded",
            ];
            if !is_sum.contains(&name) && !name.contains("mean") && name != "figure_s2b" {
                of_session.push(rows(&session, &sql).await);
            }
        }
        answers.push(of_session);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

/// The sides that an experiment's query gives are those of its examples alone, whatever else it carries along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sides_depend_on_the_examples_alone() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path()).await;
    let session = Session::open(&location(folder.path())).await.unwrap();
    for (name, by) in [
        ("figure_2a", "example"),
        ("figure_s2b", "run"),
        ("figure_5_recorded", "run"),
    ] {
        let given = [("split_seed", "3"), ("split_by", by)];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = queries::bind(
            queries::find(name).unwrap().text,
            &BTreeMap::from(given.clone()),
        );
        let text = text.unwrap();
        let sided = format!("SELECT run_id, layer, side FROM ({text}) ORDER BY ALL");
        let examples = format!("SELECT learning_rule, run_id, layer FROM ({text})");
        let alone = format!(
            "SELECT run_id, layer, side FROM split(0.25, 3, '{by}', input => ({examples})) ORDER BY ALL"
        );
        let sided = rows(&session, &sided).await;
        assert!(!sided.is_empty());
        assert_eq!(sided, rows(&session, &alone).await, "{name}");
    }
}

/// Every example is on one side, or left out; every rule has as many to test on; a run stays together where it should.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn splits_keep_their_promises() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path()).await;
    let session = Session::open(&location(folder.path())).await.unwrap();
    let examples = rows(
        &session,
        "SELECT DISTINCT run_id, layer FROM examples ORDER BY 1, 2",
    )
    .await;
    let mut seen = Vec::new();
    for (seed, fraction) in [(0, 0.01), (1, 0.25), (2, 0.5), (-3, 0.99)] {
        for by in ["example", "run"] {
            let split = format!("split({fraction}, seed => {seed}, by => '{by}')");
            let of = |columns: &str| format!("SELECT {columns} FROM {split} ORDER BY ALL");
            assert_eq!(
                rows(&session, &of("run_id, layer")).await,
                examples,
                "{split}: covers"
            );
            let per_rule = format!(
                "SELECT DISTINCT n FROM (SELECT learning_rule, count(*) AS n FROM {split} WHERE side = 'test' GROUP BY 1)"
            );
            assert_eq!(
                rows(&session, &per_rule).await.len(),
                1,
                "{split}: balanced"
            );
            let rules = format!(
                "SELECT count(DISTINCT learning_rule) AS n FROM {split} WHERE side IS NOT NULL GROUP BY side"
            );
            let four = Value::Array(vec![4.into()]);
            assert_eq!(
                rows(&session, &rules).await,
                [four.clone(), four],
                "{split}: no side without a rule"
            );
            let torn = format!(
                "SELECT run_id FROM {split} WHERE side IS NOT NULL GROUP BY run_id HAVING count(DISTINCT side) > 1"
            );
            let n_torn = rows(&session, &torn).await.len();
            assert!(
                by == "example" || n_torn == 0,
                "{split}: runs on both sides"
            );
            let left_out = rows(
                &session,
                &format!("SELECT run_id FROM {split} WHERE side IS NULL"),
            )
            .await;
            assert!(
                by == "run" || left_out.is_empty(),
                "{split}: nothing is left out"
            );
            seen.push(rows(&session, &of("run_id, layer, side")).await);
        }
    }
    let n_splits = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), n_splits, "other seeds give other splits");
}

/// Two seeds of every rule on two architectures, seven checkpoints; one run diverged, and one statistic is NaN in one.
async fn write_dataset(dataset: &Path) {
    let mut runs = synthetic::sweep(2, &[0, 5, 10, 15, 20, 25, 30]);
    runs[0].status = Status::Diverged;
    runs[0].epochs.truncate(3);
    runs[1].replaced.push((0, 5, "weight_raw_skew", f64::NAN));
    runs[2]
        .replaced
        .push((1, 10, "activation_square_var", f64::INFINITY));
    synthetic::write(dataset, &runs).unwrap();
    for run in &runs {
        run.write_recordings(dataset).unwrap();
    }
    let split = |split: i32| ResultRow {
        experiment: "identify".to_owned(),
        query: String::new(),
        classifier: "random_forest".to_owned(),
        settings: "{}".to_owned(),
        split_by: "example".to_owned(),
        split,
        seed: 0,
        n_train: 9,
        n_test: 6,
        n_features: 2,
        accuracy: 0.5,
        chance: 1.0 / 3.0,
        classes: ["sgdm", "adam", "feedback_alignment"]
            .map(str::to_owned)
            .to_vec(),
        confusion: vec![2, i64::from(split), 0, 1, 1, 0, 0, 3, 4],
        statistics: ["weight_raw_norm", "depth"].map(str::to_owned).to_vec(),
        importances: vec![0.75 + 0.1 * f64::from(split), 0.25 - 0.1 * f64::from(split)],
        ..ResultRow::default()
    };
    let rows = [split(0), split(1), split(2)];
    write_results(&location(dataset), "0123", &rows)
        .await
        .unwrap();
}

/// The SQL whose rows the reference has, by the reference's names.
fn experiments() -> Vec<(&'static str, String)> {
    let features = "run_id, layer, CAST(NULL AS VARCHAR) AS side, features";
    let named = |name: &'static str, parameters: &[(&str, &str)], columns: &str| {
        let given: BTreeMap<String, String> = parameters
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let text = queries::bind(queries::find(name).unwrap().text, &given).unwrap();
        (name, format!("SELECT {columns} FROM ({text}) ORDER BY ALL"))
    };
    let sided = "run_id, layer, side, features";
    let sql = |name: &'static str, sql: &str| (name, sql.to_owned());
    let noise = |stddev: &str| {
        format!(
            "({stddev}, add_gaussian_noise(arrow_cast([0.5, -1.0, 2.0, 8.0, -0.25, 3.0, 1.0], 'List(Float32)'), {stddev}, 3, 'run', 5))"
        )
    };
    let sample = |fraction: &str| {
        format!(
            "({fraction}, sample_units([0.5, -1.0, 2.0, 8.0, -0.25, 3.0, 1.0], {fraction}, 3, 'run', 'layer'))"
        )
    };
    let portion = |portion: &str| {
        format!(
            "SELECT run_id, layer, sample, epoch, weight_abs_median FROM trajectory_portion('{portion}') ORDER BY 1, 2, 3"
        )
    };
    vec![
        sql(
            "aggregates",
            "SELECT layer, frobenius_norm(weight_raw_mean), observe(weight_raw_mean)['mean'], observe(weight_raw_mean)['var'], \
             pearson_skewness(weight_raw_mean), kurtosis_pearson(weight_raw_mean), median_nearest(weight_raw_mean), \
             third_quartile(weight_raw_mean) FROM trajectories GROUP BY layer ORDER BY layer",
        ),
        sql(
            "uniform",
            "SELECT drawn FROM (VALUES (1, uniform(7, 'a', 1)), (2, uniform(-7, 'a', CAST(1 AS SMALLINT))), \
             (3, uniform(7, NULL, true, 0.5)), (4, uniform(7, '', 'ab')), \
             (5, uniform(7, arrow_cast('a', 'Utf8View'), arrow_cast('b', 'Dictionary(Int32, Utf8)')))) AS t(n, drawn) \
             ORDER BY n",
        ),
        ("sample_units", ordered(["0.1", "0.5", "1"].map(sample))),
        ("add_gaussian_noise", ordered(["0", "0.5", "2"].map(noise))),
        sql(
            "trajectory_subsample",
            "SELECT run_id, layer, sample, epoch, weight_abs_median \
             FROM trajectory_subsample(samples => 3, period_epochs => 10, seed => 1) ORDER BY 1, 2, 3",
        ),
        ("trajectory_portion_early", portion("early")),
        ("trajectory_portion_middle", portion("middle")),
        ("trajectory_portion_late", portion("late")),
        sql(
            "trajectory_mean",
            "SELECT run_id, layer, weight_abs_median FROM trajectory_mean() ORDER BY 1, 2",
        ),
        sql(
            "split_example",
            "SELECT run_id, layer, side FROM split(0.25, 5) ORDER BY 1, 2",
        ),
        sql(
            "split_run",
            "SELECT run_id, layer, side FROM split(0.25, seed => 5, by => 'run') ORDER BY 1, 2",
        ),
        (
            "admissible_statistics",
            format!(
                "SELECT name FROM ({}) WHERE is_admissible ORDER BY name",
                queries::find("admissible_statistics").unwrap().text
            ),
        ),
        (
            "features",
            format!("SELECT {features} FROM features() WHERE excluded IS NULL ORDER BY 1, 2"),
        ),
        named(
            "figure_2a",
            &[
                ("measure", "weight"),
                ("split_seed", "3"),
                ("split_by", "run"),
            ],
            sided,
        ),
        named("figure_2b", &[("value", "knet5")], sided),
        named("figure_2b_curriculum", &[("batch_size", "32")], sided),
        named(
            "figure_2c",
            &[],
            "learning_rule, predicted, n_examples, share",
        ),
        named(
            "figure_3",
            &[],
            "statistic, mean_importance, standard_error",
        ),
        named(
            "figure_s1",
            &[
                ("first_rule", "adam"),
                ("second_rule", "feedback_alignment"),
            ],
            sided,
        ),
        named("figure_s2a", &[("start_seed", "4")], sided),
        named("figure_s2b", &[], sided),
        named(
            "matched_performance",
            &[("measure", "weight"), ("bin", "0.05"), ("split_seed", "1")],
            sided,
        ),
        named(
            "figure_4a",
            &[
                ("measure", "activation"),
                ("samples", "3"),
                ("period", "10"),
                ("start_seed", "2"),
                ("split_seed", "1"),
            ],
            sided,
        ),
        named("figure_4b", &[("test_portion", "middle")], sided),
        named("figure_5", &[("architecture", "knet4")], sided),
        named(
            "figure_5_recorded",
            &[
                ("unit_fraction", "0.4"),
                ("noise_stddev", "0.3"),
                ("observation_seed", "2"),
            ],
            sided,
        ),
        named(
            "recorded",
            &[
                ("units", "10"),
                ("noise_stddev", "0.3"),
                ("observation_seed", "4"),
            ],
            "run_id, layer, epoch, unit_fraction, weight_abs_var, weight_raw_norm, weight_square_third_quartile, \
             activation_raw_median, activation_abs_norm, activity_change_raw_mean, activity_change_abs_mean, \
             activity_change_square_mean",
        ),
        named(
            "observed",
            &[("measure", "activation"), ("units", "1000")],
            "run_id, layer, epoch, unit_fraction, activation_raw_mean",
        ),
    ]
}

/// The second column of rows, in the order of the first.
fn ordered(rows: [String; 3]) -> String {
    let rows = rows.join(", ");
    format!(
        "SELECT arrow_cast(drawn, 'List(Float64)') FROM (VALUES {rows}) AS t(n, drawn) ORDER BY n"
    )
}

/// An answer's rows, with a list of features as its length and its sum weighted by place.
async fn rows(session: &Session, sql: &str) -> Vec<Value> {
    let answer = session.stream(sql).await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let names: Vec<String> = answer
        .schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let batches: Vec<RecordBatch> = answer.batches.try_collect().await.unwrap();
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    // Columns without names of their own would be taken for each other.
    for batch in &batches {
        let columns = batch.columns().iter().enumerate();
        let numbered = columns.map(|(place, column)| (place.to_string(), column.clone(), true));
        let batch = RecordBatch::try_from_iter_with_nullable(numbered).unwrap();
        writer.write(&batch).unwrap();
    }
    writer.finish().unwrap();
    let written = writer.into_inner();
    if written.is_empty() {
        return Vec::new();
    }
    let objects: Vec<Map<String, Value>> = serde_json::from_slice(&written).unwrap();
    let cells = |object: &Map<String, Value>| {
        let mut cells = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let cell = object.get(&place.to_string()).cloned().unwrap_or_default();
            match cell.as_array() {
                Some(values) if name == "features" => {
                    let weighted = values.iter().zip(1..);
                    let weighted =
                        weighted.map(|(value, place)| value.as_f64().unwrap() * f64::from(place));
                    cells.push(values.len().into());
                    cells.push(weighted.sum::<f64>().into());
                }
                _ => cells.push(cell),
            }
        }
        Value::Array(cells)
    };
    objects.iter().map(cells).collect()
}

/// Compares two JSON values, numbers by their relative difference.
fn same(place: &str, found: &Value, expected: &Value) {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
                same(&format!("{place}[{row}]"), found, expected);
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let allowed = TOLERANCE * expected.abs().max(1.0);
            assert!(
                (found - expected).abs() <= allowed,
                "{place}: {found} is not {expected}"
            );
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

fn location(dataset: &Path) -> DatasetLocation {
    DatasetLocation::open(dataset.to_str().unwrap()).unwrap()
}
