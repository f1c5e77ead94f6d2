//! The fitted machine: decision values, probabilities, predictions.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::examples::check_rows;
use crate::gram::dot;
use crate::{Estimate, FeatureGroups, Model, Pca, Result, Scaler};

/// Rows that one task works on.
const ROWS_AT_ONCE: usize = 256;

/// A linear support vector machine that has been fitted. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearSvmModel {
    pub(super) feature_names: Vec<String>,
    pub(super) scaler: Scaler,
    pub(super) pca: Option<Pca>,
    pub(super) boundaries: Vec<Option<Boundary>>,
}

/// What separates one class from the others: the sign of the weighted sum of the inputs plus the intercept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Boundary {
    /// Weight of every input: of the z-scores, or of their principal components.
    pub weights: Vec<f64>,
    /// The intercept.
    pub intercept: f64,
    /// Newton steps that this fit took; after a fit with a smaller C, those that came on top.
    pub n_iterations: usize,
    /// Whether the gradient became as small as the settings ask.
    pub has_converged: bool,
}

impl LinearSvmModel {
    /// Every class's boundary; `None` for classes without training examples, which are never predicted.
    pub fn boundaries(&self) -> &[Option<Boundary>] {
        &self.boundaries
    }

    /// Whether every class's search ended by itself.
    pub fn has_converged(&self) -> bool {
        self.boundaries
            .iter()
            .flatten()
            .all(|boundary| boundary.has_converged)
    }

    /// Means and standard deviations of the training features.
    pub fn scaler(&self) -> &Scaler {
        &self.scaler
    }

    /// Principal components of the training features, where the settings ask for them.
    pub fn pca(&self) -> Option<&Pca> {
        self.pca.as_ref()
    }

    /// Signed distance from every class's boundary, in margins, row by row; minus infinity for classes without training
    /// examples. Features are as in [`Model::predict_probabilities`].
    ///
    /// # Errors
    /// When `features` is not a whole number of rows or holds a value that is not finite.
    pub fn decision_values(&self, features: &[f32]) -> Result<Vec<f64>> {
        check_rows(features, &self.feature_names)?;
        let n_features = self.feature_names.len();
        let n_classes = self.boundaries.len();
        let mut values = vec![f64::NEG_INFINITY; features.len() / n_features * n_classes];
        values
            .par_chunks_mut(n_classes * ROWS_AT_ONCE)
            .zip(features.par_chunks(n_features * ROWS_AT_ONCE))
            .for_each(|(values, rows)| {
                let mut inputs = self.scaler.scale(rows);
                if let Some(pca) = &self.pca {
                    inputs = pca.transform(&inputs);
                }
                let n_inputs = self.pca.as_ref().map_or(n_features, Pca::n_components);
                for (values, inputs) in values
                    .chunks_exact_mut(n_classes)
                    .zip(inputs.chunks_exact(n_inputs))
                {
                    for (value, boundary) in values.iter_mut().zip(&self.boundaries) {
                        if let Some(boundary) = boundary {
                            *value = dot(&boundary.weights, inputs) + boundary.intercept;
                        }
                    }
                }
            });
        Ok(values)
    }
}

impl Model for LinearSvmModel {
    fn n_classes(&self) -> usize {
        self.boundaries.len()
    }

    /// The softmax of the decision values. A support vector machine knows no probabilities; these order the classes of an
    /// example as the decision values do and are not calibrated.
    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        let mut values = self.decision_values(features)?;
        values
            .par_chunks_exact_mut(self.n_classes())
            .for_each(softmax);
        Ok(values.into_iter().map(|value| value as f32).collect())
    }

    /// The class with the largest decision value, the first of equals: also where probabilities round to the same number.
    fn predict(&self, features: &[f32]) -> Result<Vec<u32>> {
        Ok(self
            .decision_values(features)?
            .chunks_exact(self.n_classes())
            .map(largest)
            .collect())
    }

    fn importances(&self, _groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        None
    }
}

/// Turns values into positive shares that add up to 1 and order alike.
pub(crate) fn softmax(values: &mut [f64]) {
    let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - greatest).exp();
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

/// Index of the largest value, the first of equals.
pub(super) fn largest(values: &[f64]) -> u32 {
    let mut best = 0;
    for (class, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = class;
        }
    }
    best as u32
}
