//! Errors that come up where rows are computed, and know what the user can do about them.

use std::error::Error;
use std::fmt;

use datafusion::error::DataFusionError;

/// An error with what the user can do about it. A query that fails of it has its hint.
#[derive(Debug)]
pub struct Hinted {
    error: Box<dyn Error + Send + Sync>,
    hint: String,
}

impl Hinted {
    /// The error as an operator of a query returns it.
    pub fn of_query(error: impl Error + Send + Sync + 'static, hint: String) -> DataFusionError {
        let error = Box::new(error);
        DataFusionError::External(Box::new(Self { error, hint }))
    }

    /// The hint of an error, if it has one.
    pub(crate) fn hint_of(error: &(dyn Error + Send + Sync + 'static)) -> Option<String> {
        let hinted = error.downcast_ref::<Self>()?;
        Some(hinted.hint.clone())
    }
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Hinted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
