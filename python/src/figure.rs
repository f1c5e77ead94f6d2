//! A drawn figure.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors;

/// A figure. Notebooks show it.
#[pyclass(frozen, module = "engram")]
pub(crate) struct Figure(pub(crate) engram_report::Figure);

#[pymethods]
impl Figure {
    /// Its name, as in ``figure_2a``.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// What it shows, in a line.
    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    /// What stands below it.
    #[getter]
    fn caption(&self) -> &str {
        &self.0.caption
    }

    /// Its numbers in words.
    #[getter]
    fn description(&self) -> &str {
        &self.0.description
    }

    /// The drawing, one SVG element.
    #[getter]
    fn svg(&self) -> &str {
        &self.0.svg
    }

    /// The drawing as a PNG file, ``scale`` pixels a unit of the SVG.
    #[pyo3(signature = (scale=3.0))]
    fn png<'py>(&self, py: Python<'py>, scale: f32) -> PyResult<Bound<'py, PyBytes>> {
        let png = py.detach(|| self.0.png(scale));
        Ok(PyBytes::new(py, &png.map_err(errors::of_report)?))
    }

    /// Writes the drawing to a file: as PNG where its name ends so, else as SVG.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let is_png = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        let content = match is_png {
            true => self.png(py, 3.0)?.as_bytes().to_vec(),
            false => self.0.svg.clone().into_bytes(),
        };
        py.detach(|| std::fs::write(path, content))
            .map_err(PyErr::from)
    }

    fn _repr_svg_(&self) -> &str {
        &self.0.svg
    }

    fn __repr__(&self) -> String {
        format!("<engram.Figure {}: {}>", self.0.name, self.0.title)
    }
}
