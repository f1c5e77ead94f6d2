//! The grown forest: prediction, importances, out-of-bag accuracy.

use std::ops::Range;

use engram_schemas::randomness::generator;
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::settings::RandomForestSettings;
use super::split_search::Sample;
use super::tree;
use crate::decision_tree::DecisionTree;
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
    trees: Vec<DecisionTree>,
    out_of_bag_accuracy: Option<f64>,
}

/// A tree and which of the rows its bootstrap drew.
pub(super) struct GrownTree {
    pub(super) tree: DecisionTree,
    pub(super) in_bag: Vec<bool>,
}

/// What trees grow on: features, and every example's class.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) columns: &'a Columns,
    pub(super) labels: &'a [u32],
    pub(super) n_classes: usize,
}

/// Draws tree number `tree`'s bootstrap of `n_rows` examples and grows it; `row` says which example is in a place.
pub(super) fn grow_tree(
    ground: Ground<'_>,
    n_rows: usize,
    row: impl Fn(usize) -> usize,
    settings: &RandomForestSettings,
    seed: u64,
    tree: u64,
) -> GrownTree {
    let mut random = generator("forest", seed, tree);
    let mut weights = vec![0_u16; n_rows];
    for _ in 0..n_rows {
        // Saturation is out of reach: it would take one example drawn 65,536 times.
        let weight = &mut weights[random.random_range(0..n_rows as u32) as usize];
        *weight = weight.saturating_add(1);
    }
    let samples = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight > 0)
        .map(|(place, &weight)| {
            let row = row(place);
            Sample {
                row: row as u32,
                weight,
                class: ground.labels[row] as u16,
            }
        })
        .collect();
    let in_bag = weights.iter().map(|&weight| weight > 0).collect();
    GrownTree {
        tree: tree::grow(
            ground.columns,
            samples,
            ground.n_classes,
            settings,
            &mut random,
        ),
        in_bag,
    }
}

impl Forest {
    pub(super) fn new(grown: Vec<GrownTree>, examples: &Examples<'_>, rows: &[usize]) -> Self {
        let out_of_bag_accuracy = out_of_bag_accuracy(&grown, examples, rows);
        Self {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            trees: grown.into_iter().map(|grown| grown.tree).collect(),
            out_of_bag_accuracy,
        }
    }

    /// The forest of trees whose out-of-bag accuracy is known.
    pub(super) fn of_trees(
        trees: Vec<DecisionTree>,
        feature_names: Vec<String>,
        n_classes: usize,
        out_of_bag_accuracy: Option<f64>,
    ) -> Self {
        Self {
            feature_names,
            n_classes,
            trees,
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

    pub(super) fn trees(&self) -> &[DecisionTree] {
        &self.trees
    }

    pub(super) fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// Number of nodes of all trees, leaves included.
    pub fn n_nodes(&self) -> usize {
        self.trees.iter().map(DecisionTree::n_nodes).sum()
    }

    /// The class probabilities that the forest's beginnings of `stages` trees give every row of `features`: for each stage
    /// what [`Model::predict_probabilities`] of a forest of so many trees gives. `stages` rise, up to the number of trees.
    ///
    /// # Errors
    /// As [`Model::predict_probabilities`]; [`Error::Examples`] for stages that do not rise or that the forest has not.
    pub fn staged_probabilities(
        &self,
        features: &[f32],
        stages: &[usize],
    ) -> Result<Vec<Vec<f32>>> {
        let (n_features, n_classes) = (self.feature_names.len(), self.n_classes);
        let refuse = |reason: String| Err(Error::Examples { reason });
        if !features.len().is_multiple_of(n_features) {
            let n_values = features.len();
            return refuse(format!(
                "{n_values} values are not whole rows of {n_features} features"
            ));
        }
        let in_range = |stage: &usize| (1..=self.trees.len()).contains(stage);
        if !stages.is_sorted() || !stages.iter().all(in_range) {
            let n_trees = self.trees.len();
            return refuse(format!(
                "a forest of {n_trees} trees cannot be read off at {stages:?}"
            ));
        }
        check_finite(features, &self.feature_names)?;
        let n_sums = features.len() / n_features * n_classes;
        let mut sums = vec![0.0; n_sums];
        let mut of_stages = Vec::with_capacity(stages.len());
        let mut first = 0;
        for &stage in stages {
            self.add_votes(first..stage, features, &mut sums);
            of_stages.push(sums.iter().map(|sum| sum / stage as f32).collect());
            first = stage;
        }
        Ok(of_stages)
    }

    /// Adds the class probabilities that some trees give every row to its `sums`.
    fn add_votes(&self, trees: Range<usize>, features: &[f32], sums: &mut [f32]) {
        let (n_features, n_classes) = (self.feature_names.len(), self.n_classes);
        sums.par_chunks_mut(n_classes * ROWS_AT_ONCE)
            .zip(features.par_chunks(n_features * ROWS_AT_ONCE))
            .for_each(|(sums, rows)| {
                for tree in &self.trees[trees.clone()] {
                    let rows = rows.chunks_exact(n_features);
                    for (sums, row) in sums.chunks_exact_mut(n_classes).zip(rows) {
                        add(sums, tree.distribution(row, n_classes));
                    }
                }
            });
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
        let mut of_stages = self.staged_probabilities(features, &[self.trees.len()])?;
        Ok(of_stages.pop().unwrap_or_default())
    }

    fn importances(&self, groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        Some(self.group_importances(groups))
    }
}

fn out_of_bag_accuracy(
    grown: &[GrownTree],
    examples: &Examples<'_>,
    rows: &[usize],
) -> Option<f64> {
    let (n_features, n_classes) = (examples.n_features(), examples.n_classes());
    let (n_right, n_voted) = rows
        .par_chunks(ROWS_AT_ONCE)
        .enumerate()
        .map(|(chunk, rows)| {
            let mut sums = vec![0.0; rows.len() * n_classes];
            let first = chunk * ROWS_AT_ONCE;
            for GrownTree { tree, in_bag } in grown {
                let in_bag = &in_bag[first..first + rows.len()];
                let of_rows = rows.iter().zip(sums.chunks_exact_mut(n_classes));
                for ((&row, sums), _) in of_rows.zip(in_bag).filter(|(_, in_bag)| !**in_bag) {
                    let features = &examples.features()[row * n_features..(row + 1) * n_features];
                    add(sums, tree.distribution(features, n_classes));
                }
            }
            let (mut n_right, mut n_voted) = (0_u64, 0_u64);
            for (&row, sums) in rows.iter().zip(sums.chunks_exact(n_classes)) {
                // Shares of classes add up to one.
                if sums.iter().any(|&sum| sum > 0.0) {
                    n_voted += 1;
                    n_right += u64::from(most_probable(sums) == examples.labels()[row]);
                }
            }
            (n_right, n_voted)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    (n_voted > 0).then(|| n_right as f64 / n_voted as f64)
}

pub(super) fn add(sums: &mut [f32], distribution: &[f32]) {
    for (sum, probability) in sums.iter_mut().zip(distribution) {
        *sum += probability;
    }
}
