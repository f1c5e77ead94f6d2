//! The Python package `engram`: a dataset's tables, features and experiments in the types that Python's libraries have.
//!
//! What is asked is worked out by `engram-engine`, and drawn by `engram-report`; here it changes hands, and nothing is copied
//! on the way: rows are Arrow arrays that PyArrow, polars, pandas and DuckDB take over as they are (`stream.rs`), numbers are
//! memory that NumPy looks at (`array.rs`). Both go by protocols of plain structs and addresses, so that this crate is built
//! against none of these libraries, works with any version of them, and has no unsafe code.
//!
//! While Python waits (`waiting.rs`), its lock is free for other threads, and Ctrl-C ends the wait and the work.

mod answer;
mod array;
mod dataset;
mod errors;
mod features;
mod figure;
mod identification;
mod libraries;
mod measures;
mod opening;
mod parameters;
mod progress;
mod queries;
mod reproducing;
mod reproduction;
mod stream;
mod waiting;

/// What `engram/__init__.py` hands on.
#[pyo3::pymodule]
mod _engram {
    #[pymodule_export]
    use crate::{
        answer::Answer, dataset::Dataset, features::Features, figure::Figure,
        identification::Identification, opening::open, queries::queries,
        reproduction::Reproduction,
    };

    /// Adds the version.
    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        use pyo3::types::PyModuleMethods;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
