//! Joins whose left side does not fit the memory.

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;

/// Less than the left side of [`joined`] takes, and more than everything else.
const LIMIT: usize = 2 << 20;

fn context(limit: usize, partitions: usize) -> SessionContext {
    let mut rules = PhysicalOptimizer::default().rules;
    rules.push(Arc::new(NestedLoops));
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(limit)));
    let state = SessionStateBuilder::new()
        .with_config(
            SessionConfig::new()
                .with_target_partitions(partitions)
                .with_batch_size(100),
        )
        .with_runtime_env(runtime.build_arc().unwrap())
        .with_default_features()
        .with_physical_optimizer_rules(rules);
    SessionContext::new_with_state(state.build())
}

/// 5,000 wide rows, which threads exchange, beside 40 narrow ones; some of either have no partner.
fn joined(join: &str) -> String {
    format!(
        "SELECT count(*), count(a.key), count(b.key), sum(length(a.filling)), sum(a.key * b.key) \
         FROM (SELECT value AS key, repeat('x', 1000) AS filling FROM generate_series(0, 4999)) a \
         {join} (SELECT value * 200 + 1700 AS key FROM generate_series(0, 39)) b ON a.key > b.key"
    )
}

async fn rows(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    context.sql(sql).await?.collect().await
}

fn told(rows: &[RecordBatch]) -> String {
    pretty_format_batches(rows).unwrap().to_string()
}

/// What has to come of a join.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// The rows that it has without a limit.
    Rows,
    /// An error that says what is lacking.
    Lack,
    /// One of these: the join leaves others what it does not take, which may be too little.
    Either,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_left_side_is_computed_again_or_the_query_fails() {
    for (join, partitions, outcome) in [
        ("JOIN", 1, Outcome::Rows),
        ("LEFT JOIN", 1, Outcome::Rows),
        ("JOIN", 4, Outcome::Either),
        ("RIGHT JOIN", 1, Outcome::Lack),
        ("RIGHT JOIN", 4, Outcome::Lack),
        ("LEFT JOIN", 4, Outcome::Lack),
        ("FULL JOIN", 4, Outcome::Lack),
    ] {
        let sql = joined(join);
        let enough = context(usize::MAX, partitions);
        let plan = told(&rows(&enough, &format!("EXPLAIN {sql}")).await.unwrap());
        assert!(plan.contains("LeftSide"), "{plan}");
        assert_eq!(plan.contains("RepartitionExec"), partitions > 1, "{plan}");
        let expected = rows(&enough, &sql).await.unwrap();
        match rows(&context(LIMIT, partitions), &sql).await {
            Ok(found) => {
                assert_ne!(outcome, Outcome::Lack, "{join} of {partitions}");
                assert_eq!(told(&found), told(&expected), "{join} of {partitions}");
            }
            Err(error) => {
                assert_ne!(outcome, Outcome::Rows, "{join} of {partitions}: {error}");
                let cause = error.find_root();
                assert!(
                    matches!(cause, DataFusionError::ResourcesExhausted(_)),
                    "{error}"
                );
            }
        }
    }
}
