//! Whether nodes can read a plan, found out before it is sent.
//!
//! The library sends plans when they run already, so that one that cannot be written down has nodes wait in vain. And a plan that
//! was read is not quite the plan that was written: what is known of rows, such as that a column has one value, is not told across
//! an exchange, and some operators refuse to be made without it. So every plan is written and read here first, with a file or two
//! in place of all.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, not_impl_err};
use datafusion::datasource::physical_plan::FileGroup;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion_distributed::{DistributedCodec, DistributedLeafExec, NetworkBoundaryExt};
use datafusion_proto::bytes::{
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};

use crate::{division, orders};

/// Writes and reads what nodes would be sent of a plan.
///
/// # Errors
/// When a part cannot be written or read.
pub(crate) fn rehearse(plan: &Arc<dyn ExecutionPlan>, context: &TaskContext) -> Result<()> {
    let codec = DistributedCodec::new_combined_with_user(context.session_config());
    plan.apply(|node| {
        if node.is_network_boundary() {
            for part in node.children() {
                let part = alone(part)?;
                let written = physical_plan_to_bytes_with_extension_codec(part, &codec)?;
                let read =
                    physical_plan_from_bytes_with_extension_codec(&written, context, &codec)?;
                if read.exists(|node| Ok(!orders::is_in_full(node.as_ref())))? {
                    return not_impl_err!("a window whose order is not known to nodes");
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(drop)
}

/// A part of a plan without the parts that it gets rows from, as its first task, with the first file of each partition.
fn alone(part: &Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let alone = Arc::clone(part).transform_down(|node| {
        if node.is_network_boundary() {
            let n_partitions = node.output_partitioning().partition_count();
            let nothing = EmptyExec::new(node.schema()).with_partitions(n_partitions);
            return Ok(Transformed::yes(Arc::new(nothing) as _));
        }
        let divided = node.downcast_ref::<DistributedLeafExec>();
        let Some(first) = divided.and_then(|leaf| leaf.variants().first()) else {
            return Ok(Transformed::no(node));
        };
        let Some(scan) = division::scan(first.as_ref()) else {
            return Ok(Transformed::yes(Arc::clone(first)));
        };
        let mut scan = scan.clone();
        for group in &mut scan.file_groups {
            *group = FileGroup::new(group.iter().take(1).cloned().collect());
        }
        Ok(Transformed::yes(DataSourceExec::from_data_source(scan) as _))
    });
    alone.data()
}
