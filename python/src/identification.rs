//! How well learning rules are told apart: asked, and answered.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;

use engram_classifiers::{Kind, Settings};
use engram_engine::identify::EXPERIMENT;
use engram_engine::{Error, IdentifySettings, Result, Session, identify_with_progress};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use tokio::sync::mpsc::UnboundedSender;

use crate::array::{Numbers, to_numpy};
use crate::errors;
use crate::progress::News;
use crate::waiting::wait_and_tell;

/// How well learning rules are told apart by what was observed.
///
/// >>> found = dataset.identify("weight", splits=2, settings={"n_trees": 20})
/// >>> found.accuracy > found.chance
/// True
/// >>> found.confusion.shape == (len(found.classes), len(found.classes))
/// True
#[pyclass(frozen, module = "engram")]
pub(crate) struct Identification(engram_engine::Identification);

#[pymethods]
impl Identification {
    /// The share of test examples whose rule was named rightly, the mean over the splits.
    #[getter]
    fn accuracy(&self) -> f64 {
        self.0.accuracy.mean
    }

    /// The standard error of ``accuracy`` over the splits; None for a single one.
    #[getter]
    fn standard_error(&self) -> Option<f64> {
        self.0.accuracy.standard_error
    }

    /// The accuracy to expect from guessing.
    #[getter]
    fn chance(&self) -> f64 {
        self.0.chance
    }

    /// The accuracy of every split.
    #[getter]
    fn accuracies(&self) -> Vec<f64> {
        self.0.splits.iter().map(|split| split.accuracy).collect()
    }

    /// The learning rules, in the order of ``confusion``.
    #[getter]
    fn classes(&self) -> Vec<String> {
        self.0.classes.clone()
    }

    /// Test examples of all splits, ``int64`` of shape ``[true rule, named rule]``.
    #[getter]
    fn confusion<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let n_classes = self.0.classes.len();
        let counts = self.0.confusion.counts().iter();
        let counts = counts.map(|count| count.cast_signed());
        let confusion = Numbers::integers(counts, vec![n_classes, n_classes]);
        to_numpy(&Bound::new(py, confusion)?)
    }

    /// The share of each statistic's trajectory, and of the depth, in what tells the rules apart, the largest first; empty for
    /// classifiers that cannot tell.
    #[getter]
    fn importances<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let importances = PyDict::new(py);
        for group in &self.0.importances {
            importances.set_item(&group.name, group.importance.mean)?;
        }
        Ok(importances)
    }

    /// The number of runs that the examples come from.
    #[getter]
    fn n_runs(&self) -> usize {
        self.0.n_runs
    }

    /// The number of examples, by learning rule.
    #[getter]
    fn n_examples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for (class, n_examples) in self.0.classes.iter().zip(&self.0.n_examples) {
            counts.set_item(class, n_examples)?;
        }
        Ok(counts)
    }

    /// What names the rows in the table ``results``.
    #[getter]
    fn result_id(&self) -> &str {
        &self.0.result_id
    }

    /// All that was found, with every split, as `engram identify --format json` prints it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| errors::argument(error.to_string(), None))?;
        py.import("json")?.call_method1("loads", (text,))
    }

    fn __repr__(&self) -> String {
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        let error = self.0.accuracy.standard_error;
        let error = error.map_or_else(String::new, |error| format!(" ± {:.1}", error * 100.0));
        format!(
            "<engram.Identification: accuracy {}{error} over {} splits, where guessing gives {}; {} runs of {} learning rules>",
            percent(self.0.accuracy.mean),
            self.0.splits.len(),
            percent(self.0.chance),
            self.0.n_runs,
            self.0.classes.len()
        )
    }
}

/// Asks a dataset, and tells how far it is.
///
/// # Errors
/// Those of the engine and of [`wait_and_tell`].
pub(crate) fn identify(
    py: Python<'_>,
    session: Arc<Session>,
    asked: IdentifySettings,
    save: Option<PathBuf>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Identification> {
    let total = asked.splits.n_splits;
    let work = |sender: UnboundedSender<usize>| async move {
        let on_split = move |n_done| {
            // Nobody waits any more. A fit can be ended by nothing else; what carries no message is not reported.
            if sender.send(n_done).is_err() {
                resume_unwind(Box::new("interrupted"));
            }
        };
        let found = identify_with_progress(&session, &asked, on_split).await?;
        if let (Some(path), Some(model)) = (&save, &found.model) {
            model.write(path)?;
        }
        Result::Ok(found)
    };
    let tell = |done| {
        let what = EXPERIMENT.to_owned();
        News { done, total, what }.tell(progress)
    };
    let found = wait_and_tell(py, work, tell)?;
    found.map(Identification).map_err(errors::of_engine)
}

/// The settings of a classifier: its own, but for those that are given by name.
///
/// # Errors
/// For a classifier and a setting that do not exist, and a value of another kind.
pub(crate) fn settings(classifier: &str, given: Option<&Bound<'_, PyDict>>) -> PyResult<Settings> {
    let kind: Kind = classifier
        .parse()
        .map_err(|error| errors::of_engine(Error::Classifiers(error)))?;
    let Some(given) = given else {
        return Ok(kind.settings());
    };
    let named = given.copy()?;
    named.set_item("classifier", kind.as_str())?;
    let json = given.py().import("json")?;
    let text: String = json.call_method1("dumps", (named,))?.extract()?;
    serde_json::from_str(&text).map_err(|error| {
        let known = serde_json::to_string(&kind.settings()).unwrap_or_default();
        let message = format!("the settings of `{classifier}` cannot be used: {error}");
        errors::argument(message, Some(format!("it has {known} by default")))
    })
}
