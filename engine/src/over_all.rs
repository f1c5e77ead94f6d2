//! Aggregates over all rows: `admissible(...) OVER ()`.
//!
//! DataFusion (`WindowAggExec`, as of 55.2) brings all rows together in one partition, copies them into one batch, and computes from
//! there on one thread; what it holds is not counted and cannot spill. Where a window is all rows, none of this is needed: every
//! partition sums its rows up as they come and keeps them as they are, the sums are brought together, and the rows go on where they
//! are, beside the values. What is kept counts against the limit of memory, and goes to files where it passes it.

mod kept;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::runtime::JoinSet;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Accumulator;
use datafusion::physical_expr::window::PlainAggregateWindowExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::ensure_requirements::EnsureRequirements;
use datafusion::physical_plan::coop::cooperative;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr,
    PlanProperties, WindowExpr,
};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{StreamExt, TryStreamExt, stream};
use kept::Kept;

/// The name of the rule for windows of all rows. Partitions on several machines cannot be summed up this way.
pub(crate) const WINDOWS_OVER_ALL: &str = "windows_over_all";

/// The rule that has windows of all rows computed by [`OverAll`].
#[derive(Debug)]
struct WindowsOverAll;

impl PhysicalOptimizerRule for WindowsOverAll {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| match node.downcast_ref::<WindowAggExec>() {
            Some(window) if window.window_expr().iter().all(is_over_all) => {
                Ok(Transformed::yes(Arc::new(OverAll::new(window.clone())) as _))
            }
            _ => Ok(Transformed::no(node)),
        })
        .data()
    }

    fn name(&self) -> &str {
        WINDOWS_OVER_ALL
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Has windows of all rows planned so. It comes before partitions are brought together for them.
pub(crate) fn add_to(rules: &mut Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>>) {
    let requirements = rules
        .iter()
        .position(|rule| rule.name() == EnsureRequirements::new().name());
    rules.insert(requirements.unwrap_or_default(), Arc::new(WindowsOverAll));
}

/// Aggregates that say in which order rows came: those of a sorted subquery come in its order.
const IN_ORDER: [&str; 2] = ["array_agg", "string_agg"];

/// Whether every row has the value of an aggregate of all rows.
fn is_over_all(window: &Arc<dyn WindowExpr>) -> bool {
    let frame = window.get_window_frame();
    let plain = window.as_any().downcast_ref::<PlainAggregateWindowExpr>();
    plain.is_some_and(|plain| !IN_ORDER.contains(&plain.get_aggregate_expr().fun().name()))
        && window.partition_by().is_empty()
        && window.order_by().is_empty()
        && frame.start_bound.is_unbounded()
        && frame.end_bound.is_unbounded()
        // What FILTER says is told nowhere else.
        && format!("{window:?}").ends_with("filter: None }")
}

/// All rows, with the values of aggregates of all of them.
struct OverAll {
    /// What it computes, and how it is told.
    window: WindowAggExec,
    begun: Mutex<Option<Begun>>,
    metrics: ExecutionPlanMetricsSet,
}

/// A collecting that was begun, and the partitions that were asked for since.
struct Begun {
    collecting: Collecting,
    asked: HashSet<usize>,
}

/// The collecting of all partitions, which the first that is asked for begins and everyone waits for.
type Collecting =
    Shared<BoxFuture<'static, std::result::Result<Arc<Collected>, Arc<DataFusionError>>>>;

/// The values of all rows, and each partition's rows until they are taken.
struct Collected {
    values: Vec<ScalarValue>,
    kept: Mutex<Vec<Option<Kept>>>,
}

impl OverAll {
    fn new(window: WindowAggExec) -> Self {
        Self {
            window,
            begun: Mutex::default(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// The collecting that a partition's rows come from. Who asks for a partition again has everything collected again.
    fn collecting(&self, partition: usize, context: &Arc<TaskContext>) -> Result<Collecting> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = &mut *begun
            && begun.asked.insert(partition)
        {
            return Ok(begun.collecting.clone());
        }
        let input = self.window.input();
        let mut partitions = Vec::new();
        for partition in 0..input.output_partitioning().partition_count() {
            let aggregates = self.window.window_expr().iter().map(Aggregate::of);
            let kept = Kept::new(input.schema(), partition, &self.metrics, context);
            partitions.push(Partition {
                rows: input.execute(partition, Arc::clone(context))?,
                aggregates: aggregates.collect::<Result<_>>()?,
                kept,
            });
        }
        let all = async move { collect(partitions).await.map(Arc::new).map_err(Arc::new) };
        let collecting = all.boxed().shared();
        *begun = Some(Begun {
            collecting: collecting.clone(),
            asked: HashSet::from([partition]),
        });
        Ok(collecting)
    }
}

/// Sums every partition up, on a task of its own.
async fn collect(partitions: Vec<Partition>) -> Result<Collected> {
    let mut tasks = JoinSet::new();
    let n_partitions = partitions.len();
    for (place, partition) in partitions.into_iter().enumerate() {
        tasks.spawn(async move { Ok::<_, DataFusionError>((place, partition.summed_up().await?)) });
    }
    let mut done: Vec<_> = (0..n_partitions).map(|_| None).collect();
    while let Some(task) = tasks.join_next().await {
        let (place, partition) =
            task.map_err(|error| DataFusionError::External(error.into()))??;
        done[place] = Some(partition);
    }
    let mut all: Option<Vec<Aggregate>> = None;
    let mut kept = Vec::new();
    for partition in done.into_iter().flatten() {
        kept.push(Some(partition.kept));
        match &mut all {
            None => all = Some(partition.aggregates),
            Some(all) => {
                for (all, mut part) in all.iter_mut().zip(partition.aggregates) {
                    all.add(&mut part)?;
                }
            }
        }
    }
    let values = all.into_iter().flatten();
    Ok(Collected {
        values: values
            .map(|mut all| all.accumulator.evaluate())
            .collect::<Result<_>>()?,
        kept: Mutex::new(kept),
    })
}

/// One aggregate of one partition.
struct Aggregate {
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    accumulator: Box<dyn Accumulator>,
}

impl Aggregate {
    fn of(window: &Arc<dyn WindowExpr>) -> Result<Self> {
        let Some(plain) = window.as_any().downcast_ref::<PlainAggregateWindowExpr>() else {
            return internal_err!("{} is no aggregate", window.name());
        };
        Ok(Self {
            arguments: window.expressions(),
            accumulator: plain.get_aggregate_expr().create_accumulator()?,
        })
    }

    fn take(&mut self, rows: &RecordBatch) -> Result<()> {
        let arguments = self.arguments.iter().map(|argument| {
            let values = argument.evaluate(rows)?;
            values.into_array(rows.num_rows())
        });
        let arguments: Vec<ArrayRef> = arguments.collect::<Result<_>>()?;
        self.accumulator.update_batch(&arguments)
    }

    fn add(&mut self, other: &mut Self) -> Result<()> {
        let state = other.accumulator.state()?;
        let state = state.iter().map(ScalarValue::to_array);
        self.accumulator
            .merge_batch(&state.collect::<Result<Vec<_>>>()?)
    }
}

/// A partition that is summed up.
struct Partition {
    rows: SendableRecordBatchStream,
    aggregates: Vec<Aggregate>,
    kept: Kept,
}

impl Partition {
    async fn summed_up(mut self) -> Result<Self> {
        while let Some(rows) = self.rows.try_next().await? {
            for aggregate in &mut self.aggregates {
                aggregate.take(&rows)?;
            }
            self.kept.add(rows)?;
        }
        Ok(self)
    }
}

impl ExecutionPlan for OverAll {
    fn name(&self) -> &'static str {
        "OverAll"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.window.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.window.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.window.apply_expressions(f)
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = &children[..] else {
            return internal_err!("OverAll has one input, not {}", children.len());
        };
        let windows = self.window.window_expr().to_vec();
        let window = WindowAggExec::try_new(windows, Arc::clone(input), false)?;
        Ok(Arc::new(Self::new(window)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let collecting = self.collecting(partition, &context)?;
        let schema = self.schema();
        let of_rows = Arc::clone(&schema);
        let rows = async move {
            let collected = collecting.await.map_err(DataFusionError::Shared)?;
            let mut kept = collected
                .kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let Some(kept) = kept.get_mut(partition).and_then(Option::take) else {
                return internal_err!("OverAll has no partition {partition}");
            };
            let values = collected.values.clone();
            let beside = move |rows: RecordBatch| beside(&of_rows, rows, &values);
            Ok(kept.rows().map(move |rows| rows.and_then(&beside)))
        };
        let rows = stream::once(rows).try_flatten().boxed();
        // What is kept is there at once, and who takes it all would not give way.
        let rows = cooperative(RecordBatchStreamAdapter::new(schema, rows));
        Ok(Box::pin(rows))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

/// The rows, with the values in every row.
fn beside(schema: &SchemaRef, rows: RecordBatch, values: &[ScalarValue]) -> Result<RecordBatch> {
    let n_rows = rows.num_rows();
    let values = values.iter().map(|value| value.to_array_of_size(n_rows));
    let columns = rows.columns().iter().cloned().map(Ok).chain(values);
    let columns = columns.collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

impl DisplayAs for OverAll {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.window.window_expr().iter().map(|window| window.name());
        write!(f, "OverAll: [{}]", names.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for OverAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverAll")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
