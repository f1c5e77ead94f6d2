//! Training examples by the bins of their features, a byte a value: for more of them than fit the memory as numbers.
//!
//! They are read twice. A random sample of them says where the bins of every feature begin and end; then each example's values
//! become the bins that they fall into. Where the sample is all examples, the trees are those that grow on the numbers.
//! In which order examples come, and on how many threads, makes no difference: each says its place.

use engram_schemas::randomness::generator;
use rand::seq::index;
use rayon::prelude::*;

use super::RandomForest;
use super::columns::{Column, Columns};
use super::forest::{self, Forest, Ground, GrownTree, add};
use super::settings::Thresholds;
use crate::decision_tree::{DecisionTree, TreeNode};
use crate::examples::check_rows;
use crate::{Error, Model, Result, most_probable};

/// Examples whose values say where bins begin and end: some hundreds for each of 256.
const SAMPLED: usize = 1 << 17;

/// The first reading of examples: where the bins of their features are.
#[derive(Debug)]
pub struct Binner {
    feature_names: Vec<String>,
    n_examples: usize,
    /// The places of the sampled examples, rising.
    sampled: Vec<usize>,
    /// Their features, row by row.
    values: Vec<f32>,
    is_seen: Vec<bool>,
}

/// The second reading of examples: their bins, put to their places.
#[derive(Debug)]
pub struct Binning {
    feature_names: Vec<String>,
    n_classes: usize,
    /// The lowest and the highest value of every bin of every feature, of the sampled examples.
    bounds: Vec<Vec<(f32, f32)>>,
    /// Between two bins of every feature: values up to it are in the lower one.
    edges: Vec<Vec<f32>>,
    bins: Vec<u8>,
    labels: Vec<u32>,
    n_put: usize,
}

/// Examples by the bins of their features: what forests are grown on.
#[derive(Debug)]
pub struct BinnedExamples {
    feature_names: Vec<String>,
    n_classes: usize,
    columns: Columns,
    labels: Vec<u32>,
}

impl Binner {
    /// Prepares for so many examples of these features. Equal seeds sample the same places.
    ///
    /// # Errors
    /// [`Error::Examples`] when there are none, or more than 4,294,967,295.
    pub fn try_new(feature_names: Vec<String>, n_examples: usize, seed: u64) -> Result<Self> {
        Self::sampling(feature_names, n_examples, seed, SAMPLED)
    }

    fn sampling(
        feature_names: Vec<String>,
        n_examples: usize,
        seed: u64,
        most: usize,
    ) -> Result<Self> {
        if feature_names.is_empty() || n_examples == 0 || u32::try_from(n_examples).is_err() {
            let n_features = feature_names.len();
            return Err(Error::Examples {
                reason: format!("there are {n_examples} examples of {n_features} features"),
            });
        }
        let mut random = generator("binning", seed, 0);
        let mut sampled = match n_examples <= most {
            true => (0..n_examples).collect(),
            false => index::sample(&mut random, n_examples, most).into_vec(),
        };
        sampled.sort_unstable();
        Ok(Self {
            values: vec![0.0; sampled.len() * feature_names.len()],
            feature_names,
            n_examples,
            is_seen: vec![false; sampled.len()],
            sampled,
        })
    }

    /// Sees the example in `place`, once. Whether it was sampled depends on its place alone.
    ///
    /// # Errors
    /// [`Error::Examples`] for a row of other features, and [`Error::NonFiniteFeature`].
    pub fn see(&mut self, place: usize, features: &[f32]) -> Result<()> {
        let n_features = self.feature_names.len();
        if features.len() != n_features {
            return Err(other_features(features.len(), n_features));
        }
        check_rows(features, &self.feature_names)?;
        if let Ok(slot) = self.sampled.binary_search(&place) {
            self.values[slot * n_features..(slot + 1) * n_features].copy_from_slice(features);
            self.is_seen[slot] = true;
        }
        Ok(())
    }

    /// Ends the first reading and begins the second.
    ///
    /// # Errors
    /// [`Error::Examples`] when a sampled example was not seen.
    pub fn bins(self, n_classes: usize) -> Result<Binning> {
        let n_seen = self.is_seen.iter().filter(|is_seen| **is_seen).count();
        if n_seen != self.sampled.len() {
            return Err(Error::Examples {
                reason: format!(
                    "{n_seen} of {} sampled examples were seen",
                    self.sampled.len()
                ),
            });
        }
        let n_features = self.feature_names.len();
        let bins_of = |feature: usize| {
            let values = self.values.iter().skip(feature).step_by(n_features);
            let column = Column::new(values.copied(), Thresholds::Binned);
            let between = 1..column.n_codes() as u32;
            let edges: Vec<f32> = between
                .map(|upper| column.threshold(upper - 1, upper))
                .collect();
            (column.into_bounds(), edges)
        };
        let (bounds, edges) = (0..n_features).into_par_iter().map(bins_of).unzip();
        // Before there is room for the bins: the largest that there is of either reading.
        drop(self.values);
        Ok(Binning {
            bounds,
            edges,
            n_classes,
            bins: vec![0; self.n_examples * n_features],
            labels: vec![u32::MAX; self.n_examples],
            feature_names: self.feature_names,
            n_put: 0,
        })
    }
}

