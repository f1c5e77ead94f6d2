//! The grown forest: prediction, importances, out-of-bag accuracy.

use engram_schemas::randomness::generator;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::RankedColumns;
use super::settings::RandomForestSettings;
use super::split_search::Sample;
use super::tree::Tree;
use crate::examples::check_finite;
use crate::{Error, Result};
use crate::{Estimate, Examples, FeatureGroups, Model, most_probable};

/// Rows that are sent through all trees together: few enough to stay in the cache, enough to use a tree while it is
/// there.
const ROWS_AT_ONCE: usize = 64;

/// A forest that has been grown. It can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    feature_names: Vec<String>,
    n_classes: usize,
    trees: Vec<Tree>,
    out_of_bag_accuracy: Option<f64>,
}

/// A tree and which examples its bootstrap drew.
pub(super) struct GrownTree {
    tree: Tree,
    in_bag: Vec<bool>,
}

/// Draws tree number `tree`'s bootstrap and grows it.
pub(super) fn grow_tree(
    columns: &RankedColumns,
    examples: &Examples<'_>,
    settings: &RandomForestSettings,
    seed: u64,
    tree: u64,
) -> GrownTree {
    let mut random = generator("forest", seed, tree);
    let n_examples = examples.n_examples();
    let mut weights = vec![0_u16; n_examples];
    for _ in 0..n_examples {
        // Saturation is out of reach: it would take one example drawn 65,536 times.
        let weight = &mut weights[random.random_range(0..n_examples as u32) as usize];
        *weight = weight.saturating_add(1);
    }
    let samples = weights
        .iter()
        .zip(examples.labels())
        .enumerate()
        .filter(|(_, (weight, _))| **weight > 0)
        .map(|(row, (&weight, &class))| Sample {
            row: row as u32,
            weight,
            class: class as u16,
        })
        .collect();
    let in_bag = weights.iter().map(|&weight| weight > 0).collect();
    GrownTree {
        tree: Tree::grow(
            columns,
            samples,
            examples.n_classes(),
            settings,
            &mut random,
        ),
        in_bag,
    }
}

impl Forest {
    pub(super) fn new(grown: Vec<GrownTree>, examples: &Examples<'_>) -> Self {
        let out_of_bag_accuracy = out_of_bag_accuracy(&grown, examples);
        Self {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            trees: grown.into_iter().map(|grown| grown.tree).collect(),
            out_of_bag_accuracy,
        }
    }

    /// Share of the training examples that the trees which did not see them classify correctly; `None` when every
    /// tree saw every example.
    pub fn out_of_bag_accuracy(&self) -> Option<f64> {
        self.out_of_bag_accuracy
    }

    /// Number of trees.
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// Number of nodes of all trees, leaves included.
    pub fn n_nodes(&self) -> usize {
        self.trees.iter().map(Tree::n_nodes).sum()
    }

    /// Gini importance of every feature: its share in the impurity that a tree's splits removed, as mean and standard
    /// error over the trees.
    pub fn feature_importances(&self) -> Vec<Estimate> {
        (0..self.feature_names.len())
            .map(|feature| {
                let of_trees = self
                    .trees
                    .iter()
                    .map(|tree| f64::from(tree.importances()[feature]));
                Estimate::of(&of_trees.collect::<Vec<_>>())
            })
            .collect()
    }

    /// Gini importance of every group of features: the sum over the group in a tree, as mean and standard error over
    /// the trees.
    pub fn group_importances(&self, groups: &FeatureGroups) -> Vec<Estimate> {
        let of_trees: Vec<Vec<f64>> = self
            .trees
            .iter()
            .map(|tree| {
                groups.sum(
                    &tree
                        .importances()
                        .iter()
                        .copied()
                        .map(f64::from)
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        (0..groups.names().len())
            .map(|group| Estimate::of(&of_trees.iter().map(|sums| sums[group]).collect::<Vec<_>>()))
            .collect()
    }
}

impl Model for Forest {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        let (n_features, n_classes) = (self.feature_names.len(), self.n_classes);
        if !features.len().is_multiple_of(n_features) {
            let reason = format!(
                "{} values are not whole rows of {n_features} features",
                features.len()
            );
            return Err(Error::Examples { reason });
        }
        check_finite(features, &self.feature_names)?;
        let mut probabilities = vec![0.0; features.len() / n_features * n_classes];
        probabilities
            .par_chunks_mut(n_classes * ROWS_AT_ONCE)
            .zip(features.par_chunks(n_features * ROWS_AT_ONCE))
            .for_each(|(probabilities, rows)| {
                for tree in &self.trees {
                    for (sums, row) in probabilities
                        .chunks_exact_mut(n_classes)
                        .zip(rows.chunks_exact(n_features))
                    {
                        add(sums, tree.distribution(row, n_classes));
                    }
                }
                for sum in probabilities {
                    *sum /= self.trees.len() as f32;
                }
            });
        Ok(probabilities)
    }

    fn importances(&self, groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        Some(self.group_importances(groups))
    }
}

fn out_of_bag_accuracy(grown: &[GrownTree], examples: &Examples<'_>) -> Option<f64> {
    let (n_features, n_classes) = (examples.n_features(), examples.n_classes());
    let rows = examples
        .features()
        .par_chunks_exact(n_features)
        .zip(examples.labels())
        .enumerate();
    let (n_right, n_voted) = rows
        .map(|(place, (row, &label))| {
            let mut sums = vec![0.0; n_classes];
            let mut voted = false;
            for grown in grown.iter().filter(|grown| !grown.in_bag[place]) {
                add(&mut sums, grown.tree.distribution(row, n_classes));
                voted = true;
            }
            (
                u64::from(voted && most_probable(&sums) == label),
                u64::from(voted),
            )
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    (n_voted > 0).then(|| n_right as f64 / n_voted as f64)
}

fn add(sums: &mut [f32], distribution: &[f32]) {
    for (sum, probability) in sums.iter_mut().zip(distribution) {
        *sum += probability;
    }
}
