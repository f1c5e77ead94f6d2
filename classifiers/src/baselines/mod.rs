//! Simple classifiers to compare others with: logistic regression, nearest neighbours, Gaussian naive Bayes.
//!
//! All see z-scores: regularisation and distances depend on the features' scales. None is smartcore's: with hundreds of
//! features that takes minutes, on one thread, for what takes seconds.

mod cross_entropy;
mod logistic_regression;
mod naive_bayes;
mod nearest_neighbours;

pub use logistic_regression::{
    LogisticRegression, LogisticRegressionModel, LogisticRegressionSettings,
};
pub use naive_bayes::{NaiveBayes, NaiveBayesModel, NaiveBayesSettings};
pub use nearest_neighbours::{
    NearestNeighbours, NearestNeighboursModel, NearestNeighboursSettings,
};

use rayon::prelude::*;

use crate::examples::check_rows;
use crate::linear_svm::softmax;
use crate::{Result, Scaler};

/// Rows that one task works on.
const ROWS_AT_ONCE: usize = 256;

/// Probabilities from what `score` writes for the z-scores of every row: logarithms of unscaled probabilities, minus
/// infinity where it writes nothing.
fn probabilities(
    features: &[f32],
    feature_names: &[String],
    scaler: &Scaler,
    n_classes: usize,
    score: impl Fn(&[f64], &mut [f64]) + Sync,
) -> Result<Vec<f32>> {
    check_rows(features, feature_names)?;
    let n_features = feature_names.len();
    let mut probabilities = vec![0.0; features.len() / n_features * n_classes];
    probabilities
        .par_chunks_mut(n_classes * ROWS_AT_ONCE)
        .zip(features.par_chunks(n_features * ROWS_AT_ONCE))
        .for_each(|(probabilities, rows)| {
            let mut scaled = vec![0.0; n_features];
            let mut scores = vec![0.0; n_classes];
            for (probabilities, row) in probabilities
                .chunks_exact_mut(n_classes)
                .zip(rows.chunks_exact(n_features))
            {
                scaler.scale_row(row, &mut scaled);
                scores.fill(f64::NEG_INFINITY);
                score(&scaled, &mut scores);
                softmax(&mut scores);
                for (probability, &score) in probabilities.iter_mut().zip(&scores) {
                    *probability = score as f32;
                }
            }
        });
    Ok(probabilities)
}

#[cfg(test)]
mod tests;
