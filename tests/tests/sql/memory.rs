//! Queries that need more memory than they may use: those that can go on in files do, the others say what to do.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use engram_engine::session::SessionSettings;
use engram_engine::{Error, Session, hint};
use engram_tests::synthetic;
use futures::TryStreamExt;

use super::{Dataset, EPOCHS, text};

/// Some 50 MB of rows, in an order that is not theirs.
const SORT: &str = "SELECT value * 7919 % 400009 AS key, repeat('x', 100) AS filling \
    FROM generate_series(1, 400000) ORDER BY key";

/// As many groups as rows.
const AGGREGATION: &str = "SELECT concat('group ', value % 300000) AS key, count(*) AS n, sum(value) AS total \
    FROM generate_series(0, 599999) GROUP BY key";

async fn session(dataset: &Dataset, megabytes: Option<u64>) -> Session {
    let settings = SessionSettings {
        memory_limit_bytes: megabytes.map(|megabytes| megabytes * 1_000_000),
        ..SessionSettings::default()
    };
    Session::open_with(&dataset.location(), &settings)
        .await
        .unwrap()
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<RecordBatch>, Error> {
    session.stream(sql).await?.batches.try_collect().await
}

/// Whether an operator of the query went on in files.
async fn spills(session: &Session, sql: &str) -> bool {
    let plan = text(session, &format!("EXPLAIN ANALYZE {sql}")).await;
    plan.split("spill_count=")
        .skip(1)
        .any(|count| !count.starts_with('0'))
}

#[tokio::test]
async fn a_sort_above_the_limit_goes_on_in_files() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS)[..1]);
    let small = session(&dataset, Some(20)).await;
    assert!(spills(&small, SORT).await);
    let mut last = i64::MIN;
    let mut n_rows = 0;
    for batch in rows(&small, SORT).await.unwrap() {
        for &key in batch.column(0).as_primitive::<Int64Type>().values() {
            assert!(last < key, "{last} before {key}");
            last = key;
        }
        n_rows += batch.num_rows();
    }
    assert_eq!(n_rows, 400_000);
    assert!(!spills(&session(&dataset, None).await, SORT).await);
}

#[tokio::test]
async fn an_aggregation_above_the_limit_goes_on_in_files() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS)[..1]);
    let small = session(&dataset, Some(20)).await;
    assert!(spills(&small, AGGREGATION).await);
    let (mut n_groups, mut total) = (0, 0);
    for batch in rows(&small, AGGREGATION).await.unwrap() {
        n_groups += batch.num_rows();
        let n = batch.column(1).as_primitive::<Int64Type>();
        assert!(n.values().iter().all(|&n| n == 2));
        let totals = batch.column(2).as_primitive::<Int64Type>();
        total += totals.values().iter().sum::<i64>();
    }
    assert_eq!((n_groups, total), (300_000, 599_999 * 600_000 / 2));
    assert!(!spills(&session(&dataset, None).await, AGGREGATION).await);
}

#[tokio::test]
async fn a_query_that_needs_its_memory_says_how_to_allow_more() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS)[..1]);
    let join = "SELECT count(*) FROM generate_series(1, 500000) a JOIN generate_series(1, 500000) b \
        ON a.value = b.value";
    let error = rows(&session(&dataset, Some(4)).await, join)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the query needs more memory than it may use: "),
        "{error}"
    );
    assert!(hint(&error).unwrap().contains("`--memory-limit`"));
    let counted = rows(&session(&dataset, Some(200)).await, join)
        .await
        .unwrap();
    let n_rows = counted[0].column(0).as_primitive::<Int64Type>().value(0);
    assert_eq!(n_rows, 500_000);
}

/// Rows of many groups, which threads exchange, joined by a condition alone with `join`.
fn by_condition(join: &str) -> String {
    format!(
        "SELECT count(*), sum(a.n) FROM (SELECT concat('group ', value % 60000) AS key, value % 60000 AS n \
         FROM generate_series(1, 120000) GROUP BY ALL) a {join} \
         (SELECT value % 100 * 1000 AS n FROM generate_series(1, 100000) GROUP BY ALL) b ON a.n < b.n - 90000"
    )
}

#[tokio::test]
async fn a_join_by_a_condition_above_the_limit_goes_on_in_files_or_fails() {
    let dataset = Dataset::of(&synthetic::sweep(1, &EPOCHS)[..1]);
    let (small, large) = (
        session(&dataset, Some(5)).await,
        session(&dataset, None).await,
    );
    for join in [
        "JOIN",
        "RIGHT JOIN",
        "LEFT JOIN",
        "FULL JOIN",
        "LEFT SEMI JOIN",
        "LEFT ANTI JOIN",
    ] {
        let sql = by_condition(join);
        let expected = rows(&large, &sql).await.unwrap();
        match rows(&small, &sql).await {
            Ok(found) => assert_eq!(found, expected, "{join}"),
            Err(error) => {
                let error = error.to_string();
                let lack = "the query needs more memory than it may use: ";
                assert!(error.starts_with(lack), "{join}: {error}");
            }
        }
    }
}
