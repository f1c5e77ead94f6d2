//! Simple classifiers to compare others with: logistic regression, nearest neighbours, Gaussian naive Bayes.
//!
//! Logistic regression is fitted by smartcore; what it finds is kept as plain numbers, so that models are stored without
//! smartcore's own serialisation and predict in parallel. The other two have hardly anything to fit, and smartcore takes
//! minutes for it with hundreds of features, on one thread. All see z-scores: regularisation and distances depend on the
//! features' scales.

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
use smartcore::error::Failed;
use smartcore::linalg::basic::matrix::DenseMatrix;

use crate::examples::check_rows;
use crate::linear_svm::softmax;
use crate::{Error, Examples, Result, Scaler};

/// Rows that one task works on.
const ROWS_AT_ONCE: usize = 256;

/// The z-scores of `examples` as smartcore takes them.
fn matrix(examples: &Examples<'_>, scaler: &Scaler) -> Result<DenseMatrix<f64>> {
    let (n_examples, n_features) = (examples.n_examples(), examples.n_features());
    let scaled = scaler.scale(examples.features());
    DenseMatrix::new(n_examples, n_features, scaled, false).map_err(refused)
}

/// What smartcore refuses, as an error of this crate.
fn refused(failed: Failed) -> Error {
    Error::Examples {
        reason: failed.to_string(),
    }
}

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
