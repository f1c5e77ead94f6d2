//! Orders that are told in full.
//!
//! DataFusion sorts by no column that has one value, as one that a filter compares with a constant. Windows are then made over rows
//! whose order is told in part, which goes well where the one value is known. It is not known on a node, as what is known of rows
//! does not cross a network with them. So the columns that windows are cut by are put back into the orders that are made for them.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, ExecutionPlan, InputOrderMode, ReplaceChildrenOptions, WindowExpr,
};

/// The plan, with the columns that windows are cut by in the orders below them.
///
/// # Errors
/// When the plan cannot be put together again.
pub(crate) fn in_full(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let in_full = plan.transform_up(|node| {
        let (Some(windows), [child]) = (windows(node.as_ref()), &node.children()[..]) else {
            return Ok(Transformed::no(node));
        };
        let Some(sort) = child.downcast_ref::<SortExec>() else {
            return Ok(Transformed::no(node));
        };
        let is_told =
            |column: &Arc<dyn PhysicalExpr>| sort.expr().iter().any(|told| told.expr.eq(column));
        let cut_by = windows
            .first()
            .map_or(&[][..], |window| window.partition_by());
        let untold: Vec<PhysicalSortExpr> = cut_by
            .iter()
            .filter(|column| !is_told(column))
            .map(|column| PhysicalSortExpr::new_default(Arc::clone(column)))
            .collect();
        let all = LexOrdering::new(untold.into_iter().chain(sort.expr().iter().cloned()));
        let Some(all) = all.filter(|all| all.len() > sort.expr().len()) else {
            return Ok(Transformed::no(node));
        };
        let sort = SortExec::new(all, Arc::clone(sort.input()))
            .with_preserve_partitioning(sort.preserve_partitioning())
            .with_fetch(sort.fetch());
        let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        let node = node.replace_children(vec![Arc::new(sort)], options)?;
        Ok(Transformed::yes(node))
    });
    in_full.data()
}

/// Whether the order below a window is told in full, as far as the window relies on it.
pub(crate) fn is_in_full(node: &dyn ExecutionPlan) -> bool {
    let cut_by = |windows: &[Arc<dyn WindowExpr>]| {
        windows
            .first()
            .map_or(0, |window| window.partition_by().len())
    };
    if let Some(window) = node.downcast_ref::<WindowAggExec>() {
        let told = window.partition_by_sort_keys();
        return told.is_ok_and(|told| told.len() == cut_by(window.window_expr()));
    }
    let Some(window) = node.downcast_ref::<BoundedWindowAggExec>() else {
        return true;
    };
    let needed = match &window.input_order_mode {
        InputOrderMode::Linear => return true,
        InputOrderMode::PartiallySorted(places) => places.len(),
        InputOrderMode::Sorted => cut_by(window.window_expr()),
    };
    let told = window.partition_by_sort_keys();
    told.is_ok_and(|told| told.len() == needed)
}

fn windows(node: &dyn ExecutionPlan) -> Option<&[Arc<dyn WindowExpr>]> {
    if let Some(window) = node.downcast_ref::<WindowAggExec>() {
        return Some(window.window_expr());
    }
    let window = node.downcast_ref::<BoundedWindowAggExec>()?;
    Some(window.window_expr())
}
