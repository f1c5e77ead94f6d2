//! What can go wrong between a planned run and its file.

use engram_schemas::{Architecture, Task};

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A run that could not be trained, observed or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A plan that is not valid.
    #[error(transparent)]
    Plan(#[from] engram_plan::Error),
    /// A task that the generator has no inputs for.
    #[error("task `{0}` can be planned but not trained by this version")]
    UnknownTask(Task),
    /// An architecture that the generator cannot compute.
    #[error("architecture `{0}` can be planned but not trained by this version")]
    UnknownArchitecture(Architecture),
    /// A device that is not there.
    #[error("device `{device}` cannot be used: {reason}")]
    Device {
        /// The device as given.
        device: String,
        /// Why not.
        reason: String,
    },
    /// The run was asked to stop.
    #[error("stopped before the run was complete; nothing of it was written")]
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
    /// A file that could not be stored.
    #[error("cannot write {place}")]
    Store {
        /// Where to.
        place: String,
        /// What the store said.
        source: object_store::Error,
    },
}
