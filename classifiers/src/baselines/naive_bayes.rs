//! Gaussian naive Bayes: within a class every z-score is normal and independent of the others.
//!
//! Means, variances and shares of the classes are smartcore's. Its densities are not used: a feature that is constant
//! within a class has variance zero there and would make them NaN. Every variance is therefore raised by a small share of
//! the largest variance of a feature, as scikit-learn's `GaussianNB` does.
//!
//! # References
//! Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, section 6.6.3.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::naive_bayes::gaussian::{GaussianNB, GaussianNBParameters};

use super::{matrix, probabilities, refused};
use crate::{Classifier, Error, Estimate, Examples, FeatureGroups, Model, Result, Scaler};

const NAME: &str = "naive_bayes";

/// Settings of Gaussian naive Bayes; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NaiveBayesSettings {
    /// What every variance is raised by. A z-score's variance over all examples is 1.
    pub smoothing: f64,
}

impl Default for NaiveBayesSettings {
    fn default() -> Self {
        Self { smoothing: 1e-9 }
    }
}

impl NaiveBayesSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for a `smoothing` that is not above 0 and finite.
    pub fn check(&self) -> Result<NaiveBayes> {
        if self.smoothing > 0.0 && self.smoothing.is_finite() {
            return Ok(NaiveBayes {
                settings: self.clone(),
            });
        }
        Err(Error::ClassifierSettings {
            classifier: NAME,
            reason: format!(
                "`smoothing` is {} and must be above 0 and finite",
                self.smoothing
            ),
        })
    }
}

/// Gaussian naive Bayes with checked settings, made by [`NaiveBayesSettings::check`].
#[derive(Clone, Debug)]
pub struct NaiveBayes {
    settings: NaiveBayesSettings,
}

impl NaiveBayes {
    /// Fits the classifier, as [`Classifier::fit`] does, and keeps its type.
    ///
    /// # Errors
    /// [`Error::Examples`] for what smartcore refuses.
    pub fn fit_naive_bayes(&self, examples: &Examples<'_>) -> Result<NaiveBayesModel> {
        let scaler = Scaler::fit(examples);
        let labels = examples.labels().to_vec();
        let fitted = GaussianNB::<f64, u32, DenseMatrix<f64>, _>::fit(
            &matrix(examples, &scaler)?,
            &labels,
            GaussianNBParameters::default(),
        )
        .map_err(refused)?;
        let classes = fitted
            .classes()
            .iter()
            .zip(fitted.class_priors())
            .zip(fitted.theta().iter().zip(fitted.var()))
            .map(|((&class, share), (means, variances))| {
                // Rounding may leave the variance of a constant a little below zero.
                let variances = variances.iter().map(|variance| variance.max(0.0));
                Normals {
                    class,
                    share: *share,
                    means: means.clone(),
                    variances: variances
                        .map(|variance| variance + self.settings.smoothing)
                        .collect(),
                }
            })
            .collect();
        Ok(NaiveBayesModel {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            scaler,
            classes,
        })
    }
}

impl Classifier for NaiveBayes {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is random here: the seed plays no part.
    fn fit(&self, examples: &Examples<'_>, _seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_naive_bayes(examples)?))
    }
}

/// Gaussian naive Bayes that has been fitted. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NaiveBayesModel {
    feature_names: Vec<String>,
    n_classes: usize,
    scaler: Scaler,
    classes: Vec<Normals>,
}

/// A class's share of the examples and the distributions of its z-scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Normals {
    class: u32,
    share: f64,
    means: Vec<f64>,
    variances: Vec<f64>,
}

impl Normals {
    fn log_density(&self, scaled: &[f64]) -> f64 {
        let distributions = self.means.iter().zip(&self.variances);
        scaled
            .iter()
            .zip(distributions)
            .map(|(value, (mean, variance))| {
                -0.5 * ((TAU * variance).ln() + (value - mean).powi(2) / variance)
            })
            .sum()
    }
}

impl Model for NaiveBayesModel {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        let score = |scaled: &[f64], scores: &mut [f64]| {
            for normals in &self.classes {
                // The floor keeps an example that is far from every class comparable: infinities have no differences.
                scores[normals.class as usize] =
                    (normals.share.ln() + normals.log_density(scaled)).max(f64::MIN);
            }
        };
        probabilities(
            features,
            &self.feature_names,
            &self.scaler,
            self.n_classes,
            score,
        )
    }

    fn importances(&self, _groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        None
    }
}
