//! Logistic regression: the logarithm of a class's odds is a weighted sum of the z-scores.
//!
//! smartcore minimises the cross-entropy of all examples plus `alpha / 2` times the squared length of the weights
//! (intercepts excepted) by L-BFGS, on one thread.
//!
//! # References
//! Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, section 4.4. `alpha` is 1 / C of
//! scikit-learn's `LogisticRegression`.

use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression as smartcore_regression;

use super::{matrix, probabilities, refused};
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
    /// [`Error::Examples`] when fewer than two classes have examples, or smartcore finds no finite weights.
    pub fn fit_regression(&self, examples: &Examples<'_>) -> Result<LogisticRegressionModel> {
        let scaler = Scaler::fit(examples);
        let parameters = smartcore_regression::LogisticRegressionParameters::default()
            .with_alpha(self.settings.alpha);
        let labels = examples.labels().to_vec();
        let fitted =
            smartcore_regression::LogisticRegression::<f64, u32, DenseMatrix<f64>, _>::fit(
                &matrix(examples, &scaler)?,
                &labels,
                parameters,
            )
            .map_err(refused)?;
        let (coefficients, intercept) = (fitted.coefficients(), fitted.intercept());
        let n_features = examples.n_features();
        let classes = fitted.classes();
        let scores: Vec<Score> = classes
            .iter()
            .enumerate()
            .map(|(place, &class)| match (classes.len(), place) {
                // Of two classes there is one score, for the second; the first one's is zero.
                (2, 0) => Score {
                    class,
                    weights: vec![0.0; n_features],
                    intercept: 0.0,
                },
                _ => {
                    let row = if classes.len() == 2 { 0 } else { place };
                    let weights = (0..n_features).map(|feature| *coefficients.get((row, feature)));
                    Score {
                        class,
                        weights: weights.collect(),
                        intercept: *intercept.get((row, 0)),
                    }
                }
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
