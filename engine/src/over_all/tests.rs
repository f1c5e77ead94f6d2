use std::collections::BTreeSet;

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::util::pretty::pretty_format_batches;
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::{collect, displayable};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;

const N_PARTITIONS: usize = 3;
const BATCHES: usize = 40;
const ROWS: usize = 1_000;

/// A table `t` of numbers from 0 in `n`, in three partitions, the last of which is empty; with windows planned as here or as
/// DataFusion has them.
fn context(is_planned: bool, limit: Option<usize>) -> SessionContext {
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(limit) = limit {
        runtime = runtime.with_memory_pool(Arc::new(FairSpillPool::new(limit)));
    }
    let mut rules = PhysicalOptimizer::default().rules;
    if is_planned {
        add_to(&mut rules);
    }
    let state = SessionStateBuilder::new()
        .with_config(SessionConfig::new().with_target_partitions(N_PARTITIONS))
        .with_runtime_env(runtime.build_arc().unwrap())
        .with_default_features()
        .with_physical_optimizer_rules(rules);
    let context = SessionContext::new_with_state(state.build());
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
    let batch = |first: usize| {
        let numbers = (first..first + ROWS).map(|n| (n % 7 != 0).then_some(n as i64));
        let numbers = Arc::new(Int64Array::from_iter(numbers));
        RecordBatch::try_new(Arc::clone(&schema), vec![numbers]).unwrap()
    };
    let batches: Vec<RecordBatch> = (0..BATCHES).map(|place| batch(place * ROWS)).collect();
    let (first, second) = batches.split_at(BATCHES / 4);
    let partitions = vec![first.to_vec(), second.to_vec(), Vec::new()];
    let table = MemTable::try_new(schema, partitions).unwrap();
    context.register_table("t", Arc::new(table)).unwrap();
    context
}

async fn plan(context: &SessionContext, sql: &str) -> Arc<dyn ExecutionPlan> {
    let query = context.sql(sql).await.unwrap();
    query.create_physical_plan().await.unwrap()
}

fn is_over_all(plan: &Arc<dyn ExecutionPlan>) -> bool {
    displayable(plan.as_ref())
        .indent(false)
        .to_string()
        .contains("OverAll")
}

