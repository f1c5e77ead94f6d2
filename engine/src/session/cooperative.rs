//! Has operators that make many rows of few give way, so that a query can be ended.
//!
//! A task of the async runtime ends where it gives way. DataFusion sees to it that what reads does so, which is enough where what
//! comes out is not much more than what went in. A join makes any number of batches of two, and what sums them up would take them
//! all at one go.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::unnest::UnnestExec;

/// The plan, with every join and every unnesting giving way now and then.
///
/// # Errors
/// When the plan cannot be put together again.
pub fn giving_way(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let makes_many = node.children().len() > 1 || node.is::<UnnestExec>();
        Ok(match makes_many {
            true => Transformed::yes(Arc::new(CooperativeExec::new(node)) as _),
            false => Transformed::no(node),
        })
    })
    .data()
}
