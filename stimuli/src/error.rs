//! What can be wrong with a task's files.

use std::path::{Path, PathBuf};

use engram_schemas::Task;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Files that are not there, or not what they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A task whose examples lie in files, and nobody said where.
    #[error("task `{task}` reads its examples from files, and nothing says where they are")]
    NoData {
        /// The task.
        task: Task,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file or folder that is not what the task needs.
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What the user can do.
        hint: String,
    },
    /// A reading thread that ended without a word.
    #[error("a thread that reads examples has died; what it printed is on standard error")]
    ReaderDied,
    /// A task that this version has no reader for.
    #[error("task `{task}` has no reader in this version")]
    Unavailable {
        /// The task.
        task: Task,
    },
}

impl Error {
    /// `path` cannot be read.
    pub(crate) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// `path` is not what the task needs.
    pub(crate) fn unusable(
        path: &Path,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            reason: reason.into(),
            hint: hint.into(),
        }
    }

    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoData { task } => Some(format!(
                "name the folder with --data {task}=FOLDER, or in the sweep file: [data] {task} = \"FOLDER\""
            )),
            Self::Read { .. } => Some(
                "check the path and its permissions, and that the disk that it is on is there"
                    .to_owned(),
            ),
            Self::Unusable { hint, .. } => Some(hint.clone()),
            _ => None,
        }
    }
}
