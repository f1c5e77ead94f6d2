//! Nodes give the rows that a query gives without them.

use std::path::Path;

use serde_json::Value;

use crate::{NodeProcess, asking, dataset, done, failed};

/// The named queries, with parameters that fit the dataset.
const NAMED: &[&[&str]] = &[
    &["admissible_statistics"],
    &["features"],
    &["figure_2a"],
    &["figure_2b", "-p", "value=knet5"],
    &["figure_2b_curriculum", "-p", "batch_size=64"],
    &["figure_2c"],
    &["figure_3"],
    &["figure_4a", "-p", "samples=3", "-p", "period=2"],
    &["figure_4b"],
    &[
        "figure_5",
        "-p",
        "architecture=knet4",
        "-p",
        "first_rule=sgdm",
        "-p",
        "second_rule=adam",
    ],
    &[
        "figure_5_recorded",
        "-p",
        "noise_stddev=0.3",
        "-p",
        "first_rule=sgdm",
        "-p",
        "second_rule=adam",
    ],
    &["figure_s1"],
    &["figure_s2a"],
    &["figure_s2b"],
    &["matched_performance"],
    &["observed", "-p", "units=2000"],
    &["recorded", "-p", "units=10", "-p", "noise_stddev=0.1"],
    &["validation_accuracy"],
];

/// Other questions: what samples, draws, joins, sorts and ends early.
const QUESTIONS: &[&str] = &[
    "SELECT * FROM runs TABLESAMPLE (50) REPEATABLE (7)",
    "SELECT run_id, layer, epoch, uniform(3, run_id, layer, epoch) AS u FROM trajectories WHERE epoch > 2",
    "SELECT run_id, sample_units(values, 0.5, 1, run_id, layer) AS some FROM recordings WHERE measure = 'activation'",
    "SELECT learning_rule, count(DISTINCT layer) AS n, min(weight_abs_median) AS least FROM trajectories GROUP BY learning_rule",
    "SELECT run_id, layer, epoch FROM trajectories ORDER BY weight_abs_median DESC, run_id, layer LIMIT 7",
    "SELECT a.run_id, b.layer, b.depth FROM runs a LEFT JOIN layers b ON a.run_id = b.run_id AND b.layer_index > 1",
    "SELECT a.run_id FROM runs a WHERE NOT EXISTS (SELECT 1 FROM layers b WHERE a.run_id = b.run_id AND b.layer = 'fc5')",
    "SELECT run_id FROM runs WHERE learning_rule = 'adam' UNION ALL SELECT run_id FROM layers WHERE layer = 'conv1'",
    "SELECT learning_rule, architecture, count(*) AS n FROM runs GROUP BY ROLLUP (learning_rule, architecture)",
    "SELECT run_id, row_number() OVER (PARTITION BY architecture, learning_rule ORDER BY run_id) AS place FROM runs WHERE architecture = 'knet4'",
    "SELECT v.rule, count(*) AS n FROM (VALUES ('adam'), ('sgdm')) v (rule) JOIN runs ON v.rule = runs.learning_rule GROUP BY v.rule",
    "SELECT (SELECT max(epoch) FROM trajectories) AS last, run_id FROM runs WHERE run_id = (SELECT min(run_id) FROM runs)",
    "SELECT run_id, array_agg(epoch ORDER BY epoch DESC) AS epochs FROM trajectories WHERE layer = 'conv1' GROUP BY run_id",
    "SELECT architecture || '/' || learning_rule AS both, repeat(layer, 2) AS twice, count(*) AS n FROM trajectories GROUP BY ALL",
    "SELECT max(epoch) AS last, max(abs(weight_raw_mean)) AS most FROM trajectories",
    "SELECT run_id FROM runs WHERE learning_rule NOT IN (SELECT learning_rule FROM layers WHERE learning_rule < 'b')",
    "SELECT DISTINCT run_id, epoch FROM trajectories WHERE epoch >= ALL (SELECT epoch FROM trajectories)",
    "SELECT table_name FROM information_schema.tables",
    "SELECT count(*) AS n FROM recordings r JOIN trajectories t USING (run_id, layer, epoch)",
];

#[test]
fn rows_are_those_of_a_query_without_nodes() {
    let dataset = dataset();
    let identify = ["identify", "--splits", "2", "--trees", "20"];
    done(asking(&identify, dataset.path(), &[]));
    let nodes = [1, 2, 3].map(|_| NodeProcess::of(dataset.path(), &[]));
    let questions = QUESTIONS.iter().map(|sql| vec!["sql", sql]);
    let named = NAMED.iter().map(|named| [&["query"], *named].concat());
    for mut arguments in questions.chain(named) {
        arguments.extend(["--format", "json"]);
        let (here, _) = done(asking(&arguments, dataset.path(), &[]));
        let here = rows(&here);
        for n_nodes in 1..=nodes.len() {
            let nodes: Vec<&NodeProcess> = nodes.iter().take(n_nodes).collect();
            let (there, said) = done(asking(&arguments, dataset.path(), &nodes));
            let there = rows(&there);
            assert!(
                alike(&here, &there),
                "{arguments:?} on {n_nodes} nodes: {here:?} {there:?}"
            );
            let is_here = said.contains("computed here");
            let reads = !arguments[1].contains("information_schema");
            assert!(is_here != reads, "{arguments:?}: {said}");
        }
        assert!(!here.is_empty(), "{arguments:?} gives nothing to compare");
    }
}

