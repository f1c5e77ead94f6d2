//! `NOT IN` over a subquery.
//!
//! A NULL among the subquery's rows leaves no row over. DataFusion (`HashJoinExec`, as of 55.2) has the last of several partitions tell
//! so, which may not have heard yet of a NULL that another one met: rows come out now and then. In one partition nothing has to be heard.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// The rule.
#[derive(Debug)]
pub(crate) struct NotIn;

impl PhysicalOptimizerRule for NotIn {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            let join = node.downcast_ref::<HashJoinExec>();
            let Some(join) = join.filter(|join| join.null_aware) else {
                return Ok(Transformed::no(node));
            };
            let (left, right) = (Arc::clone(join.left()), Arc::clone(join.right()));
            if right.output_partitioning().partition_count() < 2 {
                return Ok(Transformed::no(node));
            }
            let right = Arc::new(CoalescePartitionsExec::new(right));
            replace_children_if_necessary(node, vec![left, right]).map(Transformed::yes)
        })
        .data()
    }

    fn name(&self) -> &str {
        "not_in"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