/// The rows as text, in no order.
async fn rows(context: &SessionContext, sql: &str) -> BTreeSet<String> {
    let rows = context.sql(sql).await.unwrap().collect().await.unwrap();
    let rows = pretty_format_batches(&rows).unwrap().to_string();
    rows.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn values_are_those_of_datafusion() {
    let (ours, theirs) = (context(true, None), context(false, None));
    for (sql, is_ours) in [
        ("SELECT n, sum(n) OVER () FROM t WHERE n % 1000 < 3", true),
        (
            "SELECT n, count(*) OVER (), count(n) OVER (), avg(n) OVER () FROM t WHERE n > 39000",
            true,
        ),
        (
            "SELECT n, sum(n + 1) OVER () + n AS a FROM t WHERE n < 10",
            true,
        ),
        ("SELECT n, max(n) OVER () FROM t WHERE n < 0", true),
        ("SELECT n, array_agg(n) OVER () FROM t WHERE n = 5", false),
        (
            "SELECT s, max(s) OVER () FROM (SELECT n, sum(n) OVER () AS s FROM t) WHERE n < 9",
            true,
        ),
        (
            "SELECT count(*), max(c) FROM (SELECT count(n) OVER () AS c FROM t) GROUP BY c",
            true,
        ),
        ("SELECT DISTINCT sum(n) OVER () - n / 1000 FROM t", true),
        (
            "SELECT n, sum(n) FILTER (WHERE n < 100) OVER () FROM t WHERE n < 200",
            false,
        ),
        (
            "SELECT n, sum(n) OVER (ORDER BY n) FROM t WHERE n < 20",
            false,
        ),
        (
            "SELECT n, sum(n) OVER (PARTITION BY n % 2) FROM t WHERE n < 20",
            false,
        ),
        (
            "SELECT n, first_value(n) OVER (ORDER BY n) FROM t WHERE n < 20",
            false,
        ),
        (
            "SELECT n, sum(n) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t WHERE n = 5",
            false,
        ),
    ] {
        assert_eq!(is_over_all(&plan(&ours, sql).await), is_ours, "{sql}");
        assert_eq!(rows(&ours, sql).await, rows(&theirs, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn partitions_stay_as_they_are_and_in_order() {
    let context = context(true, None);
    let sql = "SELECT n, count(*) OVER () AS c FROM t";
    let plan = plan(&context, sql).await;
    assert_eq!(plan.output_partitioning().partition_count(), N_PARTITIONS);
    let mut first = Vec::new();
    // One after the other, which must not wait for each other.
    for partition in [2, 0, 1] {
        let rows = plan.execute(partition, context.task_ctx()).unwrap();
        let rows: Vec<RecordBatch> = rows.try_collect().await.unwrap();
        first.push(rows.iter().map(RecordBatch::num_rows).sum::<usize>());
        let numbers = rows.iter().flat_map(|rows| {
            let numbers = rows.column(0).as_primitive::<Int64Type>();
            numbers.iter().flatten().collect::<Vec<_>>()
        });
        assert!(numbers.is_sorted());
    }
    assert_eq!(first, [0, ROWS * BATCHES / 4, ROWS * BATCHES * 3 / 4]);
    // Again, as a join does that had no room for them.
    let again = plan.execute(1, context.task_ctx()).unwrap();
    let again: Vec<RecordBatch> = again.try_collect().await.unwrap();
    let n_rows = again.iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!(n_rows, ROWS * BATCHES * 3 / 4);
}

#[tokio::test]
async fn all_rows_count_where_few_are_asked_for() {
    let context = context(true, None);
    for (sql, expected) in [
        (
            "SELECT m, count(*) OVER () FROM (SELECT n % 10 AS m FROM t GROUP BY 1) ORDER BY m LIMIT 2",
            11,
        ),
        (
            "SELECT m, sum(CASE WHEN m IS NULL THEN 0 ELSE 1 END) OVER () \
             FROM (SELECT n % 10 AS k, min(n) AS m FROM t GROUP BY 1) ORDER BY m LIMIT 1",
            10,
        ),
    ] {
        let rows = context.sql(sql).await.unwrap().collect().await.unwrap();
        let values = rows[0].column(1).as_primitive::<Int64Type>();
        assert_eq!(values.value(0), expected, "{sql}");
    }
}

#[tokio::test]
async fn rows_that_do_not_fit_go_to_files() {
    let lists = "SELECT n, array_repeat(n, 50) AS many FROM t";
    let sql = format!("SELECT n, many, count(*) OVER () AS c FROM ({lists})");
    let limited = context(true, Some(4 << 20));
    let plan = plan(&limited, &sql).await;
    let rows = collect(Arc::clone(&plan), limited.task_ctx())
        .await
        .unwrap();
    let mut sum = 0;
    for rows in &rows {
        let [numbers, counts] =
            [0, 2].map(|column| rows.column(column).as_primitive::<Int64Type>());
        assert!(
            counts
                .values()
                .iter()
                .all(|&count| count == (ROWS * BATCHES) as i64)
        );
        sum += numbers.iter().flatten().sum::<i64>();
    }
    let expected: i64 = (0..(ROWS * BATCHES) as i64).filter(|n| n % 7 != 0).sum();
    assert_eq!(sum, expected);
    let mut spilled = 0;
    plan.apply(|node| {
        if node.name() == "OverAll" {
            spilled = node
                .metrics()
                .and_then(|of| of.spilled_bytes())
                .unwrap_or_default();
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .unwrap();
    assert!(spilled > 1 << 20, "{spilled} bytes");
    assert_eq!(limited.runtime_env().memory_pool.reserved(), 0);
}

#[tokio::test]
async fn an_error_of_a_partition_is_the_querys() {
    let context = context(true, None);
    let sql = "SELECT sum(n) OVER () FROM (SELECT 1 / (n - 12345) AS n FROM t)";
    let answer = context.sql(sql).await.unwrap().collect().await;
    let error = answer.unwrap_err().to_string();
    assert!(error.contains("Divide by zero"), "{error}");
}
