//! What can go wrong between a planned run and its file.

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A run that could not be trained, observed or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A plan that is not valid.
    #[error(transparent)]
    Plan(#[from] engram_plan::Error),
    /// Examples that are not there or cannot be read.
    #[error(transparent)]
    Stimuli(#[from] engram_stimuli::Error),
    /// A checkpoint from which a run cannot go on.
    #[error("the checkpoint cannot be used: {reason}")]
    Checkpoint {
        /// Why not.
        reason: String,
    },
    /// A device that is not there.
    #[error("device `{device}` cannot be used: {reason}")]
    Device {
        /// The device as given.
        device: String,
        /// Why not.
        reason: String,
    },
    /// A run whose networks were not kept.
    #[error("the run's networks were not kept, so they cannot be observed again")]
    NoNetworks,
    /// The run was asked to stop.
    #[error("stopped before the run was complete")]
    Stopped,
    /// libtorch refused an operation.
    #[error("training failed inside libtorch: {0}")]
    Tensor(String),
    /// Rows that do not make a table.
    #[error("cannot encode the run's rows")]
    Encode(#[from] arrow::error::ArrowError),
    /// Rows that do not make a Parquet file.
    #[error("cannot encode the run's Parquet file")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A file that could not be written, read, listed or removed.
    #[error("cannot {what} {place}")]
    Store {
        /// What was to be done.
        what: &'static str,
        /// Where.
        place: String,
        /// What the store said.
        source: object_store::Error,
    },
}

impl Error {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Stimuli(error) => error.hint(),
            Self::NoNetworks => {
                Some("train with --keep-networks to have them at every observation".to_owned())
            }
            Self::Store { source, .. } => engram_schemas::location::hint(source),
            _ => None,
        }
    }
}
