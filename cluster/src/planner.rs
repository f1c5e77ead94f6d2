//! Plans for nodes.
//!
//! A session whose planner this is has its queries computed by nodes wherever it hands them to DataFusion: so everything that
//! asks a session works with nodes, and none of it knows of them. The plan that it gives has one operator, the [`Answer`]: which
//! nodes there are, and what each does, is decided when the answer is computed, and again when a node was lost.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{LogicalPlan, PlanType, StringifiedPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::explain::ExplainExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion_distributed::{
    DistributedExt, NetworkBoundaryExt, SessionStateBuilderExt, WorkerResolver, display_plan_ascii,
};
use engram_engine::session::{RULES_OF_ONE_PROCESS, asked_once, giving_way};
use url::Url;

use crate::answer::Answer;
use crate::channels::Channels;
use crate::division;
use crate::files::Files;
use crate::nodes::{Nodes, Ready};
use crate::{orders, rehearsal};

/// The planner of a session with nodes.
pub(crate) struct Planner {
    nodes: Arc<Nodes>,
    files: Files,
    session: SessionState,
}

impl Planner {
    /// Plans for nodes that read `files`, with the tables and functions of a session.
    pub(crate) fn new(nodes: Arc<Nodes>, files: Files, session: SessionState) -> Self {
        Self {
            nodes,
            files,
            session,
        }
    }

    pub(crate) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The session of one try, for the nodes that are ready, and the plan. One that nodes could not read is a plan for here.
    pub(crate) async fn plan(
        &self,
        query: &LogicalPlan,
        ready: Ready,
    ) -> Result<(SessionState, Arc<dyn ExecutionPlan>)> {
        // A plan of one partition cannot be divided, and where one task follows another on one node, the library computes here.
        let n_tasks = ready.urls.len().max(2);
        let n_partitions = ready.n_threads.max(2);
        let config = self.session.config().clone();
        // What brings the partitions of one process together does not bring those of several.
        let rules = self.session.physical_optimizers().iter();
        let rules = rules.filter(|rule| !RULES_OF_ONE_PROCESS.contains(&rule.name()));
        let session = SessionStateBuilder::new_from_existing(self.session.clone())
            .with_physical_optimizer_rules(rules.cloned().collect())
            .with_config(config.with_target_partitions(n_partitions))
            .with_query_planner(Arc::new(Here))
            .with_distributed_passthrough_headers(Channels::headers_of_query(&ready.urls))?
            .with_distributed_planner()
            .with_distributed_worker_resolver(Urls(ready.urls))
            .with_distributed_channel_resolver(self.nodes.channels().clone())
            .with_distributed_desired_task_count_handler(division::n_tasks)
            .with_distributed_scale_up_leaf_node_handler(division::divide)
            .with_distributed_max_tasks_per_stage(n_tasks)?
            .build();
        let planner = Arc::clone(session.query_planner());
        let planned = planner.create_physical_plan(query, &session).await;
        let rehearsed = planned.and_then(|plan| {
            rehearsal::rehearse(&plan, &session.task_ctx())?;
            head_asked_once(plan)
        });
        let error = match rehearsed {
            Ok(plan) => return Ok((session, plan)),
            Err(error) => error,
        };
        tracing::info!(reason = error.strip_backtrace(), "a query is computed here");
        let plan = Here.create_physical_plan(query, &self.session).await?;
        Ok((self.session.clone(), plan))
    }

    /// Why a plan is computed here, if it is.
    fn reason_for_here(&self, plan: &Arc<dyn ExecutionPlan>) -> Option<String> {
        let (mut reads, mut reason) = (false, None);
        let walked = plan.apply(|node| {
            use TreeNodeRecursion::{Continue, Stop};
            if !node.children().is_empty() {
                return Ok(Continue);
            }
            if let Some(scan) = division::scan(node.as_ref()) {
                reads = true;
                reason = self.files.problem(scan);
            } else if !is_small(node.as_ref()) {
                reason = Some(format!("{} is not read by nodes", node.name()));
            }
            Ok(if reason.is_none() { Continue } else { Stop })
        });
        if let Err(error) = walked {
            return Some(error.strip_backtrace());
        }
        if !reads {
            return Some("it reads no files of the dataset".to_owned());
        }
        reason
    }

    /// EXPLAIN of a query, with the plan for the nodes.
    async fn explained(
        &self,
        explain: &ExplainExec,
        query: &LogicalPlan,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let ready = self.nodes.ready().await?;
        let (_, plan) = self.plan(query, ready).await?;
        let plan = display_plan_ascii(plan.as_ref(), false);
        let mut plans = explain.stringified_plans().to_vec();
        plans.retain(|plan| plan.plan_type != PlanType::FinalPhysicalPlan);
        plans.push(StringifiedPlan::new(PlanType::FinalPhysicalPlan, plan));
        Ok(Arc::new(ExplainExec::new(
            explain.schema(),
            plans,
            explain.verbose(),
        )))
    }
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planner")
            .field("nodes", &self.nodes)
            .finish()
    }
}

/// The planner as a session has it.
#[derive(Debug)]
pub(crate) struct ForNodes(pub(crate) Arc<Planner>);

#[async_trait]
impl QueryPlanner for ForNodes {
    async fn create_physical_plan(
        &self,
        query: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::default();
        let here = planner.create_physical_plan(query, session).await?;
        let explained = match query {
            LogicalPlan::Explain(explain) => Some(&explain.plan),
            _ => None,
        };
        let plan = match explained {
            Some(query) => planner.create_physical_plan(query, session).await?,
            None => Arc::clone(&here),
        };
        if let Some(reason) = self.0.reason_for_here(&plan) {
            tracing::debug!(reason, "a query is computed here");
            return Ok(here);
        }
        match (explained, here.downcast_ref::<ExplainExec>()) {
            (Some(query), Some(explain)) => self.0.explained(explain, query).await,
            _ => Ok(Arc::new(Answer::new(
                Arc::clone(&self.0),
                query.clone(),
                here.schema(),
            ))),
        }
    }
}

/// The plan, with [`asked_once`] for what of it is computed here.
fn head_asked_once(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_down(|node| match node.is_network_boundary() {
        true => Ok(Transformed::new(node, false, TreeNodeRecursion::Jump)),
        false => asked_once(node),
    })
    .data()
}

/// DataFusion's own planner, with orders told in full, and operators that give way.
#[derive(Debug)]
struct Here;

#[async_trait]
impl QueryPlanner for Here {
    async fn create_physical_plan(
        &self,
        query: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::default();
        let plan = planner.create_physical_plan(query, session).await?;
        // A query ends with its client also on nodes.
        giving_way(orders::in_full(plan)?)
    }
}

/// The nodes of one plan.
struct Urls(Vec<Url>);

impl WorkerResolver for Urls {
    fn get_urls(&self) -> Result<Vec<Url>, DataFusionError> {
        Ok(self.0.clone())
    }
}

/// Whether a leaf goes to nodes with the plan, rows and all.
fn is_small(leaf: &dyn ExecutionPlan) -> bool {
    let in_memory = leaf.downcast_ref::<DataSourceExec>().is_some_and(|source| {
        let source = source.data_source();
        source.downcast_ref::<MemorySourceConfig>().is_some()
    });
    in_memory || leaf.is::<EmptyExec>() || leaf.is::<PlaceholderRowExec>()
}
