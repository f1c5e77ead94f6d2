//! Nearest neighbours: the classes of the training examples that are closest in z-scores.
//!
//! Distances are Euclidean and computed to every training example: trees of neighbourhoods do not help with hundreds of
//! features.
//!
//! # References
//! Cover and Hart, "Nearest neighbor pattern classification", IEEE Transactions on Information Theory 13, 1967.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::examples::check_rows;
use crate::{Classifier, Error, Estimate, Examples, FeatureGroups, Model, Result, Scaler};

const NAME: &str = "nearest_neighbours";

/// Settings of nearest neighbours; [`check`](Self::check) turns them into the classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NearestNeighboursSettings {
    /// Number of neighbours, each with one vote.
    pub n_neighbours: usize,
}

impl Default for NearestNeighboursSettings {
    fn default() -> Self {
        Self { n_neighbours: 5 }
    }
}

impl NearestNeighboursSettings {
    /// The classifier with these settings.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for no neighbours.
    pub fn check(&self) -> Result<NearestNeighbours> {
        if self.n_neighbours > 0 {
            return Ok(NearestNeighbours {
                settings: self.clone(),
            });
        }
        Err(Error::ClassifierSettings {
            classifier: NAME,
            reason: "`n_neighbours` is 0 and must be at least 1".to_owned(),
        })
    }
}

/// Nearest neighbours with checked settings, made by [`NearestNeighboursSettings::check`].
#[derive(Clone, Debug)]
pub struct NearestNeighbours {
    settings: NearestNeighboursSettings,
}

impl NearestNeighbours {
    /// Keeps the examples, as [`Classifier::fit`] does, and the model's type.
    ///
    /// # Errors
    /// [`Error::Examples`] for fewer examples than neighbours.
    pub fn fit_neighbours(&self, examples: &Examples<'_>) -> Result<NearestNeighboursModel> {
        let n_neighbours = self.settings.n_neighbours;
        if examples.n_examples() < n_neighbours {
            let reason = format!(
                "{n_neighbours} neighbours are more than {} examples",
                examples.n_examples()
            );
            return Err(Error::Examples { reason });
        }
        let scaler = Scaler::fit(examples);
        Ok(NearestNeighboursModel {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            n_neighbours,
            scaled: scaler.scale(examples.features()),
            scaler,
            labels: examples.labels().to_vec(),
        })
    }
}

impl Classifier for NearestNeighbours {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Nothing is random here: the seed plays no part.
    fn fit(&self, examples: &Examples<'_>, _seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_neighbours(examples)?))
    }
}

/// The examples to be neighbours. They can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NearestNeighboursModel {
    feature_names: Vec<String>,
    n_classes: usize,
    n_neighbours: usize,
    scaler: Scaler,
    scaled: Vec<f64>,
    labels: Vec<u32>,
}

impl Model for NearestNeighboursModel {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The neighbours' share of every class; of equally far examples those that came first in training.
    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        check_rows(features, &self.feature_names)?;
        let n_features = self.feature_names.len();
        let mut probabilities = vec![0.0; features.len() / n_features * self.n_classes];
        probabilities
            .par_chunks_exact_mut(self.n_classes)
            .zip(features.par_chunks_exact(n_features))
            .for_each(|(shares, row)| {
                let mut scaled = vec![0.0; n_features];
                self.scaler.scale_row(row, &mut scaled);
                let mut distances: Vec<(f64, usize)> = self
                    .scaled
                    .chunks_exact(n_features)
                    .map(|example| squared_distance(&scaled, example))
                    .zip(0..)
                    .collect();
                let nearer =
                    |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
                distances.select_nth_unstable_by(self.n_neighbours - 1, nearer);
                for &(_, neighbour) in &distances[..self.n_neighbours] {
                    shares[self.labels[neighbour] as usize] += 1.0;
                }
                for share in shares {
                    *share /= self.n_neighbours as f32;
                }
            });
        Ok(probabilities)
    }

    fn importances(&self, _groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        None
    }
}

/// In eight sums that the compiler can keep in vector registers.
fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..8 {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    let rest: f64 = a_rest
        .iter()
        .zip(b_rest)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    sums.iter().sum::<f64>() + rest
}
