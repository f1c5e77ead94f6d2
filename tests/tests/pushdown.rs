//! What a virtual experiment reads: the plans of queries, down to the files and columns of every scan.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroUsize;

use arrow::array::{Array, AsArray};
use engram_engine::Session;
use engram_engine::session::SessionSettings;
use engram_schemas::DatasetLocation;
use engram_tests::synthetic;
use futures::TryStreamExt;
use tempfile::TempDir;

/// A scan of a plan.
#[derive(Debug)]
struct Scan {
    n_files: usize,
    projection: String,
    line: String,
}

async fn dataset() -> (TempDir, Session) {
    let folder = tempfile::tempdir().unwrap();
    synthetic::write(folder.path(), &synthetic::sweep(2, &[0, 5, 10])).unwrap();
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let session = Session::open(&location).await.unwrap();
    (folder, session)
}

/// The physical plan of a statement, and its scans of Parquet.
async fn plan(session: &Session, sql: &str) -> (String, Vec<Scan>) {
    let answer = session.stream(&format!("EXPLAIN {sql}")).await;
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    let batches: Vec<_> = answer.batches.try_collect().await.unwrap();
    let texts = batches.iter().flat_map(|batch| {
        let texts = batch.column(1).as_string::<i32>();
        (0..texts.len()).map(|row| texts.value(row).to_owned())
    });
    let physical = texts.last().unwrap();
    let scan = |line: &str| Scan {
        n_files: line.matches(".parquet").count(),
        projection: line
            .split_once("projection=[")
            .and_then(|(_, rest)| rest.split_once(']'))
            .map_or_else(String::new, |(columns, _)| columns.to_owned()),
        line: line.trim().to_owned(),
    };
    let scans = physical
        .lines()
        .filter(|line| line.contains("DataSourceExec: file_groups"))
        .map(scan)
        .collect();
    (physical, scans)
}

/// Every scan opens the eight files of knet4 and no others.
fn assert_only_knet4(physical: &str, scans: &[Scan]) {
    assert!(!scans.is_empty(), "{physical}");
    for scan in scans {
        // A long list of files is cut in the plan's text.
        assert!(!scan.line.contains("knet5"), "{}", scan.line);
        assert!(scan.line.contains("architecture=knet4"), "{}", scan.line);
        assert!(scan.n_files <= 8, "{}", scan.line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn features_read_the_partitions_and_columns_of_their_input() {
    let (_folder, session) = dataset().await;
    let (physical, scans) = plan(
        &session,
        "SELECT run_id, layer, features FROM features('weight_raw_mean', 'weight_abs_norm', \
         input => (SELECT * FROM trajectories WHERE architecture = 'knet4'))",
    )
    .await;
    assert_only_knet4(&physical, &scans);
    for scan in &scans {
        let observed = scan.projection.split(", ").filter(|column| {
            ["weight_", "activation_", "activity_"]
                .iter()
                .any(|measure| column.starts_with(measure))
        });
        let unwanted: Vec<&str> = observed
            .filter(|column| !["weight_raw_mean", "weight_abs_norm"].contains(column))
            .collect();
        assert!(unwanted.is_empty(), "{unwanted:?} in {}", scan.line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predicate_on_what_a_function_gives_reaches_the_files() {
    let (_folder, session) = dataset().await;
    for relation in [
        "trajectory_subsample(2, 5)",
        "trajectory_portion('late')",
        "trajectory_mean()",
        "held_out('batch_size', 32, input => trajectories)",
    ] {
        let sql = format!(
            "SELECT run_id, weight_abs_median FROM {relation} WHERE architecture = 'knet4'"
        );
        let (physical, scans) = plan(&session, &sql).await;
        assert_only_knet4(&physical, &scans);
        assert!(
            scans
                .iter()
                .all(|scan| !scan.projection.contains("activation")),
            "{physical}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_predicate_on_a_column_prunes_row_groups() {
    let (_folder, session) = dataset().await;
    let (physical, scans) = plan(
        &session,
        "SELECT run_id, weight_abs_median FROM held_out('batch_size', 32, input => trajectories) WHERE epoch = 5",
    )
    .await;
    let [scan] = scans.as_slice() else {
        panic!("{physical}");
    };
    assert!(scan.line.contains("pruning_predicate="), "{}", scan.line);
    assert!(scan.line.contains("epoch"), "{}", scan.line);
}

/// Which examples are left out needs no observed values.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sides_are_told_without_reading_what_was_observed() {
    let (_folder, session) = dataset().await;
    let (physical, scans) = plan(&session, "SELECT run_id, layer, side FROM split(0.25, 1)").await;
    assert!(!scans.is_empty(), "{physical}");
    for scan in scans {
        assert!(!scan.projection.contains("weight_"), "{}", scan.line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_of_a_run_are_complete_where_it_is_read() {
    let (folder, session) = dataset().await;
    let location = DatasetLocation::open(folder.path().to_str().unwrap()).unwrap();
    let one_thread = SessionSettings {
        n_threads: NonZeroUsize::new(1),
        ..SessionSettings::default()
    };
    let of_one_thread = Session::open_with(&location, &one_thread).await.unwrap();
    for sql in [
        "SELECT run_id, layer, features FROM features('weight')",
        "SELECT * FROM series",
        "SELECT run_id, max(epoch) FROM trajectories WHERE architecture = 'knet4' GROUP BY run_id",
    ] {
        for session in [&session, &of_one_thread] {
            let (physical, _) = plan(session, sql).await;
            let aggregates: Vec<&str> = physical
                .lines()
                .filter(|line| line.contains("AggregateExec"))
                .collect();
            let is_by_run = |line: &&str| {
                line.contains("mode=SinglePartitioned") && line.contains("ordering_mode=")
            };
            assert!(!aggregates.is_empty(), "{physical}");
            assert!(aggregates.iter().all(is_by_run), "{physical}");
            assert!(!physical.contains("partitioning=Hash([task"), "{physical}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_other_runs_are_not_opened() {
    let (_folder, session) = dataset().await;
    let run = "sgdm-knet4-b32-s0";
    for sql in [
        format!("SELECT epoch, weight_raw_mean FROM trajectories WHERE run_id = '{run}'"),
        format!("SELECT * FROM runs WHERE run_id = '{run}'"),
        format!(
            "SELECT statistic, value FROM observables WHERE run_id IN ('{run}') AND layer = 'conv1'"
        ),
    ] {
        let (physical, scans) = plan(&session, &sql).await;
        assert!(!scans.is_empty(), "{physical}");
        for scan in &scans {
            assert!(
                scan.n_files == 1 && scan.line.contains(run),
                "{}",
                scan.line
            );
        }
        let answer = session.stream(&sql).await.unwrap();
        let rows: Vec<_> = answer.batches.try_collect().await.unwrap();
        assert!(
            rows.iter().map(|rows| rows.num_rows()).sum::<usize>() > 0,
            "{sql}"
        );
    }
    let none = "SELECT * FROM trajectories WHERE run_id = 'nothing'";
    let (physical, scans) = plan(&session, none).await;
    assert!(
        scans.is_empty() && physical.contains("EmptyExec"),
        "{physical}"
    );
}
