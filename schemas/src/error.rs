//! What can be wrong with a name, a place or a file that should keep to the contract.

use object_store::path::Path;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A breach of the contract between the data's writers and readers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not in its closed set.
    #[error("unknown {kind} `{given}`{}", crate::category::suggestion(nearest.as_deref(), known))]
    UnknownName {
        /// What the name should have been: "architecture", "learning rule", ...
        kind: &'static str,
        /// The name as given.
        given: String,
        /// The known name that is closest to it, when one is close.
        nearest: Option<String>,
        /// Every known name.
        known: Vec<String>,
    },
    /// A dataset's place that is neither a path nor a URL that can be opened.
    #[error("`{given}` is not a place for a dataset: {reason}")]
    Location {
        /// The place as given.
        given: String,
        /// Why it cannot be used.
        reason: String,
        /// What can.
        hint: String,
    },
    /// A place that was to be written to and can only be read.
    #[error("{place} can only be read")]
    ReadOnly {
        /// The place.
        place: String,
    },
    /// An object store that could not be set up for a URL.
    #[error("cannot open the object store of `{url}`")]
    Store {
        /// The URL.
        url: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// A file that lies where a table's parts lie but is not one of them.
    #[error("{path} is not part of the table `{table}`: {reason}")]
    ForeignFile {
        /// The file.
        path: Path,
        /// The table whose folder it lies in.
        table: &'static str,
        /// What is different.
        reason: String,
    },
    /// A release's manifest that cannot be used.
    #[error("the manifest of the release cannot be used: {reason}")]
    Manifest {
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Location { hint, .. } => Some(hint.clone()),
            Self::ReadOnly { .. } => Some(
                "a plain HTTP server takes no files: write to a folder, s3://, gs:// or az://"
                    .to_owned(),
            ),
            Self::Store { .. } => Some(
                "the store's settings come from the environment; docs/storage.md has the variables"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
