//! What came of the study's experiments.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::answer::Answer;
use crate::figure::Figure;

/// What came of the study's experiments on a dataset.
///
/// >>> reproduction = dataset.reproduce("figure_2c", quick=True, splits=1)
/// >>> list(reproduction.figures)
/// ['figure_2c']
/// >>> reproduction.results.polars()["classifier"].unique().to_list()
/// ['random_forest']
#[pyclass(frozen, module = "engram")]
pub(crate) struct Reproduction {
    pub(crate) figures: Vec<(&'static str, Py<Figure>)>,
    pub(crate) left_out: BTreeMap<String, String>,
    pub(crate) results: Py<Answer>,
    pub(crate) n_run: usize,
    pub(crate) n_there: usize,
}

#[pymethods]
impl Reproduction {
    /// The figures that could be drawn, by name.
    #[getter]
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let figures = PyDict::new(py);
        for (name, figure) in &self.figures {
            figures.set_item(name, figure)?;
        }
        Ok(figures)
    }

    /// What was left out, figure or experiment, and what the dataset lacks for it.
    #[getter]
    fn left_out(&self) -> BTreeMap<String, String> {
        self.left_out.clone()
    }

    /// The experiments' rows of the table ``results``, one a split.
    #[getter]
    fn results(&self, py: Python<'_>) -> Py<Answer> {
        self.results.clone_ref(py)
    }

    /// How many experiments were run.
    #[getter]
    fn n_run(&self) -> usize {
        self.n_run
    }

    /// How many experiments were there already, and were not run again.
    #[getter]
    fn n_there(&self) -> usize {
        self.n_there
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.figures.iter().map(|(name, _)| *name).collect();
        format!(
            "<engram.Reproduction: figures {}; {} experiments run, {} were there already>",
            names.join(", "),
            self.n_run,
            self.n_there
        )
    }
}
