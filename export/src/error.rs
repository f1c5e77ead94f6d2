//! What can go wrong between a query and the file that its answer was to be.

use std::io;

use crate::format::Format;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An answer that cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A query that cannot be answered.
    #[error(transparent)]
    Query(#[from] engram_engine::Error),
    /// A place that cannot be opened.
    #[error(transparent)]
    Place(#[from] engram_schemas::Error),
    /// Settings that do not go together.
    #[error("{reason}")]
    Settings {
        /// What does not.
        reason: String,
        /// What does.
        hint: String,
    },
    /// A place where something is already.
    #[error("{place} is there already")]
    Exists {
        /// The place.
        place: String,
    },
    /// A folder in the place of a file.
    #[error("{place} is a folder, and the answer is to be one file")]
    IsFolder {
        /// The place.
        place: String,
    },
    /// A pipe or a device in the place of a file.
    #[error("{place} is no file that could be replaced")]
    IsNoFile {
        /// The place.
        place: String,
    },
    /// A folder that may not be replaced, because it holds what no export wrote.
    #[error("{place} holds {found}, which no partitioned export wrote")]
    Foreign {
        /// The place.
        place: String,
        /// The first such file.
        found: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {place}")]
    Write {
        /// The file.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// A store that does not take what is written.
    #[error("cannot write {place}")]
    Store {
        /// The object.
        place: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// Rows that cannot be encoded.
    #[error("the answer cannot be written as {format}")]
    Encode {
        /// The format.
        format: Format,
        /// What its writer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A column that a format has no place for.
    #[error("the column `{column}` cannot be written as {format}: {reason}")]
    Column {
        /// The column.
        column: String,
        /// The format.
        format: Format,
        /// Why not.
        reason: String,
        /// What can be done in the query.
        hint: String,
    },
    /// An answer of rows without columns.
    #[error("the answer has no columns, so that there is nothing to write")]
    NoColumns,
    /// Two columns of one name, which a reader could not tell apart.
    #[error("two columns of the answer are called `{name}`")]
    TwoColumns {
        /// The name.
        name: String,
    },
    /// A column to partition by that is not there or is of no use for it.
    #[error("the answer cannot be partitioned by `{column}`: {reason}")]
    Partition {
        /// The column.
        column: String,
        /// Why not.
        reason: String,
        /// The column that was probably meant.
        near: Option<String>,
    },
    /// Stopped on request before the answer was whole.
    #[error("stopped before the export was complete; nothing of it is kept")]
    Stopped,
    /// A computation that ended in a panic: a defect of this program.
    #[error("the writer of the export failed")]
    Panic(#[from] tokio::task::JoinError),
}

impl Error {
    /// What a writer of a format said.
    pub(crate) fn encode<E>(format: Format) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Encode {
            format,
            source: source.into(),
        }
    }

    /// What the system said of a file.
    pub(crate) fn write(place: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write {
            place: place.to_string(),
            source,
        }
    }
}

/// What the user can do about an error, where there is something.
pub fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Query(error) => engram_engine::hint(error),
        Error::Place(error) => error.hint(),
        Error::Settings { hint, .. } | Error::Column { hint, .. } => Some(hint.clone()),
        Error::Exists { .. } => {
            Some("name another place, or replace it with --overwrite".to_owned())
        }
        Error::IsFolder { .. } => {
            Some("name a file in it, or write many files with --partition-by".to_owned())
        }
        Error::IsNoFile { .. } => Some(
            "name another place; `engram sql --format csv` prints rows, for a program to read"
                .to_owned(),
        ),
        Error::Foreign { .. } => {
            Some("name another place: --overwrite replaces exports and nothing else".to_owned())
        }
        Error::Partition {
            near: Some(near), ..
        } => Some(format!("did you mean `{near}`?")),
        Error::Stopped => Some("the same command begins anew".to_owned()),
        Error::NoColumns => Some("name at least one column behind SELECT".to_owned()),
        Error::TwoColumns { name } => Some(format!(
            "give one of them another name: SELECT ... AS other_{name}"
        )),
        _ => None,
    }
}
