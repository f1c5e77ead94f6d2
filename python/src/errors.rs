//! Errors as Python's exceptions: the message with its causes, and what can be done about it as `hint`.
//!
//! The classes are Python's own (`engram/errors.py`), so that they can be pickled and read.

use engram_classifiers::Error as ClassifierError;
use engram_engine::Error;
use engram_schemas::location;
use pyo3::PyErr;
use tokio::task::JoinError;

mod classes {
    pyo3::import_exception!(engram.errors, Error);
    pyo3::import_exception!(engram.errors, SqlError);
    pyo3::import_exception!(engram.errors, DatasetError);
    pyo3::import_exception!(engram.errors, ExamplesError);
    pyo3::import_exception!(engram.errors, ArgumentError);
    pyo3::import_exception!(engram.errors, InternalError);
}

/// What hints say to who runs a command, and what is said here.
const IN_PYTHON: [(&str, &str); 3] = [
    (
        "answers are written to files by `engram export` and `engram sql --output`; `engram sql --allow-write` runs such statements",
        "save an answer with the library that takes it, as in `answer.polars().write_parquet(file)`",
    ),
    ("`--memory-limit`", "`memory_limit`"),
    ("`engram query --list`", "`engram.queries()`"),
];

/// An error of the engine.
pub(crate) fn of_engine(error: Error) -> PyErr {
    let text = text(&error);
    let hint = hint(&error);
    match &error {
        Error::Sql(sql) => {
            let (line, column) = sql.position().unzip();
            classes::SqlError::new_err((text, hint, line, column))
        }
        Error::NoSuchQuery { .. }
        | Error::NoSuchParameter { .. }
        | Error::ParameterValue { .. }
        | Error::Schemas(engram_schemas::Error::UnknownName { .. })
        | Error::Classifiers(
            ClassifierError::ClassifierSettings { .. } | ClassifierError::UnknownClassifier { .. },
        ) => classes::ArgumentError::new_err((text, hint)),
        Error::FeatureQuery { .. }
        | Error::NoExamples { .. }
        | Error::Splits { .. }
        | Error::OneClass { .. }
        | Error::TooFewExamples { .. }
        | Error::Classifiers(
            ClassifierError::Examples { .. } | ClassifierError::NonFiniteFeature { .. },
        ) => classes::ExamplesError::new_err((text, hint)),
        Error::NothingThere { .. }
        | Error::List { .. }
        | Error::UnreadableFile { .. }
        | Error::ForeignFile { .. }
        | Error::Manifest { .. }
        | Error::NewerSchema { .. }
        | Error::Write { .. }
        | Error::Schemas(_) => classes::DatasetError::new_err((text, hint)),
        Error::Engine { .. } | Error::Encode { .. } | Error::Computation { .. } => {
            classes::InternalError::new_err((text, hint))
        }
        _ => classes::Error::new_err((text, hint)),
    }
}

/// An error of figures that are drawn.
pub(crate) fn of_report(error: engram_report::Error) -> PyErr {
    let text = text(&error);
    match error {
        engram_report::Error::Scale { .. } => classes::ArgumentError::new_err((text, no_hint())),
        _ => classes::InternalError::new_err((text, no_hint())),
    }
}

/// An argument that cannot be used.
pub(crate) fn argument(message: impl Into<String>, hint: Option<String>) -> PyErr {
    classes::ArgumentError::new_err((message.into(), hint))
}

/// A dataset that is used after it was closed.
pub(crate) fn closed() -> PyErr {
    let hint = "open it again: engram.open(url)".to_owned();
    classes::Error::new_err(("the dataset is closed".to_owned(), Some(hint)))
}

/// Features that no query has split.
pub(crate) fn not_split() -> PyErr {
    let hint = "ask for a split: features(query=\"SELECT * FROM split(0.25, by => 'run', input => features('all'))\")";
    let message = "no example is on a side of a split".to_owned();
    classes::ExamplesError::new_err((message, Some(hint.to_owned())))
}

/// A fork of a process that has used the runtime.
pub(crate) fn forked() -> PyErr {
    let message = "this process is a fork of one that used engram, whose threads are not here";
    let hint = "start processes anew: multiprocessing.get_context(\"spawn\"), or open datasets in the fork alone";
    classes::Error::new_err((message.to_owned(), Some(hint.to_owned())))
}

/// Work that ended in a panic.
pub(crate) fn died(error: &JoinError) -> PyErr {
    let message = format!("the work ended in a defect of engram: {error}");
    classes::InternalError::new_err((message, no_hint()))
}

/// The error and its causes.
pub(crate) fn text(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in location::causes(error) {
        text.push_str(&format!("\n  cause: {cause}"));
    }
    text
}

/// What can be done about it; what a store refused is told by the store's hint.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let of_request = || match error {
        Error::Schemas(error) => error.hint(),
        error => engram_engine::hint(error),
    };
    let hint = location::hint(error).or_else(of_request)?;
    let in_python = |hint: String, (command, here): &(&str, &str)| hint.replace(command, here);
    Some(IN_PYTHON.iter().fold(hint, in_python))
}

fn no_hint() -> Option<String> {
    None
}
