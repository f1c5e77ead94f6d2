//! Numbers that NumPy looks at where they are.
//!
//! NumPy's array interface names an address, a shape and a type, and NumPy keeps the object that names them for as long as an
//! array shows its memory. So nothing is copied, and no NumPy is needed to build this. The arrays cannot be written to.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::libraries::Library;

/// Numbers in a shape, row by row.
#[pyclass(frozen, module = "engram._engram")]
pub(crate) struct Numbers {
    held: Held,
    shape: Vec<usize>,
}

enum Held {
    Single(Vec<f32>),
    Integers(Vec<i64>),
}

impl Numbers {
    /// Numbers in single precision.
    pub(crate) fn single(values: Vec<f32>, shape: Vec<usize>) -> Self {
        let held = Held::Single(values);
        Self { held, shape }
    }

    /// Integers.
    pub(crate) fn integers(values: impl IntoIterator<Item = i64>, shape: Vec<usize>) -> Self {
        let held = Held::Integers(values.into_iter().collect());
        Self { held, shape }
    }
}

#[pymethods]
impl Numbers {
    #[getter(__array_interface__)]
    fn array_interface<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (address, letter) = match &self.held {
            Held::Single(values) => (values.as_ptr().addr(), "f4"),
            Held::Integers(values) => (values.as_ptr().addr(), "i8"),
        };
        let order = if cfg!(target_endian = "little") {
            '<'
        } else {
            '>'
        };
        let read_only = true;
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", format!("{order}{letter}"))?;
        interface.set_item("shape", PyTuple::new(py, &self.shape)?)?;
        interface.set_item("data", (address, read_only))?;
        Ok(interface)
    }
}

/// An array of NumPy's that shows the numbers.
///
/// # Errors
/// When there is no NumPy.
pub(crate) fn to_numpy<'py>(numbers: &Bound<'py, Numbers>) -> PyResult<Bound<'py, PyAny>> {
    let numpy = Library::NumPy.import(numbers.py())?;
    numpy.getattr("asarray")?.call1((numbers,))
}
