//! Why a published dataset was not imported.

use std::path::PathBuf;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a published dataset was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pickle that is not read, or not one of the study's dataset.
    #[error(transparent)]
    Pickle(#[from] engram_pickle::Error),
    /// Something that every run or layer has, and that no field of `meta` was recognised as.
    #[error("no field of the dataset's `meta` is recognised as the {meaning}; it has {fields}")]
    NoField {
        /// What was looked for.
        meaning: &'static str,
        /// The names of the fields.
        fields: String,
    },
    /// A field that should hold something else.
    #[error("the field `{field}` of the dataset's `meta` is not {expected}")]
    Field {
        /// The field.
        field: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// Names of tasks, architectures or learning rules that are none of ours.
    #[error("{} of the dataset are not recognised: {names}", plural(kind))]
    Names {
        /// Of what they are names.
        kind: &'static str,
        /// The names, with how many examples have each.
        names: String,
        /// The names that are known.
        known: String,
    },
    /// Examples that differ in nothing that is known of them.
    #[error(
        "{n_repeated} examples are of the same run and layer as another; the first: {first}, layer `{layer}`"
    )]
    Repeated {
        /// How many.
        n_repeated: usize,
        /// The run of the first.
        first: String,
        /// Its layer.
        layer: String,
        /// Fields of `meta` by which they may differ.
        fields: String,
    },
    /// A number that is too large for its column.
    #[error("the {what} {value} of an example is not in the range of its column")]
    Range {
        /// The column.
        what: &'static str,
        /// The value.
        value: i64,
    },
    /// A file of the temporary folder that cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Rows that do not make a file.
    #[error("the rows of {what} cannot be encoded")]
    Encode {
        /// Which rows.
        what: String,
        /// What the writer said.
        source: parquet::errors::ParquetError,
    },
    /// The release that was not written.
    #[error(transparent)]
    Release(#[from] engram_release::Error),
    /// The runs' files that cannot be asked.
    #[error(transparent)]
    Engine(#[from] engram_engine::Error),
    /// A place that is none.
    #[error(transparent)]
    Schemas(#[from] engram_schemas::Error),
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Engine(engram_engine::Error::running(error.into()))
    }
}

fn plural(kind: &str) -> String {
    format!("{kind}s")
}

/// What the reader of an error can do.
pub fn hint(error: &Error) -> Option<String> {
    match error {
        Error::NoField { meaning, .. } => {
            let option = meaning.replace(' ', "_");
            Some(format!("say which it is: --field {option}=FIELD"))
        }
        Error::Names { known, .. } => Some(format!(
            "say what each stands for: --name THEIRS=OURS, where OURS is one of {known}"
        )),
        Error::Repeated { fields, .. } => Some(format!(
            "name the fields that tell such runs apart: --run-field FIELD; not used yet are {fields}"
        )),
        Error::Pickle(engram_pickle::Error::Missing { name, .. }) if name.starts_with("meta.") => {
            Some("say which it is: --field learning_rule=FIELD".to_owned())
        }
        Error::Release(error) => engram_release::hint(error),
        Error::Engine(error) => engram_engine::hint(error),
        Error::Schemas(error) => error.hint(),
        _ => None,
    }
}
