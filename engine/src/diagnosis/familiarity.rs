//! Whether an example is like those that were learned from.
//!
//! An example's distance is that to the nearest of some training examples, as root mean square of the differences of
//! their z-scores. How far training examples are from their nearest of another network says what is far.

use engram_classifiers::{Examples, Scaler};
use engram_schemas::randomness::generator;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Training examples that are kept.
const N_KEPT: usize = 500;
/// The largest z-score that counts: beyond it a single feature would be all of a distance.
const LARGEST: f32 = 6.0;
/// The share of the training examples that are nearer, from which an example counts as unlike them.
pub const UNLIKE: f64 = 0.99;

/// What an example is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Familiarity {
    scaler: Scaler,
    /// Z-scores of the kept examples, row by row.
    kept: Vec<f32>,
    /// Distances of all training examples to their nearest of another network, rising.
    distances: Vec<f32>,
}

/// How like the training examples an example is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likeness {
    /// Distance to the nearest kept example.
    pub distance: f64,
    /// Share of the training examples that are nearer to their nearest of another network.
    pub farther_than: f64,
    /// Root mean square z-score of every feature group, the largest first.
    pub deviations: Vec<(String, f64)>,
}

impl Likeness {
    /// Whether the example is unlike anything that was learned from.
    pub fn is_unlike(&self) -> bool {
        self.farther_than >= UNLIKE
    }
}

impl Familiarity {
    /// Learns from the training examples; `runs` says which network each is of.
    pub fn learn(examples: &Examples<'_>, runs: &[&str], seed: u64) -> Self {
        let n_features = examples.n_features();
        let scaler = Scaler::fit(examples);
        let scores = scores(&scaler, examples.features());
        let row = |example: usize| &scores[example * n_features..(example + 1) * n_features];
        let mut order: Vec<usize> = (0..examples.n_examples()).collect();
        order.shuffle(&mut generator("kept examples", seed, 0));
        order.truncate(N_KEPT);
        let nearest = |example: usize| {
            order
                .iter()
                .filter(|&&other| runs[other] != runs[example])
                .map(|&other| distance(row(example), row(other)))
                .fold(f32::INFINITY, f32::min)
        };
        let mut distances: Vec<f32> = (0..examples.n_examples())
            .into_par_iter()
            .map(nearest)
            .filter(|distance| distance.is_finite())
            .collect();
        distances.sort_by(f32::total_cmp);
        Self {
            kept: order
                .iter()
                .flat_map(|&example| row(example))
                .copied()
                .collect(),
            scaler,
            distances,
        }
    }

    /// How like them an example is; `groups` names the group of each feature.
    pub fn of(&self, features: &[f32], groups: &[&str]) -> Likeness {
        let scores = scores(&self.scaler, features);
        let nearest = self
            .kept
            .chunks_exact(scores.len())
            .map(|kept| distance(&scores, kept))
            .fold(f32::INFINITY, f32::min);
        let n_nearer = self.distances.partition_point(|&other| other < nearest);
        let mut deviations: Vec<(String, f64, usize)> = Vec::new();
        for (&group, &score) in groups.iter().zip(&scores) {
            let place = deviations.iter().position(|(name, ..)| name == group);
            let place = place.unwrap_or_else(|| {
                deviations.push((group.to_owned(), 0.0, 0));
                deviations.len() - 1
            });
            deviations[place].1 += f64::from(score * score);
            deviations[place].2 += 1;
        }
        let mut deviations: Vec<(String, f64)> = deviations
            .into_iter()
            .map(|(name, sum, n)| (name, (sum / n as f64).sqrt()))
            .collect();
        deviations.sort_by(|a, b| b.1.total_cmp(&a.1));
        Likeness {
            distance: nearest.into(),
            farther_than: n_nearer as f64 / self.distances.len().max(1) as f64,
            deviations,
        }
    }
}

fn scores(scaler: &Scaler, features: &[f32]) -> Vec<f32> {
    let scaled = scaler.scale(features).into_iter();
    scaled
        .map(|score| (score as f32).clamp(-LARGEST, LARGEST))
        .collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    let squares: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (squares / a.len() as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_among_the_others_is_like_them_and_what_lies_far_off_is_not() {
        let features: Vec<f32> = (0..200).map(|n| (n * 37 % 101) as f32 / 50.0).collect();
        let names = ["weight_raw_mean@0", "weight_raw_norm@0"].map(str::to_owned);
        let labels = vec![0; 100];
        let examples = Examples::try_new(&features, &names, &labels, 1).unwrap();
        let runs: Vec<String> = (0..100).map(|n| format!("run {}", n / 4)).collect();
        let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
        let familiarity = Familiarity::learn(&examples, &runs, 1);
        let groups = ["weight_raw_mean", "weight_raw_norm"];
        let like = familiarity.of(&features[..2], &groups);
        assert!(like.distance == 0.0 && !like.is_unlike(), "{like:?}");
        let unlike = familiarity.of(&[1.0, 40.0], &groups);
        assert!(unlike.is_unlike(), "{unlike:?}");
        assert_eq!(unlike.deviations[0], ("weight_raw_norm".to_owned(), 6.0));
    }
}
