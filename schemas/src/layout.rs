//! Which object holds what inside a dataset.
//!
//! ```text
//! trajectories/task=T/architecture=A/<run_id>.parquet    one run, one file
//! trajectories/task=T/architecture=A/<run_id>-<observation_id>.parquet
//!                                                        the same run, observed again under other conditions
//! recordings/task=T/architecture=A/<run_id>.parquet      the same run's recorded units, where they were asked for
//! results/<result_id>.parquet                            one identification or design, one file
//! results/<result_id>-<split>.parquet                    one split of an experiment of the study, one file
//! logs/<run_id>.<state>.json                             host, device and timings of a run: running, trained, ...
//! networks/<run_id>/<epoch>.safetensors                  the network as it was observed, where it was to be kept
//! checkpoints/<run_id>.safetensors                       where an unfinished run goes on from
//! logs/<sweep>.sweep.json                                the plan as it was resolved
//! ```
//!
//! Nothing but Parquet lies in a table's folder, so that any tool can be pointed at it.

use object_store::path::{Path, PathPart};

use crate::{
    Architecture, Error, Result, RunState, Task, manifest, recordings, results, trajectories,
};

/// Ending of a table's files.
pub const PARQUET: &str = "parquet";

/// Where the trajectories of one run lie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunFile {
    /// Task, the outer partition.
    pub task: Task,
    /// Architecture, the inner partition.
    pub architecture: Architecture,
    /// The run.
    pub run_id: String,
    /// Of a later observation, what names its conditions.
    pub observation_id: Option<String>,
}

impl RunFile {
    /// The path of the run's trajectories below a dataset's `root`.
    pub fn path(&self, root: &Path) -> Path {
        self.path_in(trajectories::TABLE, root)
    }

    /// The path of the run's recordings below a dataset's `root`.
    pub fn recordings_path(&self, root: &Path) -> Path {
        self.path_in(recordings::TABLE, root)
    }

    fn path_in(&self, table: &str, root: &Path) -> Path {
        let [task, architecture] = trajectories::PARTITION_COLUMNS;
        root.clone()
            .join(table)
            .join(format!("{task}={}", self.task))
            .join(format!("{architecture}={}", self.architecture))
            .join(match &self.observation_id {
                None => format!("{}.{PARQUET}", self.run_id),
                Some(observation_id) => format!("{}-{observation_id}.{PARQUET}", self.run_id),
            })
    }

    /// Reads a path below `root` back into its parts.
    ///
    /// # Errors
    /// [`Error::ForeignFile`] when the path is not one that [`RunFile::path`] makes.
    pub fn parse(path: &Path, root: &Path) -> Result<Self> {
        Self::parse_in(trajectories::TABLE, path, root)
    }

    /// Reads a path below `root` back into its parts.
    ///
    /// # Errors
    /// [`Error::ForeignFile`] when the path is not one that [`RunFile::recordings_path`] makes.
    pub fn parse_recordings(path: &Path, root: &Path) -> Result<Self> {
        Self::parse_in(recordings::TABLE, path, root)
    }

    fn parse_in(table: &'static str, path: &Path, root: &Path) -> Result<Self> {
        let foreign = |reason: String| Error::ForeignFile {
            path: path.clone(),
            table,
            reason,
        };
        let shape =
            || foreign("it does not lie in task=.../architecture=.../<run_id>.parquet".to_owned());
        let parts: Vec<PathPart<'_>> = path.prefix_match(root).ok_or_else(shape)?.collect();
        let [folder, task, architecture, file] = parts.as_slice() else {
            return Err(shape());
        };
        if folder.as_ref() != table {
            return Err(shape());
        }
        let value = |part: &PathPart<'_>, column: &str| {
            part.as_ref()
                .strip_prefix(column)
                .and_then(|rest| rest.strip_prefix('='))
                .map(str::to_owned)
        };
        let [task_column, architecture_column] = trajectories::PARTITION_COLUMNS;
        let (Some(task), Some(architecture), Some((run_id, PARQUET))) = (
            value(task, task_column),
            value(architecture, architecture_column),
            file.as_ref().rsplit_once('.'),
        ) else {
            return Err(shape());
        };
        if file.as_ref().starts_with(manifest::PART) {
            return Err(foreign(format!(
                "it is a part of a release, and there is no {} beside the tables: the release was not finished",
                manifest::FILE
            )));
        }
        let (run_id, observation_id) = match run_id.split_once('-') {
            None => (run_id, None),
            Some((run_id, observation_id)) => (run_id, Some(observation_id.to_owned())),
        };
        let file = Self {
            task: task
                .parse()
                .map_err(|error: Error| foreign(error.to_string()))?,
            architecture: architecture
                .parse()
                .map_err(|error: Error| foreign(error.to_string()))?,
            run_id: run_id.to_owned(),
            observation_id,
        };
        // A name with encoded characters would be written otherwise than it was read.
        let has_names = !file.run_id.is_empty() && file.observation_id.as_deref() != Some("");
        (has_names && file.path_in(table, root) == *path)
            .then_some(file)
            .ok_or_else(shape)
    }
}

