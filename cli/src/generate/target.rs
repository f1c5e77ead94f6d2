//! The place that a sweep's runs go to: whether it can be made and written.

use anyhow::Context;
use engram_plan::Plan;
use engram_schemas::{DatasetLocation, layout};
use object_store::PutOptions;

use crate::failure::Failure;

/// Checks that a local folder is there or can be made: its parent must exist, so that a mistyped path is no new tree.
pub(crate) fn check(location: &DatasetLocation) -> anyhow::Result<()> {
    let Some(folder) = location.local_path() else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(&folder);
    let failure = if folder.exists() {
        Failure::Request {
            message: format!("{} is a file, and a dataset is a folder", folder.display()),
            hint: "name another place with --to".to_owned(),
        }
    } else if parent.is_dir() {
        return Ok(());
    } else {
        Failure::Request {
            message: format!(
                "{} is no folder, so the dataset cannot be made in it",
                parent.display()
            ),
            hint: format!(
                "check the path, or make the folder first: mkdir -p {}",
                parent.display()
            ),
        }
    };
    Err(failure.into())
}

/// Makes sure that the place can be written before anything trains: a local folder is made, and the plan is stored.
pub(crate) async fn prepare(location: &DatasetLocation, plan: &Plan) -> anyhow::Result<()> {
    let unwritable = || Failure::Request {
        message: format!("cannot write to {}", location.url()),
        hint: "choose a place that you may write to with --to, or change its permissions"
            .to_owned(),
    };
    if let Some(folder) = location.local_path() {
        std::fs::create_dir_all(folder).with_context(unwritable)?;
    }
    let path = layout::sweep_log(location.root(), &plan.sweep);
    let text = serde_json::to_vec_pretty(plan)?;
    let put = location
        .store()
        .put_opts(&path, text.into(), PutOptions::default());
    put.await.with_context(unwritable)?;
    Ok(())
}
