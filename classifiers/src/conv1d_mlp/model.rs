//! The fitted network: from features to probabilities, without libtorch.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::shape::POOLED;
use super::{Pooling, Shape, Weights};
use crate::examples::check_rows;
use crate::linear_svm::softmax;
use crate::{Estimate, FeatureGroups, Model, Result, Scaler, Trajectories};

/// Rows that one task works on.
const ROWS_AT_ONCE: usize = 64;

/// A Conv1D MLP that has been fitted. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conv1dMlpModel {
    pub(super) feature_names: Vec<String>,
    pub(super) scaler: Scaler,
    pub(super) trajectories: Trajectories,
    pub(super) shape: Shape,
    pub(super) weights: Weights,
}

impl Conv1dMlpModel {
    /// The network's sizes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What the network has learned.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The probabilities of one example.
    fn probabilities(&self, inputs: &[f32]) -> Vec<f32> {
        let pooled = self.pooled(inputs);
        let mut logits: Vec<f64> = self
            .weights
            .dense
            .chunks_exact(pooled.len())
            .zip(&self.weights.dense_biases)
            .map(|(weights, bias)| f64::from(bias + dot(weights, &pooled)))
            .collect();
        softmax(&mut logits);
        logits
            .into_iter()
            .map(|probability| probability as f32)
            .collect()
    }

    /// Every filter's places after rectification and pooling, filter by filter.
    fn pooled(&self, inputs: &[f32]) -> Vec<f32> {
        let shape = &self.shape;
        let filters = self
            .weights
            .filters
            .chunks_exact(shape.n_channels * shape.kernel);
        filters
            .zip(&self.weights.filter_biases)
            .flat_map(|(filter, bias)| {
                let places: Vec<f32> = (0..shape.n_places())
                    .map(|place| {
                        let first = place * shape.stride;
                        let sum: f32 = filter
                            .chunks_exact(shape.kernel)
                            .zip(inputs.chunks_exact(shape.n_points))
                            .map(|(filter, points)| dot(filter, &points[first..]))
                            .sum();
                        (sum + bias).max(0.0)
                    })
                    .collect();
                pool(places, shape)
            })
            .collect()
    }
}

fn pool(places: Vec<f32>, shape: &Shape) -> Vec<f32> {
    if !shape.is_pooled() {
        return places;
    }
    places
        .chunks_exact(POOLED)
        .map(|pair| match shape.pooling {
            Pooling::Max => pair[0].max(pair[1]),
            _ => (pair[0] + pair[1]) / POOLED as f32,
        })
        .collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The inputs of every example, `[examples, channels, points]`: z-scores of the trajectories, and behind them each other
/// feature, equal at every point.
pub(super) fn inputs(
    features: &[f32],
    scaler: &Scaler,
    trajectories: &Trajectories,
    shape: &Shape,
) -> Vec<f32> {
    let n_features = scaler.means().len();
    let scaled = scaler.scale(features);
    let mut inputs = Vec::with_capacity(features.len() / n_features * shape.n_inputs());
    for row in scaled.chunks_exact(n_features) {
        for channel in trajectories.channels() {
            inputs.extend(channel.features.iter().map(|&feature| row[feature] as f32));
        }
        for &feature in trajectories.others() {
            inputs.extend(std::iter::repeat_n(row[feature] as f32, shape.n_points));
        }
    }
    inputs
}

impl Model for Conv1dMlpModel {
    fn n_classes(&self) -> usize {
        self.shape.n_classes
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        check_rows(features, &self.feature_names)?;
        let rows = features.par_chunks(self.feature_names.len() * ROWS_AT_ONCE);
        let probabilities: Vec<Vec<f32>> = rows
            .map(|rows| {
                inputs(rows, &self.scaler, &self.trajectories, &self.shape)
                    .chunks_exact(self.shape.n_inputs())
                    .flat_map(|inputs| self.probabilities(inputs))
                    .collect()
            })
            .collect();
        Ok(probabilities.concat())
    }

    /// None: what a filter makes of a trajectory is no share of it.
    fn importances(&self, _: &FeatureGroups) -> Option<Vec<Estimate>> {
        None
    }
}
