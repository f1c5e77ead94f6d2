//! What one listing of a dataset's trajectories and logs tells about the runs of a plan. No file is opened for it.

mod pages;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use engram_plan::PlannedRun;
use engram_schemas::{DatasetLocation, RunFile, RunState, layout};
use futures::TryStreamExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use pages::Names;

/// A log of a run at work that is older than this was left by a worker that is gone: it is written several times a
/// minute.
pub(crate) const IN_FLIGHT: Duration = Duration::from_secs(120);

/// How far a store's clock may be ahead of ours: S3 refuses requests whose clocks are further apart. A log that is dated
/// later was left when a clock was wrong, and by a worker that is gone.
pub(crate) const CLOCKS_APART: Duration = Duration::from_secs(15 * 60);

/// Where a planned run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Its file is there.
    Done,
    /// Its file is there, up to where its loss stopped being finite.
    Diverged,
    /// It could not be trained; its log says why.
    Failed,
    /// A worker is at it.
    InFlight,
    /// A worker was at it and is gone without a word.
    Lost,
    /// Nobody has begun it, or it was left with a checkpoint.
    Missing,
}

impl Standing {
    /// The word for tables and files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
            Self::InFlight => "in flight",
            Self::Lost => "lost",
            Self::Missing => "missing",
        }
    }

    /// Whether the run's file is there.
    pub(crate) fn is_there(self) -> bool {
        matches!(self, Self::Done | Self::Diverged)
    }
}

/// The first 128 bits of a name's SHA-256, which take a tenth of its memory.
type NameDigest = [u8; 16];

/// The names in a dataset's `trajectories` and `logs`, with the times of the logs.
pub(crate) struct Listing {
    root: Path,
    files: HashSet<NameDigest>,
    /// Those of trained runs are not kept: that a run is trained is said by its file.
    logs: HashMap<String, Vec<(RunState, SystemTime)>>,
}

impl Listing {
    /// Lists the trajectories alone, which is enough to know which runs are there.
    pub(crate) async fn of_trajectories(location: &DatasetLocation) -> anyhow::Result<Self> {
        let folder = layout::trajectories_folder(location.root());
        let listed = async {
            let objects = pages::objects(location, folder, Names::Partitions).await?;
            let digests = objects.map_ok(|object| digest(&object.location));
            digests.try_collect().await
        };
        let files = listed
            .await
            .with_context(|| format!("cannot list {}", location.url()))?;
        Ok(Self {
            root: location.root().clone(),
            files,
            logs: HashMap::new(),
        })
    }

    /// Lists trajectories and logs.
    pub(crate) async fn of_runs(location: &DatasetLocation) -> anyhow::Result<Self> {
        // The logs first: a run that ends between the two listings is then seen at work or done, never as missing.
        let folder = layout::logs_folder(location.root());
        let mut logs: HashMap<_, Vec<_>> = HashMap::new();
        let unlisted = || format!("cannot list {}", location.url());
        let objects = pages::objects(location, folder, Names::Hashes).await;
        let mut objects = objects.with_context(unlisted)?;
        while let Some(object) = objects.try_next().await.with_context(unlisted)? {
            if let Some((run_id, state)) = layout::parse_run_log(&object.location, location.root())
                && state != RunState::Trained
            {
                let modified = SystemTime::from(object.last_modified);
                logs.entry(run_id).or_default().push((state, modified));
            }
        }
        drop(objects);
        Ok(Self {
            logs,
            ..Self::of_trajectories(location).await?
        })
    }

    /// Whether the run's file is there. A run exists if and only if it is.
    pub(crate) fn has(&self, run: &PlannedRun) -> bool {
        self.has_file(&run.file())
    }

    /// Whether a file of trajectories is there, that of a run or of a later observation.
    pub(crate) fn has_file(&self, file: &RunFile) -> bool {
        self.files.contains(&digest(&file.path(&self.root)))
    }

    /// Where a run stands at the time `now`.
    pub(crate) fn standing(&self, run: &PlannedRun, now: SystemTime) -> Standing {
        let logs = self.logs.get(&run.run_id).map_or(&[][..], Vec::as_slice);
        let written = |wanted: RunState| {
            let of_state = logs.iter().find(|(state, _)| *state == wanted);
            of_state.map(|(_, modified)| *modified)
        };
        if self.has(run) {
            return match written(RunState::Diverged) {
                Some(_) => Standing::Diverged,
                None => Standing::Done,
            };
        }
        let is_young = |time: SystemTime| match now.duration_since(time) {
            Ok(age) => age < IN_FLIGHT,
            Err(future) => future.duration() < CLOCKS_APART,
        };
        match (written(RunState::Running), written(RunState::Failed)) {
            (Some(running), _) if is_young(running) => Standing::InFlight,
            (Some(running), Some(failed)) if running > failed => Standing::Lost,
            (_, Some(_)) => Standing::Failed,
            (Some(_), None) => Standing::Lost,
            (None, None) => Standing::Missing,
        }
    }
}

fn digest(name: &Path) -> NameDigest {
    let whole: [u8; 32] = Sha256::digest(name.as_ref()).into();
    std::array::from_fn(|place| whole[place])
}

#[cfg(test)]
mod tests;
