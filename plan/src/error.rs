//! What can be wrong with a sweep before anything trains.

use std::path::PathBuf;

use engram_schemas::{Architecture, Task};

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A sweep that cannot be trained as it is written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sweep file that cannot be read.
    #[error("cannot read the sweep file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A sweep file that is not the TOML that is expected.
    #[error("in {}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what, with the line and, for an unknown name, the nearest known one.
        message: String,
    },
    /// A setting whose value cannot be used.
    #[error("`{key} = {value}` cannot be used: {reason}")]
    Setting {
        /// The setting's name.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A batch that is larger than the training set.
    #[error("batch size {batch_size} is above the {n_train} training examples of task `{task}`")]
    BatchAboveTrainingSet {
        /// The batch size.
        batch_size: usize,
        /// Examples to train on.
        n_train: usize,
        /// The task.
        task: Task,
    },
    /// A learning rate that the sweep file does not give.
    #[error(
        "no base learning rate of `{architecture}` for `{learning_rule}` in the [[networks]] entry of task `{task}`"
    )]
    NoLearningRate {
        /// The rule that has no rate.
        learning_rule: engram_schemas::LearningRule,
        /// The architecture that is to follow it.
        architecture: Architecture,
        /// The entry's task.
        task: Task,
    },
    /// An input that is too small, or of the wrong kind, for an architecture.
    #[error(
        "architecture `{architecture}` does not fit an input of {shape:?} [channels, height, width]: {reason}"
    )]
    InputShape {
        /// The architecture.
        architecture: Architecture,
        /// The input.
        shape: [usize; 3],
        /// Why it does not fit.
        reason: String,
    },
    /// A task whose files are not where they were said to be, or nowhere.
    #[error("the examples of task `{task}` {}", match path {
        Some(path) => format!("are not at {}", path.display()),
        None => "lie in files, and nothing says where".to_owned(),
    })]
    NoData {
        /// The task.
        task: Task,
        /// Where they were said to be.
        path: Option<PathBuf>,
    },
    /// No executable that trains.
    #[error("the trainer is not at {}", path.display())]
    NoTrainer {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A sweep file whose text cannot be changed.
    #[error("the sweep file cannot be changed: {reason}")]
    Edit {
        /// Why not.
        reason: String,
    },
    /// The same run twice in one plan.
    #[error("the sweep contains the same run twice: {run}")]
    Duplicate {
        /// The run, in words.
        run: String,
    },
}

impl Error {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => {
                Some("the repository's sweeps/ folder has sweep files to start from".to_owned())
            }
            Self::BatchAboveTrainingSet { n_train, .. } => Some(format!(
                "choose `batch_sizes` of at most {n_train}, or a smaller `validation_fraction`"
            )),
            Self::NoLearningRate { learning_rule, .. } => Some(format!(
                "add `{learning_rule} = RATE` to its `learning_rates`, for batches of 256 examples"
            )),
            Self::NoData { task, .. } => Some(format!(
                "name the place with --data {task}=PATH, or in the sweep file: [data] {task} = \"PATH\""
            )),
            Self::NoTrainer { .. } => Some(format!(
                "build it with `make build` in the repository, which puts it beside `engram`, or name it in {}",
                crate::trainer::VARIABLE
            )),
            _ => None,
        }
    }
}
