//! What sweeps planned, and what of it is there.

use std::collections::BTreeSet;

use bytes::Bytes;
use engram_engine::dataset;
use engram_schemas::{DatasetLocation, Manifest, layout};
use object_store::path::Path;
use serde_json::Value;

use crate::{Error, Result, store};

/// How the files of plans end.
const ENDING: &str = ".sweep.json";

/// The folder of the plans below the root of a release.
pub const FOLDER: &str = "plans";

/// The plans of the sweeps that made a dataset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plans {
    /// Name and content of each, without what is of the machine that it ran on, sorted by name.
    pub files: Vec<(String, Bytes)>,
    /// The runs that they name.
    pub planned: BTreeSet<String>,
}

impl Plans {
    /// The plans in the `logs` of a sweep area.
    ///
    /// # Errors
    /// [`Error::Plan`] for a file that is none, [`Error::Store`].
    pub async fn of_sweeps(location: &DatasetLocation) -> Result<Self> {
        let folder = layout::logs_folder(location.root());
        let files = dataset::list(location, &folder).await?;
        let mut paths: Vec<Path> = files.into_iter().map(|file| file.location).collect();
        paths.retain(|path| path.as_ref().ends_with(ENDING));
        Self::read(location, paths).await
    }

    /// The plans of a release, which its manifest names.
    ///
    /// # Errors
    /// As [`Plans::of_sweeps`].
    pub async fn of_release(location: &DatasetLocation, manifest: &Manifest) -> Result<Self> {
        let files = manifest.files.iter();
        let paths = files
            .filter(|file| file.path.ends_with(ENDING))
            .map(|file| Ok(file.path(location.root())?))
            .collect::<Result<_>>()?;
        Self::read(location, paths).await
    }

    async fn read(location: &DatasetLocation, paths: Vec<Path>) -> Result<Self> {
        let mut plans = Self::default();
        for path in paths {
            let wrong = |reason: String| Error::Plan {
                file: location.display(&path),
                reason,
            };
            let name = path.filename().unwrap_or_default().to_owned();
            let content = store::read(location, &path).await?.unwrap_or_default();
            let mut plan: Value =
                serde_json::from_slice(&content).map_err(|error| wrong(error.to_string()))?;
            let runs = plan.get("runs").and_then(Value::as_array);
            let runs = runs.ok_or_else(|| wrong("it has no list `runs`".to_owned()))?;
            for run in runs {
                let run_id = run.get("run_id").and_then(Value::as_str);
                let run_id = run_id.ok_or_else(|| wrong("a run has no `run_id`".to_owned()))?;
                plans.planned.insert(run_id.to_owned());
            }
            // Where a task's files lay on the machine that trained is nobody's business.
            if let Some(plan) = plan.as_object_mut() {
                plan.remove("data");
            }
            let content = serde_json::to_vec_pretty(&plan).unwrap_or_default();
            plans.files.push((name, content.into()));
        }
        Ok(plans)
    }

    /// The planned runs that are not among those that are there, sorted.
    pub fn missing(&self, there: &BTreeSet<String>) -> Vec<String> {
        self.planned.difference(there).cloned().collect()
    }
}
