//! Gaussian naive Bayes: within a class every z-score is normal and independent of the others.
//!
//! A feature that is constant within a class has variance zero there; every variance is therefore raised by a small share
//! of the largest variance of a feature, as scikit-learn's `GaussianNB` does.
//!
//! # References
//! Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition, section 6.6.3.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::probabilities;
use crate::scaling::column_sums;
use crate::select_rows;
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
    pub fn fit_naive_bayes(&self, examples: &Examples<'_>) -> NaiveBayesModel {
        let scaler = Scaler::fit(examples);
        let scaled = scaler.scale(examples.features());
        let classes = (0..examples.n_classes() as u32)
            .filter_map(|class| self.normals(class, examples, &scaled))
            .collect();
        NaiveBayesModel {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            scaler,
            classes,
        }
    }

    /// The distributions of a class's z-scores; `None` for a class without examples.
    fn normals(&self, class: u32, examples: &Examples<'_>, scaled: &[f64]) -> Option<Normals> {
        let width = examples.n_features();
        let rows: Vec<usize> = (0..examples.n_examples())
            .filter(|&row| examples.labels()[row] == class)
            .collect();
        if rows.is_empty() {
            return None;
        }
        let n_rows = rows.len() as f64;
        let values = select_rows(scaled, width, &rows);
        let mut means = column_sums(&values, width, |_, value| value);
        for mean in &mut means {
            *mean /= n_rows;
        }
        let mut variances = column_sums(&values, width, |column, value| {
            (value - means[column]).powi(2)
        });
        for variance in &mut variances {
            *variance = *variance / n_rows + self.settings.smoothing;
        }
        Some(Normals {
            class,
            share: n_rows / examples.n_examples() as f64,
            means,
            variances,
        })
    }
}

impl Classifier for NaiveBayes {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is random here: the seed plays no part.
    fn fit(&self, examples: &Examples<'_>, _seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_naive_bayes(examples)))
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