/// The folder of the trajectories below a dataset's `root`.
pub fn trajectories_folder(root: &Path) -> Path {
    root.clone().join(trajectories::TABLE)
}

/// The folder of the recordings below a dataset's `root`.
pub fn recordings_folder(root: &Path) -> Path {
    root.clone().join(recordings::TABLE)
}

/// The folder of the results below a dataset's `root`.
pub fn results_folder(root: &Path) -> Path {
    root.clone().join(results::TABLE)
}

/// The file of this name in the folder of the results.
pub fn results_file(root: &Path, name: &str) -> Path {
    results_folder(root).join(format!("{name}.{PARQUET}"))
}

/// What names the file of one split's results, where splits are kept as they are done.
pub fn split_results_name(result_id: &str, split: i32) -> String {
    format!("{result_id}-{split}")
}

/// The log of a run in `state`: what may differ between two runs of the same configuration. The state stands in the name,
/// so that one listing tells the states of all runs; when a log was last written says whether a run is still at work.
pub fn run_log(root: &Path, run_id: &str, state: RunState) -> Path {
    logs_folder(root).join(format!("{run_id}.{state}.json"))
}

/// The folder of the logs below a dataset's `root`.
pub fn logs_folder(root: &Path) -> Path {
    root.clone().join("logs")
}

/// Reads the path of a log below `root` back into run and state; nothing for another file.
pub fn parse_run_log(path: &Path, root: &Path) -> Option<(String, RunState)> {
    let mut parts = path.prefix_match(&logs_folder(root))?;
    let file = parts.next()?;
    let (run_id, state) = file.as_ref().strip_suffix(".json")?.split_once('.')?;
    let state = state.parse().ok()?;
    (!run_id.is_empty() && run_log(root, run_id, state) == *path)
        .then(|| (run_id.to_owned(), state))
}

/// Where an unfinished run goes on from.
pub fn checkpoint(root: &Path, run_id: &str) -> Path {
    root.clone()
        .join("checkpoints")
        .join(format!("{run_id}.safetensors"))
}

/// The folder of a run's networks, as they were observed.
pub fn networks_folder(root: &Path, run_id: &str) -> Path {
    root.clone().join("networks").join(run_id)
}

/// The network of a run after `epoch` epochs.
pub fn network(root: &Path, run_id: &str, epoch: usize) -> Path {
    networks_folder(root, run_id).join(format!("{epoch:06}.safetensors"))
}

/// Reads the name of a network's file back into its epoch; nothing for another file.
pub fn parse_network(path: &Path) -> Option<usize> {
    let epoch = path.filename()?.strip_suffix(".safetensors")?;
    let number = epoch.parse().ok()?;
    (epoch == format!("{number:06}")).then_some(number)
}

/// The plan of a sweep as it was resolved.
pub fn sweep_log(root: &Path, sweep: &str) -> Path {
    root.clone()
        .join("logs")
        .join(format!("{sweep}.sweep.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_files_round_trip() {
        let root = Path::from("some/where");
        let file = RunFile {
            task: Task::Digits,
            architecture: Architecture::Knet4Lrn,
            run_id: "ab12".to_owned(),
            observation_id: None,
        };
        let path = file.path(&root);
        assert_eq!(
            path.as_ref(),
            "some/where/trajectories/task=digits/architecture=knet4_lrn/ab12.parquet"
        );
        assert_eq!(RunFile::parse(&path, &root).unwrap(), file);
        let path = file.recordings_path(&root);
        assert_eq!(
            path.as_ref(),
            "some/where/recordings/task=digits/architecture=knet4_lrn/ab12.parquet"
        );
        assert_eq!(RunFile::parse_recordings(&path, &root).unwrap(), file);
        assert!(RunFile::parse(&path, &root).is_err());
        let again = RunFile {
            observation_id: Some("cd34".to_owned()),
            ..file
        };
        let path = again.path(&root);
        assert!(path.as_ref().ends_with("/ab12-cd34.parquet"));
        assert_eq!(RunFile::parse(&path, &root).unwrap(), again);
    }

    #[test]
    fn logs_round_trip() {
        let root = Path::from("d");
        let path = run_log(&root, "ab12", RunState::Diverged);
        assert_eq!(path.as_ref(), "d/logs/ab12.diverged.json");
        assert_eq!(
            parse_run_log(&path, &root),
            Some(("ab12".to_owned(), RunState::Diverged))
        );
        assert_eq!(parse_run_log(&sweep_log(&root, "demo"), &root), None);
    }

    #[test]
    fn a_stray_file_is_named() {
        let root = Path::from("d");
        let error = RunFile::parse(&Path::from("d/trajectories/notes.txt"), &root).unwrap_err();
        assert_eq!(
            error.to_string(),
            "d/trajectories/notes.txt is not part of the table `trajectories`: it does not lie in \
             task=.../architecture=.../<run_id>.parquet"
        );
        let error = RunFile::parse(
            &Path::from("d/trajectories/task=digts/architecture=knet4/a.parquet"),
            &root,
        );
        assert!(
            error
                .unwrap_err()
                .to_string()
                .ends_with("unknown task `digts`; did you mean `digits`?")
        );
    }
}
