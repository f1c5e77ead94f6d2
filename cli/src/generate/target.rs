//! The place that a sweep's runs go to: what is there already, and whether it can be written.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;
use engram_plan::Plan;
use engram_schemas::{DatasetLocation, RunFile, layout};
use futures::TryStreamExt;

use crate::failure::Failure;

/// The runs whose files are there. A run exists if and only if its file does.
pub(crate) async fn present_runs(location: &DatasetLocation) -> anyhow::Result<HashSet<String>> {
    let folder = layout::trajectories_folder(location.root());
    let objects = location.store().list(Some(&folder));
    let runs = objects.try_filter_map(|object| {
        // A stray file is no run; whoever reads the dataset is told about it by name.
        let run = RunFile::parse(&object.location, location.root()).ok();
        std::future::ready(Ok(run.map(|run| run.run_id)))
    });
    runs.try_collect()
        .await
        .with_context(|| format!("cannot list {}", location.url()))
}

/// Makes sure that the place can be written before anything trains: a local folder is created when its parent exists,
/// and the plan is stored.
pub(crate) async fn prepare(location: &DatasetLocation, plan: &Plan) -> anyhow::Result<()> {
    if let Some(folder) = location.local_path() {
        create(&folder)?;
    }
    let path = layout::sweep_log(location.root(), &plan.sweep);
    let text = serde_json::to_vec_pretty(plan)?;
    let options = object_store::PutOptions::default();
    location
        .store()
        .put_opts(&path, text.into(), options)
        .await
        .with_context(|| Failure::Request {
            message: format!("cannot write to {}", location.url()),
            hint: "choose a place that you may write to with --to, or change its permissions"
                .to_owned(),
        })?;
    Ok(())
}

fn create(folder: &Path) -> anyhow::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(folder);
    if !parent.is_dir() {
        return Err(Failure::Request {
            message: format!(
                "{} does not exist, so the dataset cannot be made in it",
                parent.display()
            ),
            hint: format!(
                "check the path, or make the folder first: mkdir -p {}",
                parent.display()
            ),
        }
        .into());
    }
    std::fs::create_dir(folder).with_context(|| Failure::Request {
        message: format!("cannot make the folder {}", folder.display()),
        hint: "choose a place that you may write to with --to".to_owned(),
    })
}
