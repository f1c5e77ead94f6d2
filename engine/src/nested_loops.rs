//! Joins by a condition alone, under a limit of memory.
//!
//! Such a join (`NestedLoopJoinExec`, as of DataFusion 55.2) holds its left side in memory, and where that does not fit asks for it a
//! second time, to put it into a file. Two things go wrong then. What exchanges rows between threads gives each of them once, and
//! panics when it is asked again. And where rows come out by whether any of the other side match, every partition of the right side tells
//! those of the left by its own rows, so that they come several times, or wrongly; and rows of the right are missing.
//!
//! So the left side is computed from the start when it is asked for again; and where that would give wrong rows, the join fails as others
//! do that lack memory. It would also where the left side's files are read by a filter that its own rows made (ORDER BY with LIMIT): that stays
//! as strict as it became.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Result, internal_err, resources_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{replace_children_if_necessary, reset_plan_states};
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::work_table::WorkTableExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr,
    PlanProperties,
};

/// The name of the rule for joins by a condition alone. Its operator is not sent to nodes, which have [`asked_once`].
pub(crate) const NESTED_LOOPS: &str = "nested_loops";

/// The rule that has the left sides of joins by a condition alone answer a second time, or fail.
#[derive(Debug)]
pub(crate) struct NestedLoops;

impl PhysicalOptimizerRule for NestedLoops {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let with_left_side = |node| left_side(node, Again::FromTheStart);
        plan.transform_up(with_left_side).data()
    }

    fn name(&self) -> &str {
        NESTED_LOOPS
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A node of a plan; a join by a condition alone fails where it would ask for its left side a second time.
///
/// # Errors
/// When the join cannot be put together again.
pub fn asked_once(node: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    left_side(node, Again::Refused)
}

/// Puts a [`LeftSide`] below a join by a condition alone.
fn left_side(
    node: Arc<dyn ExecutionPlan>,
    again: Again,
) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() else {
        return Ok(Transformed::no(node));
    };
    if join.left().is::<LeftSide>() {
        return Ok(Transformed::no(node));
    }
    let n_partitions = join.right().output_partitioning().partition_count();
    let again = match goes_on(*join.join_type(), n_partitions) && !has_a_past(join.left())? {
        true => again,
        false => Again::Refused,
    };
    let left = LeftSide::new(Arc::clone(join.left()), again);
    let right = Arc::clone(join.right());
    let join = replace_children_if_necessary(node, vec![Arc::new(left), right])?;
    Ok(Transformed::yes(join))
}

/// Whether what was learned from the rows of a plan stays in it when it is made anew: a filter that files are read by, or a recursion.
fn has_a_past(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    plan.exists(|node| {
        Ok(!node.dynamic_expressions_produced().is_empty() || node.is::<WorkTableExec>())
    })
}

/// Whether a join has the right rows after its left side was put into a file, with a right side of so many partitions.
fn goes_on(join: JoinType, n_partitions: usize) -> bool {
    match join {
        JoinType::Inner => true,
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
            n_partitions == 1
        }
        // Rows of the right side that nothing matches are lost now and then.
        JoinType::Right
        | JoinType::RightSemi
        | JoinType::RightAnti
        | JoinType::RightMark
        | JoinType::Full => false,
    }
}

/// What becomes of who asks again.
#[derive(Clone, Copy, Debug)]
enum Again {
    /// Everything below is computed again.
    FromTheStart,
    /// It is an error.
    Refused,
}

/// The left side of a join.
#[derive(Debug)]
struct LeftSide {
    input: Arc<dyn ExecutionPlan>,
    again: Again,
    was_asked: AtomicBool,
}

impl LeftSide {
    fn new(input: Arc<dyn ExecutionPlan>, again: Again) -> Self {
        Self {
            input,
            again,
            was_asked: AtomicBool::new(false),
        }
    }
}

impl ExecutionPlan for LeftSide {
    fn name(&self) -> &'static str {
        "LeftSide"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
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
            return internal_err!("LeftSide has one input, not {}", children.len());
        };
        Ok(Arc::new(Self::new(Arc::clone(input), self.again)))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        if !self.was_asked.swap(true, Ordering::Relaxed) {
            return self.input.execute(partition, context);
        }
        match self.again {
            Again::FromTheStart => {
                reset_plan_states(Arc::clone(&self.input))?.execute(partition, context)
            }
            Again::Refused => {
                resources_err!(
                    "the left side of a join that is no comparison of columns does not fit"
                )
            }
        }
    }
}

impl DisplayAs for LeftSide {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeftSide")
    }
}

#[cfg(test)]
mod tests;
