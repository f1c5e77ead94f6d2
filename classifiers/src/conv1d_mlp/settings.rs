//! What a Conv1D MLP is made of.

use serde::{Deserialize, Serialize};

use super::{Conv1dMlp, NAME};
use crate::{Error, Result};

/// Settings of a Conv1D MLP; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conv1dMlpSettings {
    /// Width of the filters as a share of a trajectory's points, above 0 and at most 1: see [`kernel`](Self::kernel).
    pub kernel_share: f64,
    /// Number of filters.
    pub n_filters: usize,
    /// Points from one place of a filter to the next.
    pub stride: usize,
    /// What becomes of two neighbouring places.
    pub pooling: Pooling,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Examples of a step; the last step of an epoch takes those that are left.
    pub batch_size: usize,
    /// Weight of the squared length of all weights, added to their gradient.
    pub weight_decay: f64,
    /// Passes over the examples. None of them leaves the network as it begins.
    pub n_epochs: usize,
}

/// What becomes of two neighbouring places of a filter; a last one without a neighbour is dropped, an only one kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Both are kept.
    #[default]
    None,
    /// The larger is kept.
    Max,
    /// Their mean is kept.
    Average,
}

impl Default for Conv1dMlpSettings {
    fn default() -> Self {
        Self {
            kernel_share: 0.5,
            n_filters: 40,
            stride: 1,
            pooling: Pooling::None,
            learning_rate: 1e-3,
            batch_size: 1024,
            weight_decay: 0.0,
            n_epochs: 400,
        }
    }
}

impl Conv1dMlpSettings {
    /// Width of the filters over a trajectory of `n_points`, in points: the share of them, rounded up.
    pub fn kernel(&self, n_points: usize) -> usize {
        // A product that misses a whole number by rounding alone counts as that number.
        let kernel = (self.kernel_share * n_points as f64 * (1.0 - 1e-12)).ceil() as usize;
        kernel.clamp(1, n_points.max(1))
    }

    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a value out of range.
    pub fn check(&self) -> Result<Conv1dMlp> {
        if !(self.kernel_share > 0.0 && self.kernel_share <= 1.0) {
            return refuse(format!(
                "`kernel_share` is {} and must be above 0 and at most 1",
                self.kernel_share
            ));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return refuse(format!(
                "`learning_rate` is {} and must be above 0 and finite",
                self.learning_rate
            ));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return refuse(format!(
                "`weight_decay` is {} and must be at least 0 and finite",
                self.weight_decay
            ));
        }
        for (name, given) in [
            ("n_filters", self.n_filters),
            ("stride", self.stride),
            ("batch_size", self.batch_size),
        ] {
            if given == 0 {
                return refuse(format!("`{name}` is 0 and must be at least 1"));
            }
        }
        Ok(Conv1dMlp {
            settings: self.clone(),
        })
    }
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
        let defaults = Conv1dMlpSettings::default;
        assert!(defaults().check().is_ok());
        let wrong = [
            (r#"{"kernel_share": 0.0}"#, "`kernel_share` is 0"),
            (r#"{"kernel_share": 1.5}"#, "`kernel_share` is 1.5"),
            (r#"{"learning_rate": 0.0}"#, "`learning_rate` is 0"),
            (r#"{"weight_decay": -1.0}"#, "`weight_decay` is -1"),
            (r#"{"n_filters": 0}"#, "`n_filters` is 0"),
            (r#"{"stride": 0}"#, "`stride` is 0"),
            (r#"{"batch_size": 0}"#, "`batch_size` is 0"),
        ];
        for (json, expected) in wrong {
            let settings: Conv1dMlpSettings = serde_json::from_str(json).unwrap();
            let error = settings.check().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(serde_json::from_str::<Conv1dMlpSettings>(r#"{"filters": 1}"#).is_err());
    }

    #[test]
    fn kernels_of_the_study_are_shares_of_21_points() {
        let kernel = |kernel_share| {
            let settings = Conv1dMlpSettings {
                kernel_share,
                ..Conv1dMlpSettings::default()
            };
            settings.kernel(21)
        };
        let kernels = [0.003, 0.007, 0.05, 0.25, 0.5, 1.0].map(kernel);
        assert_eq!(kernels, [1, 1, 2, 6, 11, 21]);
    }
}
