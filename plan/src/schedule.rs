//! How learning rates change in the course of training, and how steps are scaled by layer.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::sweep::setting;

/// The factor of all learning rates over the course of training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Epochs over which the factor grows linearly from 0 to 1.
    ///
    /// # References
    /// Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour", 2017, section 2.2.
    pub warmup_epochs: f64,
    /// What happens after.
    pub decay: Decay,
}

/// How the factor falls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decay {
    /// It stays 1.
    #[default]
    Constant,
    /// It is multiplied by `factor` at each of `epochs`.
    Step {
        /// Where it falls.
        epochs: Vec<f64>,
        /// By how much.
        factor: f64,
    },
    /// It follows half a cosine from the end of the warm-up to 0 at the end of training.
    ///
    /// # References
    /// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, equation 5.
    Cosine,
}

impl Schedule {
    /// The factor after `epochs` epochs, of `n_epochs` in all; both count parts of an epoch.
    pub fn factor(&self, epochs: f64, n_epochs: f64) -> f64 {
        if epochs < self.warmup_epochs {
            return epochs / self.warmup_epochs;
        }
        match &self.decay {
            Decay::Constant => 1.0,
            Decay::Step {
                epochs: places,
                factor,
            } => {
                let passed = places.iter().filter(|place| **place <= epochs).count();
                factor.powi(i32::try_from(passed).unwrap_or(i32::MAX))
            }
            Decay::Cosine => {
                let left = n_epochs - self.warmup_epochs;
                let share = ((epochs - self.warmup_epochs) / left).clamp(0.0, 1.0);
                0.5 * (1.0 + (std::f64::consts::PI * share).cos())
            }
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`crate::Error::Setting`].
    pub(crate) fn check(&self, n_epochs: usize) -> Result<()> {
        let n_epochs = n_epochs as f64;
        if !(self.warmup_epochs >= 0.0 && self.warmup_epochs < n_epochs) {
            let reason = format!("it must be at least 0 and below the {n_epochs} epochs");
            return Err(setting("warmup_epochs", &self.warmup_epochs, &reason));
        }
        if let Decay::Step { epochs, factor } = &self.decay {
            if !(*factor > 0.0 && *factor < 1.0) {
                return Err(setting("factor", factor, "it must be in (0, 1)"));
            }
            if let Some(place) = epochs
                .iter()
                .find(|place| !(**place > 0.0 && **place < n_epochs))
            {
                let reason = format!("a step of the decay must lie within the {n_epochs} epochs");
                return Err(setting("epochs", place, &reason));
            }
        }
        Ok(())
    }
}

/// Layer-wise adaptive rate scaling: the step of a kernel is scaled by
/// `trust_coefficient * |W| / (|gradient| + weight_decay * |W|)`. Biases and normalisations are not scaled.
///
/// # References
/// You, Gitman, Ginsburg, "Large Batch Training of Convolutional Networks", 2017, equation 6; in SimCLR with
/// trust coefficient 0.001 (Chen et al. 2020, appendix B.6).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lars {
    /// Length of a step as a share of the kernel's norm, at a learning rate of 1.
    pub trust_coefficient: f64,
}

impl Default for Lars {
    fn default() -> Self {
        Self {
            trust_coefficient: 0.001,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_is_linear_and_decay_follows() {
        let schedule = Schedule {
            warmup_epochs: 5.0,
            decay: Decay::Step {
                epochs: vec![30.0, 60.0],
                factor: 0.1,
            },
        };
        let factor = |epochs| schedule.factor(epochs, 90.0);
        assert_eq!(
            [factor(0.0), factor(2.5), factor(5.0), factor(29.9)],
            [0.0, 0.5, 1.0, 1.0]
        );
        assert!((factor(30.0) - 0.1).abs() < 1e-15 && (factor(89.0) - 0.01).abs() < 1e-15);
    }

    #[test]
    fn a_cosine_ends_at_nothing() {
        let schedule = Schedule {
            warmup_epochs: 10.0,
            decay: Decay::Cosine,
        };
        let factor = |epochs| schedule.factor(epochs, 110.0);
        assert_eq!(factor(10.0), 1.0);
        assert!((factor(60.0) - 0.5).abs() < 1e-15 && factor(110.0).abs() < 1e-15);
    }

    #[test]
    fn a_warm_up_beyond_the_end_is_refused() {
        let schedule = Schedule {
            warmup_epochs: 20.0,
            decay: Decay::Constant,
        };
        assert_eq!(
            schedule.check(20).unwrap_err().to_string(),
            "`warmup_epochs = 20` cannot be used: it must be at least 0 and below the 20 epochs"
        );
    }
}
