//! Every function, aggregate and table function of our SQL over a dataset of the study's size: rows a second of its input.
//!
//! What DataFusion has for the same purpose stands beside those that it has something for. `queries.rs` compares whole
//! questions with other programs.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::PathBuf;
use std::time::Instant;

use engram_benches::paper_sized;
use engram_engine::Session;
use engram_schemas::DatasetLocation;
use futures::TryStreamExt;

/// Times that each query runs; the least time counts.
const REPEATS: usize = 3;

/// A function, and the query that is mostly it. Lists are made in the query: a thousand numbers for each of a thousand
/// rows.
const QUERIES: [(&str, &str); 21] = [
    (
        "(reading alone)",
        "SELECT sum(weight_raw_mean) FROM trajectories",
    ),
    (
        "observe",
        "SELECT layer, observe(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "frobenius_norm",
        "SELECT layer, frobenius_norm(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "kurtosis_pearson",
        "SELECT layer, kurtosis_pearson(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "pearson_skewness",
        "SELECT layer, pearson_skewness(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "median_nearest",
        "SELECT layer, median_nearest(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "  median",
        "SELECT layer, median(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "third_quartile",
        "SELECT layer, third_quartile(weight_raw_mean) FROM trajectories GROUP BY layer",
    ),
    (
        "collect_trajectories",
        "SELECT run_id, layer, collect_trajectories(epoch, weight_raw_mean) FROM trajectories GROUP BY run_id, layer",
    ),
    (
        "collect_admissible",
        "SELECT run_id, layer, collect_admissible((status = 'trained'), epoch, weight_raw_mean) FROM trajectories GROUP BY run_id, layer",
    ),
    (
        "  array_agg",
        "SELECT run_id, layer, array_agg(weight_raw_mean ORDER BY epoch) FROM trajectories GROUP BY run_id, layer",
    ),
    (
        "uniform",
        "SELECT sum(uniform(1, run_id, layer, epoch)) FROM trajectories",
    ),
    (
        "row_key",
        "SELECT count(row_key(run_id, layer, unit_fraction)) FROM trajectories",
    ),
    (
        "TABLESAMPLE",
        "SELECT count(run_id) FROM trajectories TABLESAMPLE (10 PERCENT)",
    ),
    (
        "trajectory_subsample",
        "SELECT sum(weight_raw_mean) FROM trajectory_subsample(3, 25)",
    ),
    (
        "trajectory_portion",
        "SELECT sum(weight_raw_mean) FROM trajectory_portion('late')",
    ),
    (
        "trajectory_mean",
        "SELECT sum(weight_raw_mean) FROM trajectory_mean()",
    ),
    (
        "held_out",
        "SELECT side, sum(weight_raw_mean) FROM held_out('task', 'wsn', input => trajectories) GROUP BY side",
    ),
    (
        "split",
        "SELECT side, count(*) FROM split(0.25, 1) GROUP BY side",
    ),
    (
        "features",
        "SELECT sum(cardinality(features)) FROM features('weight')",
    ),
    (
        "flatten_where",
        "SELECT sum(cardinality(flatten_where([epochs, epochs], [true, false]))) FROM (SELECT epochs FROM series)",
    ),
];

const LISTS: [(&str, &str); 4] = [
    (
        "(making the lists)",
        "SELECT sum(cardinality(x)) FROM lists",
    ),
    (
        "list_observe",
        "SELECT sum(list_observe(x)['norm']) FROM lists",
    ),
    (
        "sample_units",
        "SELECT sum(cardinality(sample_units(x, 0.1, 1, k))) FROM lists",
    ),
    (
        "add_gaussian_noise",
        "SELECT sum(cardinality(add_gaussian_noise(x, 1.0, 1, k))) FROM lists",
    ),
];

#[tokio::main]
async fn main() {
    let folder = std::env::var_os("ENGRAM_BENCH_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let dataset = folder.join("paper-sized-x1");
    paper_sized::write(&dataset, 1).expect("the dataset can be written");
    let place = dataset.to_str().expect("the folder's name is text");
    let location = DatasetLocation::open(place).expect("a folder is a place");
    let session = Session::open(&location).await.expect("the dataset opens");
    let n_rows = paper_sized::N_EXAMPLES * paper_sized::N_CHECKPOINTS;
    println!("over {n_rows} rows of trajectories");
    for (name, sql) in QUERIES {
        report(name, least_seconds(&session, sql).await, n_rows);
    }
    println!("over 1,000,000 numbers in 1,000 lists");
    for (name, sql) in LISTS {
        let lists = "(SELECT k, array_transform(range(0, 1000), i -> sin(i * k)) AS x FROM \
                     (SELECT unnest(range(0, 1000)) AS k))";
        let sql = sql.replace("lists", lists);
        report(name, least_seconds(&session, &sql).await, 1_000_000);
    }
}

fn report(name: &str, seconds: f64, n: usize) {
    println!(
        "{name:<24} {:>8.1} ms {:>9.1} million a second",
        seconds * 1e3,
        n as f64 / seconds / 1e6
    );
}

async fn least_seconds(session: &Session, sql: &str) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..REPEATS {
        let started = Instant::now();
        let answer = session.stream(sql).await.expect("the query is planned");
        let rows: Vec<_> = answer.batches.try_collect().await.expect("the query runs");
        assert!(!rows.is_empty(), "{sql}");
        least = least.min(started.elapsed().as_secs_f64());
    }
    least
}