#[test]
fn rows_of_a_single_run_are_not_taken_apart() {
    let folder = tempfile::tempdir().unwrap();
    let runs = engram_tests::synthetic::sweep(1, &[0, 1, 2]);
    engram_tests::synthetic::write(folder.path(), &runs[..1]).unwrap();
    let nodes = [1, 2].map(|_| NodeProcess::of(folder.path(), &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let sql = "SELECT count(*) AS n, count(DISTINCT epoch) AS epochs FROM trajectories";
    let (text, _) = done(asking(
        &["sql", sql, "--format", "csv"],
        folder.path(),
        &nodes,
    ));
    assert_eq!(text.lines().nth(1), Some("12,3"));
}

/// Without nodes a second row is an error when it comes; with nodes it would be one more row of the answer.
#[test]
fn a_value_is_not_taken_from_a_subquery_of_many_rows() {
    let dataset = dataset();
    let nodes = [NodeProcess::of(dataset.path(), &[])];
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let sql = "SELECT run_id, (SELECT epoch FROM trajectories LIMIT 2) AS epoch FROM runs";
    let error = failed(asking(&["sql", sql], dataset.path(), &[]));
    assert!(error.contains("more than one row"), "{error}");
    let error = failed(asking(&["sql", sql], dataset.path(), &nodes));
    assert!(error.contains("add LIMIT 1"), "{error}");
}

#[test]
fn exports_and_experiments_are_the_same() {
    let dataset = dataset();
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let folder = tempfile::tempdir().unwrap();
    let export = |nodes: &[&NodeProcess], name: &str| {
        let file = folder.path().join(name);
        let to = file.to_str().unwrap();
        let sql = "SELECT * FROM features('weight') ORDER BY run_id, layer";
        done(asking(&["export", "--to", to, sql], dataset.path(), nodes));
        std::fs::read(file).unwrap()
    };
    assert_eq!(export(&[], "here.ndjson"), export(&nodes, "there.ndjson"));
    let identify = [
        "identify", "--splits", "2", "--trees", "20", "--format", "json",
    ];
    let (here, _) = done(asking(&identify, dataset.path(), &[]));
    let (there, _) = done(asking(&identify, dataset.path(), &nodes));
    assert_eq!(here, there);
}

#[test]
fn a_plan_says_what_each_node_does() {
    let dataset = dataset();
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let sql = "EXPLAIN SELECT learning_rule, count(*) FROM runs GROUP BY learning_rule";
    let (plan, _) = done(asking(
        &["sql", sql, "--format", "json"],
        dataset.path(),
        &nodes,
    ));
    // A run is summed up where its file is read, and its rows go nowhere.
    assert!(
        plan.contains("NetworkShuffleExec") && plan.contains("mode=SinglePartitioned"),
        "{plan}"
    );
}

/// The parts of a release are of many runs, and are read in pieces.
#[test]
fn a_release_is_divided_too() {
    let release = engram_tests::python::repository().join("tests/releases/1.1");
    let nodes = [1, 2].map(|_| NodeProcess::of(&release, &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    for sql in [
        "SELECT count(*) AS n, count(DISTINCT run_id) AS runs, min(weight_abs_median) AS least FROM trajectories",
        "SELECT * FROM runs ORDER BY run_id",
        "SELECT * FROM split(0.25, seed => 3, input => (SELECT * FROM features('weight'))) ORDER BY run_id, layer",
    ] {
        let arguments = ["sql", sql, "--format", "csv"];
        let (here, _) = done(asking(&arguments, &release, &[]));
        let (there, _) = done(asking(&arguments, &release, &nodes));
        assert_eq!(here, there, "{sql}");
    }
}

/// Of an answer as JSON.
fn rows(text: &str) -> Vec<Value> {
    let rows: Value = serde_json::from_str(text).unwrap();
    let mut rows = rows.as_array().unwrap().clone();
    // Only some queries say in which order rows come; those that do have their order compared elsewhere.
    rows.sort_by_cached_key(Value::to_string);
    rows
}

/// Equal, but for the last digits of means over several runs, which are summed up in another order.
fn alike(here: &[Value], there: &[Value]) -> bool {
    here.len() == there.len()
        && here
            .iter()
            .zip(there)
            .all(|(here, there)| is_alike(here, there))
}

fn is_alike(here: &Value, there: &Value) -> bool {
    match (here, there) {
        (Value::Object(here), Value::Object(there)) => {
            here.len() == there.len()
                && here.iter().all(|(name, value)| {
                    let other = there.get(name);
                    other.is_some_and(|other| match name.as_str() {
                        "mean_importance" | "standard_error" => near(value, other),
                        _ => value == other,
                    })
                })
        }
        _ => here == there,
    }
}

fn near(here: &Value, there: &Value) -> bool {
    let (Some(here), Some(there)) = (here.as_f64(), there.as_f64()) else {
        return here == there;
    };
    (here - there).abs() <= 1e-12 * here.abs().max(1e-12)
}

/// The order that a query asks for.
#[test]
fn rows_come_in_the_order_that_is_asked_for() {
    let dataset = dataset();
    let nodes = [1, 2].map(|_| NodeProcess::of(dataset.path(), &[]));
    let nodes: Vec<&NodeProcess> = nodes.iter().collect();
    let csv = |dataset: &Path, nodes: &[&NodeProcess]| {
        let sql = "SELECT run_id, layer, epoch FROM trajectories ORDER BY weight_abs_median";
        done(asking(&["sql", sql, "--format", "csv"], dataset, nodes)).0
    };
    assert_eq!(csv(dataset.path(), &[]), csv(dataset.path(), &nodes));
}
