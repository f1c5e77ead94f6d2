//! Logistic regression: the logarithm of a class's odds is a weighted sum of the z-scores.
//!
//! The weights minimise the cross-entropy of all examples plus `alpha / 2` times their squared length (intercepts excepted);
//! the module `cross_entropy` says how.
//!
//! # References
//! Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, section 4.4. `alpha` is 1 / C of
//! scikit-learn's `LogisticRegression`.

use serde::{Deserialize, Serialize};

use super::{cross_entropy, probabilities};
use crate::design::Design;
use crate::gram::dot;
use crate::{Classifier, Error, Estimate, Examples, FeatureGroups, Model, Result, Scaler};

const NAME: &str = "logistic_regression";

/// Settings of logistic regression; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegressionSettings {
    /// How much the squared length of the weights counts; above 0, for separable classes have no weights otherwise.
    pub alpha: f64,
}

impl Default for LogisticRegressionSettings {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl LogisticRegressionSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for an `alpha` that is not above 0 and finite.
    pub fn check(&self) -> Result<LogisticRegression> {
        if self.alpha > 0.0 && self.alpha.is_finite() {
            return Ok(LogisticRegression {
                settings: self.clone(),
            });
        }
        Err(Error::ClassifierSettings {
            classifier: NAME,
            reason: format!("`alpha` is {} and must be above 0 and finite", self.alpha),
        })
    }
}

/// Logistic regression with checked settings, made by [`LogisticRegressionSettings::check`].
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    settings: LogisticRegressionSettings,
}

impl LogisticRegression {
    /// Fits the classifier, as [`Classifier::fit`] does, and keeps its type.
    ///
    /// # Errors
    /// [`Error::Examples`] when fewer than two classes have examples, or no finite weights are found.
    pub fn fit_regression(&self, examples: &Examples<'_>) -> Result<LogisticRegressionModel> {
        let mut present = examples.labels().to_vec();
        present.sort_unstable();
        present.dedup();
        if present.len() < 2 {
            let reason = "odds need examples of at least two classes".to_owned();
            return Err(Error::Examples { reason });
        }
        let scaler = Scaler::fit(examples);
        let n_features = examples.n_features();
        let design = Design::new(&scaler.scale(examples.features()), n_features);
        let place_of = |label: &u32| present.partition_point(|class| class < label);
        let classes: Vec<usize> = examples.labels().iter().map(place_of).collect();
        let fitted = cross_entropy::minimise(&design, &classes, present.len(), self.settings.alpha);
        // Of two classes there is one score, for the second; the first one's is zero.
        let fixed = vec![vec![0.0; n_features + 1]; present.len() - fitted.len()];
        let scores: Vec<Score> = present
            .iter()
            .zip(fixed.into_iter().chain(fitted))
            .map(|(&class, mut weights)| Score {
                class,
                intercept: weights.pop().unwrap_or_default(),
                weights,
            })
            .collect();
        let is_finite = |score: &Score| {
            score.intercept.is_finite() && score.weights.iter().all(|weight| weight.is_finite())
        };
        if !scores.iter().all(is_finite) {
            let reason = "logistic regression finds no finite weights".to_owned();
            return Err(Error::Examples { reason });
        }
        Ok(LogisticRegressionModel {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            scaler,
            scores,
        })
    }
}

impl Classifier for LogisticRegression {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is random here: the seed plays no part.
    fn fit(&self, examples: &Examples<'_>, _seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_regression(examples)?))
    }
}

/// Logistic regression that has been fitted. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogisticRegressionModel {
    feature_names: Vec<String>,
    n_classes: usize,
    scaler: Scaler,
    scores: Vec<Score>,
}

/// Logarithm of a class's unscaled probability; classes without training examples have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Score {
    class: u32,
    weights: Vec<f64>,
    intercept: f64,
}

impl Model for LogisticRegressionModel {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        let score = |scaled: &[f64], scores: &mut [f64]| {
            for Score {
                class,
                weights,
                intercept,
            } in &self.scores
            {
                scores[*class as usize] = dot(weights, scaled) + intercept;
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
