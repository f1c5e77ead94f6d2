//! What can go wrong between a question and its answer.

use std::fmt;

use datafusion::error::DataFusionError;
use engram_schemas::SCHEMA_VERSION;

use crate::sql_error::SqlError;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A question that cannot be answered, or a dataset that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What is asked cannot be answered with examples that are read in pieces.
    #[error("examples that are read in pieces are kept as bins: {reason}")]
    InPieces {
        /// Why.
        reason: String,
    },
    /// A file with a saved model that cannot be used.
    #[error("the model {}: {reason}", path.display())]
    ModelFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file with recordings that cannot be read.
    #[error("the recording {}: {reason}", path.display())]
    RecordingFile {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A recording that a model cannot be applied to.
    #[error("the model cannot be applied: {reason}")]
    Recording {
        /// What does not fit.
        reason: String,
    },
    /// A place where no dataset is.
    #[error("there is no dataset at {location}: {found}")]
    NothingThere {
        /// The place.
        location: String,
        /// What is there instead.
        found: &'static str,
    },
    /// A place whose objects cannot be listed.
    #[error("cannot list {place}")]
    List {
        /// The folder.
        place: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// A file that cannot be read as Parquet: truncated, not Parquet at all, or out of reach.
    #[error("{file} lies among the parts of `{table}` but cannot be read as Parquet")]
    UnreadableFile {
        /// The file.
        file: String,
        /// The table whose folder it lies in.
        table: &'static str,
        /// What the reader said.
        source: parquet::errors::ParquetError,
    },
    /// A file that is not a part of the table in whose folder it lies.
    #[error("{file} lies among the parts of `{table}` but is not one of them: {reason}")]
    ForeignFile {
        /// The file.
        file: String,
        /// The table whose folder it lies in.
        table: &'static str,
        /// What is different.
        reason: String,
    },
    /// A release whose manifest cannot be used.
    #[error("{file} cannot be used")]
    Manifest {
        /// The manifest.
        file: String,
        /// What is wrong with it.
        source: engram_schemas::Error,
    },
    /// A file that was written by a later version of the contract.
    #[error("{file} has schema version {found}; this engram reads up to {SCHEMA_VERSION}")]
    NewerSchema {
        /// The file.
        file: String,
        /// The version that it says.
        found: String,
    },
    /// SQL that does not parse, does not plan or fails while it runs.
    #[error(transparent)]
    Sql(Box<SqlError>),
    /// A named query that does not exist.
    #[error("there is no query `{name}`")]
    NoSuchQuery {
        /// The name that was given.
        name: String,
        /// The nearest name that exists.
        near: Option<String>,
    },
    /// A parameter that a query does not have.
    #[error("the query has no parameter `{name}`; {}", Listed(known))]
    NoSuchParameter {
        /// The name that was given.
        name: String,
        /// The parameters that it has.
        known: Vec<String>,
    },
    /// A value of another kind than its parameter's.
    #[error("the parameter `{parameter}` is `{value}`, not {wanted}")]
    ParameterValue {
        /// The parameter.
        parameter: String,
        /// The value that was given.
        value: String,
        /// The kind that it must be of.
        wanted: &'static str,
    },
    /// A query that does not give what a feature matrix is made of.
    #[error("the query does not give a feature matrix: {reason}")]
    FeatureQuery {
        /// What is missing or different.
        reason: String,
    },
    /// A feature matrix without an example in it.
    #[error("no example is left for the feature matrix{excluded}")]
    NoExamples {
        /// How many were excluded and why.
        excluded: Excluded,
    },
    /// A table that cannot be reshaped.
    #[error("cannot reshape the table: {reason}")]
    Reshape {
        /// Why not.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {file}")]
    Write {
        /// The file.
        file: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// Rows that cannot be encoded as Parquet.
    #[error("cannot encode rows for {file}")]
    Encode {
        /// The file they were meant for.
        file: String,
        /// What the encoder said.
        source: parquet::errors::ParquetError,
    },
    /// A breach of the contract between writers and readers.
    #[error(transparent)]
    Schemas(#[from] engram_schemas::Error),
    /// The query engine failed where no SQL of a user is at fault.
    #[error("the query engine failed while {doing}")]
    Engine {
        /// What it was doing.
        doing: &'static str,
        /// What it said.
        source: Box<DataFusionError>,
    },
    /// A classifier that refuses its settings or its examples.
    #[error(transparent)]
    Classifiers(#[from] engram_classifiers::Error),
    /// Splits that cannot be made.
    #[error("the examples cannot be split into training and test examples: {reason}")]
    Splits {
        /// What is missing.
        reason: String,
    },
    /// Examples that are all of one class.
    #[error(
        "all {n_examples} examples have the learning rule `{class}`: there is nothing to tell apart"
    )]
    OneClass {
        /// The class.
        class: String,
        /// How many examples there are.
        n_examples: usize,
    },
    /// A class that is too small to be learned and tested.
    #[error("learning rule `{class}` has {found} {unit}(s); at least {needed} are needed")]
    TooFewExamples {
        /// The class.
        class: String,
        /// What is counted: examples or runs.
        unit: crate::experiments::SplitBy,
        /// How many there are.
        found: usize,
        /// How many there must be.
        needed: usize,
    },
    /// Worker threads that could not be started.
    #[error("cannot start {n_threads} worker threads")]
    Threads {
        /// How many were asked for.
        n_threads: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
    /// A computation that ended in a panic: a defect of this program.
    #[error("the computation failed while {doing}")]
    Computation {
        /// What it was doing.
        doing: &'static str,
        /// How it ended.
        source: tokio::task::JoinError,
    },
}

/// The parameters of a query, for its errors.
struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("it has none"),
            names => write!(f, "it has {}", names.join(", ")),
        }
    }
}

/// Examples that a feature matrix leaves out, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excluded(pub std::collections::BTreeMap<String, usize>);

impl Excluded {
    /// How many examples were left out, for any reason.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Excluded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (reason, n_examples)) in self.0.iter().enumerate() {
            let lead = if place == 0 { ": " } else { ", " };
            write!(f, "{lead}{n_examples} excluded ({reason})")?;
        }
        Ok(())
    }
}

