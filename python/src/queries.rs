//! The named queries.

use engram_engine::queries::{ALL, Header};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The named queries that come with engram, with their titles: the study's experiments, and others.
///
/// >>> engram.queries()["features"]
/// 'Feature matrix'
#[pyfunction]
pub(crate) fn queries<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
    let titles = PyDict::new(py);
    for query in ALL {
        titles.set_item(query.name, Header::of(query.text).title)?;
    }
    Ok(titles)
}
