//! The libraries whose types are given. None is needed before it is asked for.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// A library that gives a type, and the extra of this package that installs it.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    /// Tables, batches, schemas.
    PyArrow,
    /// Frames.
    Polars,
    /// Frames, too.
    Pandas,
    /// Arrays.
    NumPy,
}

impl Library {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::PyArrow => ("pyarrow", "arrow"),
            Self::Polars => ("polars", "polars"),
            Self::Pandas => ("pandas", "pandas"),
            Self::NumPy => ("numpy", "numpy"),
        }
    }

    /// The library.
    ///
    /// # Errors
    /// When it is not installed, with a note that says how to.
    pub(crate) fn import(self, py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
        let (module, extra) = self.names();
        py.import(module).inspect_err(|error| {
            if error.is_instance_of::<PyImportError>(py) {
                let note = format!("hint: pip install 'engram[{extra}]'");
                // The error is as good without it.
                let _ = error.value(py).call_method1("add_note", (note,));
            }
        })
    }
}
