//! The files that nodes read: those of one dataset. A plan that names others is not sent, and not taken.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::sink::DataSinkExec;
use datafusion::physical_plan::ExecutionPlan;
use engram_engine::Session;
use object_store::path::Path;
use std::sync::Arc;
use url::Url;

use crate::division;

/// The files of a dataset.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    store: Url,
    root: Path,
}

impl Files {
    pub(crate) fn of(session: &Session) -> Self {
        let location = session.location();
        Self {
            store: location.store_url(),
            root: location.root().clone(),
        }
    }

    /// Why the files of a scan are not read by nodes, if they are not.
    pub(crate) fn problem(&self, scan: &FileScanConfig) -> Option<String> {
        let store = scan.object_store_url.as_str();
        if store.trim_end_matches('/') != self.store.as_str().trim_end_matches('/') {
            return Some(format!("{store} is not where the dataset is"));
        }
        let mut files = scan.file_groups.iter().flat_map(FileGroup::iter);
        let outside = files.find(|file| !file.object_meta.location.prefix_matches(&self.root))?;
        Some(format!(
            "{} is not of the dataset",
            outside.object_meta.location
        ))
    }

    /// Whether a node may run a plan that was sent to it: it reads the dataset, and writes nothing.
    ///
    /// # Errors
    /// When it may not.
    pub(crate) fn check(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
        plan.apply(|node| {
            if node.is::<DataSinkExec>() {
                return plan_err!("nodes write nothing");
            }
            match division::scan(node.as_ref()).and_then(|scan| self.problem(scan)) {
                Some(problem) => plan_err!("nodes read their dataset alone: {problem}"),
                None => Ok(TreeNodeRecursion::Continue),
            }
        })
        .map(drop)
    }
}
