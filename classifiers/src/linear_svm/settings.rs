//! What a linear support vector machine is made of.

use serde::{Deserialize, Serialize};

use super::{LinearSvm, NAME};
use crate::{Error, Result};

/// Settings of a linear support vector machine; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearSvmSettings {
    /// How much an example on the wrong side of its margin weighs against the length of the weights.
    pub c: f64,
    /// Number of principal components of the z-scores to learn from; none means the z-scores themselves.
    pub n_components: Option<usize>,
    /// Ends the search when a step promises to lower the objective by no more than this share of it. The share is not
    /// LIBLINEAR's `tol`, which is about gradients. Near the solution a Newton step gains many digits, so a small
    /// tolerance costs a step or two more than a large one.
    pub tolerance: f64,
    /// Most Newton steps for one class. A search that they end is recorded in the model.
    pub max_iterations: usize,
}

impl Default for LinearSvmSettings {
    fn default() -> Self {
        Self {
            c: 1.0,
            n_components: None,
            tolerance: 1e-10,
            max_iterations: 1000,
        }
    }
}

impl LinearSvmSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a `c` or a `tolerance` that is not above zero and finite, and for a count of zero.
    pub fn check(&self) -> Result<LinearSvm> {
        check_c(self.c)?;
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return refuse(format!(
                "`tolerance` is {} and must lie between 0 and 1",
                self.tolerance
            ));
        }
        for (name, given) in [
            ("n_components", self.n_components.unwrap_or(1)),
            ("max_iterations", self.max_iterations),
        ] {
            if given == 0 {
                return refuse(format!("`{name}` is 0 and must be at least 1"));
            }
        }
        Ok(LinearSvm {
            settings: self.clone(),
        })
    }
}

/// Checks one value of `c`.
pub(super) fn check_c(c: f64) -> Result<()> {
    if c > 0.0 && c.is_finite() {
        return Ok(());
    }
    refuse(format!("`c` is {c} and must be above 0 and finite"))
}

fn refuse<T>(reason: String) -> Result<T> {
    Err(Error::ClassifierSettings {
        classifier: NAME,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        let defaults = LinearSvmSettings::default;
        assert!(defaults().check().is_ok());
        for (settings, name) in [
            (
                LinearSvmSettings {
                    c: 0.0,
                    ..defaults()
                },
                "`c` is 0",
            ),
            (
                LinearSvmSettings {
                    c: f64::NAN,
                    ..defaults()
                },
                "`c` is NaN",
            ),
            (
                LinearSvmSettings {
                    n_components: Some(0),
                    ..defaults()
                },
                "`n_components` is 0",
            ),
            (
                LinearSvmSettings {
                    tolerance: 0.0,
                    ..defaults()
                },
                "`tolerance` is 0",
            ),
            (
                LinearSvmSettings {
                    max_iterations: 0,
                    ..defaults()
                },
                "`max_iterations` is 0",
            ),
        ] {
            let error = settings.check().unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(serde_json::from_str::<LinearSvmSettings>(r#"{"C": 1}"#).is_err());
    }
}
