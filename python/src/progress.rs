//! How far a long piece of work is, for the caller's function.

use pyo3::prelude::*;

/// How far it is.
#[derive(Debug)]
pub(crate) struct News {
    /// Splits that are done.
    pub(crate) done: usize,
    /// Splits in all.
    pub(crate) total: usize,
    /// What is being run.
    pub(crate) what: String,
}

impl News {
    /// Calls the caller's function, where there is one.
    ///
    /// # Errors
    /// What it raises.
    pub(crate) fn tell(self, progress: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        match progress {
            Some(progress) => progress.call1((self.done, self.total, self.what)).map(drop),
            None => Ok(()),
        }
    }
}