impl Binning {
    /// Puts examples to their places: `features` row by row, a place and a label for each row. All of a call are binned in
    /// parallel.
    ///
    /// # Errors
    /// [`Error::Examples`] for parts that do not fit together, a label that is none, and a place that is taken;
    /// [`Error::NonFiniteFeature`].
    pub fn put(&mut self, places: &[usize], features: &[f32], labels: &[u32]) -> Result<()> {
        let n_features = self.feature_names.len();
        if features.len() != places.len() * n_features || labels.len() != places.len() {
            return Err(other_features(features.len(), n_features));
        }
        check_rows(features, &self.feature_names)?;
        let edges = &self.edges;
        let mut bins = vec![0; features.len()];
        bins.par_chunks_mut(n_features)
            .zip(features.par_chunks(n_features))
            .for_each(|(bins, values)| {
                for ((bin, value), edges) in bins.iter_mut().zip(values).zip(edges) {
                    *bin = edges.partition_point(|edge| edge < value) as u8;
                }
            });
        for ((bins, &place), &label) in bins.chunks(n_features).zip(places).zip(labels) {
            let is_free = self.labels.get(place) == Some(&u32::MAX);
            if !is_free || label as usize >= self.n_classes {
                return Err(Error::Examples {
                    reason: format!(
                        "place {place} with the label {label} is taken or none of {} examples of {} classes",
                        self.labels.len(),
                        self.n_classes
                    ),
                });
            }
            self.labels[place] = label;
            self.bins[place * n_features..(place + 1) * n_features].copy_from_slice(bins);
            self.n_put += 1;
        }
        Ok(())
    }

    /// Ends the second reading.
    ///
    /// # Errors
    /// [`Error::Examples`] when examples are missing.
    pub fn examples(self) -> Result<BinnedExamples> {
        if self.n_put != self.labels.len() {
            return Err(Error::Examples {
                reason: format!("{} of {} examples have come", self.n_put, self.labels.len()),
            });
        }
        Ok(BinnedExamples {
            feature_names: self.feature_names,
            n_classes: self.n_classes,
            columns: Columns::of_rows(self.bounds, self.bins),
            labels: self.labels,
        })
    }
}

impl BinnedExamples {
    /// Number of examples.
    pub fn n_examples(&self) -> usize {
        self.labels.len()
    }
}

fn other_features(n_values: usize, n_features: usize) -> Error {
    let reason =
        format!("{n_values} values are not rows of {n_features} features with a label each");
    Error::Examples { reason }
}

impl RandomForest {
    /// Grows a forest on some of the binned examples: `rows`, rising. Trees grow as many at a time as there are threads, and
    /// vote on what they have not seen before the next ones do, so that what is held besides the bins does not grow with the
    /// number of trees, but for the trees. A value counts in these votes as its bin does.
    ///
    /// # Errors
    /// [`Error::ClassifierSettings`] for exact thresholds, which bins do not have.
    ///
    /// # Panics
    /// When a row is none of the examples.
    pub fn fit_binned(
        &self,
        examples: &BinnedExamples,
        rows: &[usize],
        seed: u64,
    ) -> Result<Forest> {
        if self.settings.thresholds != Thresholds::Binned {
            return Err(Error::ClassifierSettings {
                classifier: super::NAME,
                reason: "examples that are binned as they come have no exact thresholds".to_owned(),
            });
        }
        let ground = Ground {
            columns: &examples.columns,
            labels: &examples.labels,
            n_classes: examples.n_classes,
        };
        let mut trees = Vec::with_capacity(self.settings.n_trees);
        let mut votes = vec![0.0; rows.len() * ground.n_classes];
        let all: Vec<u64> = (0..self.settings.n_trees as u64).collect();
        for together in all.chunks(rayon::current_num_threads()) {
            let grow = |tree: &u64| {
                let row = |place: usize| rows[place];
                forest::grow_tree(ground, rows.len(), row, &self.settings, seed, *tree)
            };
            let grown: Vec<GrownTree> = together.par_iter().map(grow).collect();
            let voters: Vec<Voter<'_>> = grown
                .par_iter()
                .map(|grown| Voter::new(&grown.tree, Some(&grown.in_bag), ground.columns))
                .collect();
            vote(&voters, ground.columns, rows, ground.n_classes, &mut votes);
            trees.extend(grown.into_iter().map(|grown| grown.tree));
        }
        let accuracy = accuracy(&votes, rows, ground);
        Ok(Forest::of_trees(
            trees,
            examples.feature_names.clone(),
            ground.n_classes,
            accuracy,
        ))
    }
}

