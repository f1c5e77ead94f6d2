//! Why a release was not written, or could not be checked.

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a release was not written, or could not be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sweep that lacks runs of its plan.
    #[error("{} of the {n_planned} planned runs are missing: {}", missing.len(), first(missing))]
    Incomplete {
        /// The runs, sorted.
        missing: Vec<String>,
        /// How many were planned.
        n_planned: usize,
    },
    /// A dataset without a plan, so that nobody knows whether it is complete.
    #[error(
        "{place} has no plan in its folder `logs`, so that nobody can tell whether runs are missing"
    )]
    NoPlan {
        /// The dataset.
        place: String,
    },
    /// A plan that cannot be read.
    #[error("the plan {file} cannot be read: {reason}")]
    Plan {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A text that is no version.
    #[error(
        "`{given}` is no version: letters, digits and `.`, `-`, `+`, `_` between them, as in 1.0.0"
    )]
    Version {
        /// The text.
        given: String,
    },
    /// A text that is no day.
    #[error("`{given}` is no day of the calendar: year, month and day, as in 2020-12-06")]
    Date {
        /// The text.
        given: String,
    },
    /// A dataset that is a release already.
    #[error("{place} is a release already: version {version} of {name}")]
    AlreadyRelease {
        /// The place.
        place: String,
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// A place where another release is being written, or a writer of one died.
    #[error("another release is being written to {place}, or its writer died: {claim}")]
    Claimed {
        /// The place.
        place: String,
        /// What the other writer said of itself.
        claim: String,
    },
    /// A place that is not empty.
    #[error("{place} is not empty: it holds {found}{}", more(*n_files))]
    Taken {
        /// The place.
        place: String,
        /// One of the files.
        found: String,
        /// How many there are.
        n_files: usize,
    },
    /// Files among the parts that are none of the release.
    #[error(
        "{place} holds files that do not belong to the release: {}",
        first(files)
    )]
    Strangers {
        /// The place.
        place: String,
        /// The files.
        files: Vec<String>,
    },
    /// Two rows for the same observation that differ.
    #[error(
        "run {run_id} has two different rows for layer {layer}, epoch {epoch} under one condition"
    )]
    Contradiction {
        /// The run.
        run_id: String,
        /// The layer.
        layer: String,
        /// The epoch.
        epoch: i32,
    },
    /// Files of the sweep that are not what was written.
    #[error("{} files are damaged: {}", files.len(), first(files))]
    Damaged {
        /// The files, with reasons.
        files: Vec<String>,
    },
    /// A store that refused.
    #[error("cannot {what} {place}")]
    Store {
        /// What was tried.
        what: &'static str,
        /// The object.
        place: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// Rows that do not make a file.
    #[error("the rows of {file} cannot be encoded")]
    Encode {
        /// The file.
        file: String,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// A question to the dataset that failed.
    #[error(transparent)]
    Engine(#[from] engram_engine::Error),
    /// A manifest or a name that breaks the contract.
    #[error(transparent)]
    Schemas(#[from] engram_schemas::Error),
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Engine(engram_engine::Error::running(error.into()))
    }
}

fn more(n_files: usize) -> String {
    match n_files {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    }
}

/// The first few of many.
fn first(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// What the reader of an error can do.
pub fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Incomplete { .. } => Some(
            "train them: `engram generate SWEEP.toml --to URL` makes what is missing; or publish what is there with --allow-partial"
                .to_owned(),
        ),
        Error::NoPlan { .. } => Some(
            "`engram generate` leaves its plan there; to publish what is there without one, add --allow-partial".to_owned(),
        ),
        Error::AlreadyRelease { .. } => {
            Some("a release is never changed: publish the next version at a place of its own".to_owned())
        }
        Error::Claimed { place, .. } => Some(format!(
            "choose another place for --to; if that writer is gone, run its command again, or empty {place}"
        )),
        Error::Taken { .. } | Error::Strangers { .. } => Some("publish at an empty place".to_owned()),
        Error::Damaged { .. } => Some(
            "remove the files and run `engram generate` again: it makes the runs that are missing".to_owned(),
        ),
        Error::Engine(error) => engram_engine::hint(error),
        _ => None,
    }
}
