//! The answer of nodes to a query: tried again while nothing of it has been handed over.
//!
//! A node that is lost takes its part of the answer with it, and the library then ends the query with an error. Nothing of one try
//! is used in another: a plan that is made anew has a name of its own on the nodes, which forget the old one when its
//! connections close. Once rows were handed over, another try could hand them over twice, and the query fails. So the first are
//! held back for a while, and an answer of few rows until it is whole.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, execute_stream,
};
use futures::StreamExt;
use tokio::sync::mpsc::Sender;

use crate::Error;
use crate::address::told;
use crate::error::Refusal;
use crate::planner::Planner;

/// How often a query is tried.
const TRIES: usize = 3;

/// How much of an answer is held back, in bytes.
const HELD_BYTES: usize = 4 << 20;

/// The answer to a query, as an operator of one partition.
pub(crate) struct Answer {
    planner: Arc<Planner>,
    query: LogicalPlan,
    properties: Arc<PlanProperties>,
}

impl Answer {
    pub(crate) fn new(planner: Arc<Planner>, query: LogicalPlan, schema: SchemaRef) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            planner,
            query,
            properties: Arc::new(properties),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("planner", &self.planner)
            .finish()
    }
}

impl DisplayAs for Answer {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerOfNodes")
    }
}

impl ExecutionPlan for Answer {
    fn name(&self) -> &str {
        "AnswerOfNodes"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.is_empty() {
            true => Ok(self),
            false => internal_err!("an answer of nodes has no operators below it"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if partition > 0 {
            return internal_err!("an answer of nodes has one partition");
        }
        let mut stream = RecordBatchReceiverStreamBuilder::new(self.schema(), 1);
        let tries = Tries {
            planner: Arc::clone(&self.planner),
            query: self.query.clone(),
            context,
            schema: self.schema(),
            rows: stream.tx(),
            n_rows: 0,
        };
        stream.spawn(tries.run());
        Ok(stream.build())
    }
}

/// The tries of one query.
struct Tries {
    planner: Arc<Planner>,
    query: LogicalPlan,
    context: Arc<TaskContext>,
    schema: SchemaRef,
    rows: Sender<Result<RecordBatch>>,
    n_rows: u64,
}

impl Tries {
    async fn run(mut self) -> Result<()> {
        let mut refusals = Vec::new();
        for _ in 0..TRIES {
            let ready = self.planner.nodes().ready().await?;
            let Err(error) = self.try_once(ready).await else {
                return Ok(());
            };
            let Some(loss) = self.planner.nodes().channels().loss(&error) else {
                return Err(error);
            };
            let node = loss.node.as_ref().map_or_else(|| "a node".to_owned(), told);
            let reason = loss.reason;
            if self.n_rows > 0 {
                let n_rows = self.n_rows;
                return Err(Error::Lost {
                    node,
                    reason,
                    n_rows,
                }
                .into());
            }
            match &loss.node {
                Some(url) => self.planner.nodes().set_aside(url, &reason),
                None => tracing::warn!(reason, "a query is tried again"),
            }
            refusals.push(Refusal { node, reason });
        }
        let n_attempts = TRIES;
        Err(Error::Exhausted {
            n_attempts,
            refusals,
        }
        .into())
    }

    async fn try_once(&mut self, ready: crate::nodes::Ready) -> Result<()> {
        let (session, plan) = self.planner.plan(&self.query, ready).await?;
        // What this query may hold in memory is said where it was asked.
        let context = session.task_ctx();
        let context = TaskContext::new(
            context.task_id(),
            context.session_id(),
            context.session_config().clone(),
            context.scalar_functions().clone(),
            context.higher_order_functions().clone(),
            context.aggregate_functions().clone(),
            context.window_functions().clone(),
            self.context.runtime_env(),
        );
        let mut answer = execute_stream(plan, Arc::new(context))?;
        let (mut held, mut held_bytes) = (Vec::new(), 0);
        while let Some(batch) = answer.next().await {
            let batch = batch?;
            if batch.num_rows() == 0 {
                continue;
            }
            held_bytes += batch.get_array_memory_size();
            held.push(batch);
            let is_held = self.n_rows == 0 && held_bytes < HELD_BYTES;
            if !is_held && self.hand_over(&mut held).await?.is_break() {
                return Ok(());
            }
        }
        self.hand_over(&mut held).await.map(drop)
    }

    /// Gives rows to whoever asked; broken off when nobody reads any more.
    async fn hand_over(&mut self, held: &mut Vec<RecordBatch>) -> Result<ControlFlow<()>> {
        for batch in held.drain(..) {
            self.n_rows += batch.num_rows() as u64;
            // Of an answer without columns the number of rows is all that there is.
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let (schema, columns) = (Arc::clone(&self.schema), batch.columns().to_vec());
            let batch = RecordBatch::try_new_with_options(schema, columns, &options)
                .map_err(DataFusionError::from)?;
            if self.rows.send(Ok(batch)).await.is_err() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}