impl Forest {
    /// The class probabilities of some of the binned examples, row by row. A value counts as its bin does.
    ///
    /// # Errors
    /// [`Error::Examples`] for examples of other features or classes than the forest's.
    ///
    /// # Panics
    /// When a row is none of the examples.
    pub fn predict_binned(&self, examples: &BinnedExamples, rows: &[usize]) -> Result<Vec<f32>> {
        let n_classes = examples.n_classes;
        if examples.feature_names != self.feature_names() || n_classes != self.n_classes() {
            return Err(Error::Examples {
                reason: "the binned examples are not of the forest's features and classes"
                    .to_owned(),
            });
        }
        let columns = &examples.columns;
        let mut votes = vec![0.0; rows.len() * n_classes];
        for together in self.trees().chunks(TREES_AT_ONCE) {
            let voter = |tree| Voter::new(tree, None, columns);
            let voters: Vec<Voter<'_>> = together.par_iter().map(voter).collect();
            vote(&voters, columns, rows, n_classes, &mut votes);
        }
        let n_trees = self.n_trees() as f32;
        votes.par_iter_mut().for_each(|vote| *vote /= n_trees);
        Ok(votes)
    }
}

/// Examples whose votes are counted together.
const ROWS_AT_ONCE: usize = 1024;

/// Trees that vote together: their splits as bins are made for so many.
const TREES_AT_ONCE: usize = 16;

/// A tree that reads bins.
struct Voter<'a> {
    tree: &'a DecisionTree,
    /// Of every split the highest bin that goes left, if any does.
    codes: Vec<Option<u32>>,
    /// The places of the examples that it does not vote on.
    in_bag: Option<&'a [bool]>,
}

impl<'a> Voter<'a> {
    fn new(tree: &'a DecisionTree, in_bag: Option<&'a [bool]>, columns: &Columns) -> Self {
        Self {
            tree,
            codes: codes(tree, columns),
            in_bag,
        }
    }
}

/// Adds the class probabilities that trees give the examples in some rows.
fn vote(
    voters: &[Voter<'_>],
    columns: &Columns,
    rows: &[usize],
    n_classes: usize,
    votes: &mut [f32],
) {
    votes
        .par_chunks_mut(n_classes * ROWS_AT_ONCE)
        .zip(rows.par_chunks(ROWS_AT_ONCE))
        .enumerate()
        .for_each(|(chunk, (votes, rows))| {
            for voter in voters {
                let of_rows = votes.chunks_exact_mut(n_classes).zip(rows);
                for (place, (votes, &row)) in (chunk * ROWS_AT_ONCE..).zip(of_rows) {
                    if !voter.in_bag.is_some_and(|in_bag| in_bag[place]) {
                        let bins = columns.row(row as u32);
                        add(
                            votes,
                            distribution(voter.tree, &voter.codes, bins, n_classes),
                        );
                    }
                }
            }
        });
}

/// Of every split the highest bin that goes left, if any does.
fn codes(tree: &DecisionTree, columns: &Columns) -> Vec<Option<u32>> {
    let code = |node: &TreeNode| match node {
        TreeNode::Split {
            feature, threshold, ..
        } => columns.column(*feature).code_up_to(*threshold),
        TreeNode::Leaf(_) => None,
    };
    tree.nodes.iter().map(code).collect()
}

/// Class probabilities of one row of bins.
fn distribution<'a>(
    tree: &'a DecisionTree,
    codes: &[Option<u32>],
    bins: &[u8],
    n_classes: usize,
) -> &'a [f32] {
    let mut place = 0;
    loop {
        match tree.nodes[place] {
            TreeNode::Split { feature, right, .. } => {
                let bin = u32::from(bins[feature as usize]);
                place = match codes[place].is_some_and(|code| bin <= code) {
                    true => place + 1,
                    false => right as usize,
                };
            }
            TreeNode::Leaf(leaf) => {
                let start = leaf as usize * n_classes;
                return &tree.distributions[start..start + n_classes];
            }
        }
    }
}

/// Share of the rows that got votes, of those for whom most are for their class.
fn accuracy(votes: &[f32], rows: &[usize], ground: Ground<'_>) -> Option<f64> {
    let counted = votes.par_chunks_exact(ground.n_classes).zip(rows);
    let (n_right, n_voted) = counted
        .filter(|(votes, _)| votes.iter().any(|&vote| vote > 0.0))
        .map(|(votes, &row)| {
            let is_right = most_probable(votes) == ground.labels[row];
            (u64::from(is_right), 1)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    (n_voted > 0).then(|| n_right as f64 / n_voted as f64)
}

#[cfg(test)]
mod tests;
