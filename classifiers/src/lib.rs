//! Classifiers: from features and labels to a model, and from a model to predictions.
//!
//! A classifier's settings are plain and come from anywhere; checking them gives a [`Classifier`], fitting it gives a
//! [`Model`]. Everything here is synchronous, computes on rayon's current pool and knows neither SQL nor Arrow. What is
//! random follows from a seed alone, so that the same examples and the same seed give the same model on any number of
//! threads.
//!
//! * [`random_forest`]: decision trees on bootstrap samples.
//! * [`grids`], [`grid_search`] and [`folds`]: which settings are tried, and on which examples.
//! * [`permutation`]: what a model leans on.
//! * [`linear_svm`]: one hyperplane for every class, on z-scores ([`scaling`]) or principal components ([`pca`]).
//! * [`quant`]: quantiles of trajectories' intervals ([`trajectories`]), told apart by [`extra_trees`].
//! * [`baselines`]: logistic regression, nearest neighbours, naive Bayes.
//! * [`evaluation`]: accuracy, confusion, and the mean over splits.

pub mod baselines;
mod decision_tree;
mod design;
mod error;
pub mod evaluation;
mod examples;
pub mod extra_trees;
pub mod folds;
mod gram;
pub mod grid_search;
pub mod grids;
mod line_search;
pub mod linear_svm;
pub mod pca;
pub mod permutation;
pub mod quant;
pub mod random_forest;
#[cfg(test)]
mod reference;
pub mod scaling;
mod settings;
pub mod trajectories;

pub use error::{Error, Result};
pub use evaluation::{ConfusionMatrix, Estimate};
pub use examples::{Examples, FeatureGroups, select_rows};
pub use extra_trees::{ExtraTrees, ExtraTreesModel, ExtraTreesSettings};
pub use grids::Grid;
pub use linear_svm::{LinearSvm, LinearSvmModel, LinearSvmSettings};
pub use pca::Pca;
pub use quant::{Quant, QuantModel, QuantSettings};
pub use random_forest::{MaxFeatures, RandomForest, RandomForestSettings};
pub use scaling::Scaler;
pub use settings::{AnyModel, Kind, Settings};
pub use trajectories::Trajectories;

/// A kind of classifier with checked settings.
pub trait Classifier: Send + Sync {
    /// Its name in results and SQL.
    fn name(&self) -> &'static str;

    /// Learns from `examples`. Equal examples and seeds give equal models.
    ///
    /// # Errors
    /// When the classifier cannot learn from these examples.
    fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<Box<dyn Model>>;
}

/// What a classifier has learned.
pub trait Model: Send + Sync {
    /// Number of classes that it tells apart.
    fn n_classes(&self) -> usize;

    /// Probability of every class for every row of `features` (row-major, as many a row as were learned from), row by
    /// row.
    ///
    /// # Errors
    /// When `features` is not a whole number of rows or holds a value that is not finite.
    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>>;

    /// The most probable class of every row; of equally probable ones the first.
    ///
    /// # Errors
    /// As [`Model::predict_probabilities`].
    fn predict(&self, features: &[f32]) -> Result<Vec<u32>> {
        Ok(self
            .predict_probabilities(features)?
            .chunks_exact(self.n_classes())
            .map(most_probable)
            .collect())
    }

    /// Share of every group of features in what the model knows, adding up to 1; `None` for models that cannot tell.
    fn importances(&self, groups: &FeatureGroups) -> Option<Vec<Estimate>>;
}

/// Index of the largest probability, the first of equals.
fn most_probable(probabilities: &[f32]) -> u32 {
    let mut best = 0;
    for (class, &probability) in probabilities.iter().enumerate() {
        if probability > probabilities[best] {
            best = class;
        }
    }
    best as u32
}