impl Error {
    /// Names what the engine was doing when it failed.
    pub(crate) fn engine(doing: &'static str) -> impl FnOnce(DataFusionError) -> Self {
        move |source| Self::Engine {
            doing,
            source: Box::new(source),
        }
    }
}

/// What the user can do about an error, where there is something.
pub fn hint(error: &Error) -> Option<String> {
    match error {
        Error::NothingThere { location, .. } => {
            Some(format!("make one with `engram generate SWEEP.toml --to {location}`, or name another place"))
        }
        // A store that refuses or times out says nothing about the file: only what was read and is wrong may go.
        Error::UnreadableFile { source: parquet::errors::ParquetError::External(_), .. } => None,
        Error::UnreadableFile { file, .. } => Some(format!(
            "remove {file} and run `engram generate` again: it makes the runs that are missing"
        )),
        Error::ForeignFile { file, .. } => {
            Some(format!("move {file} elsewhere: only parts of the table may lie in its folder"))
        }
        Error::NewerSchema { .. } => Some("use the engram that wrote the dataset, or a later one".to_owned()),
        Error::Sql(error) => error.hint(),
        Error::NoSuchQuery { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
        Error::NoSuchQuery { .. } => Some("see what there is: `engram query --list`".to_owned()),
        Error::FeatureQuery { .. } => {
            Some("queries/features.sql is a query that does; its header says what the columns are".to_owned())
        }
        Error::NoExamples { .. } => {
            Some("see what is there: `engram sql \"SELECT status, count(*) FROM runs GROUP BY status\" --at URL`".to_owned())
        }
        Error::OneClass { .. } => Some(
            "generate runs under at least two learning rules (`learning_rules` in the sweep file), or loosen the query"
                .to_owned(),
        ),
        Error::TooFewExamples { .. } => {
            Some("generate more runs of it: more batch sizes, seeds or architectures in the sweep file".to_owned())
        }
        Error::InPieces { .. } => Some("leave out --in-pieces".to_owned()),
        Error::ModelFile { .. } => {
            Some("`engram identify --save FILE` and `engram design --save FILE` write models".to_owned())
        }
        Error::RecordingFile { .. } => {
            Some("`engram diagnose --help` shows the two forms of a file".to_owned())
        }
        Error::Recording { .. } => Some(
            "make a model for recordings like yours: `engram design --units N --sessions N --every N --save FILE`".to_owned(),
        ),
        Error::Classifiers(engram_classifiers::Error::Trainer { hint, .. }) => hint.clone(),
        Error::Classifiers(engram_classifiers::Error::NonFiniteFeature { .. }) => {
            Some("let the query leave out that statistic or that example, as queries/features.sql does".to_owned())
        }
        _ => None,
    }
}
