//! The best split of a node.

use engram_schemas::randomness::ChaCha8Rng;
use rand::RngExt;

use super::columns::{Codes, Columns};
use super::exact_search::ExactSearch;
use super::histogram_search::HistogramSearch;

/// A training example in a tree: which one, how often the bootstrap drew it, and its class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// The example.
    pub(super) row: u32,
    /// How often it counts; at least once.
    pub(super) weight: u16,
    /// Its class.
    pub(super) class: u16,
}

/// A node that may be split.
pub(super) struct Node<'a> {
    /// The samples that reached it.
    pub(super) samples: &'a [Sample],
    /// Their weight by class.
    pub(super) class_weights: &'a [u32],
    /// Their weight.
    pub(super) weight: u32,
}

impl Node<'_> {
    /// Sum over the classes of their squared weight. The node's impurity is 1 - squares / weight^2, so times its weight
    /// it is weight - squares / weight: to lower the children's impurity is to raise their squares over their weight.
    pub(super) fn squares(&self) -> f64 {
        self.class_weights
            .iter()
            .map(|&weight| f64::from(weight) * f64::from(weight))
            .sum()
    }
}

/// Samples whose `feature` has at most code `code` go left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) feature: u32,
    pub(super) code: u32,
    /// Between the values of the two sides.
    pub(super) threshold: f32,
    /// How much lower the children's Gini impurity is than the node's, each times its weight.
    pub(super) gain: f64,
}

/// What the search of one feature found.
pub(super) enum Searched {
    /// All samples have the same code.
    Constant,
    /// No threshold is better than what was to be beaten.
    NoBetter,
    /// The best threshold.
    Better(Between),
}

/// A threshold between two codes of one feature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    /// Sum over both sides of squares / weight.
    pub(super) score: f64,
    /// The highest code on the left.
    pub(super) lower: u32,
    /// The lowest code on the right.
    pub(super) upper: u32,
}

/// Searches the splits of one tree's nodes.
pub(super) struct SplitSearch<'a> {
    columns: &'a Columns,
    max_features: usize,
    min_samples_leaf: u32,
    /// All features; those drawn for the current node stand in front.
    features: Vec<u32>,
    exact: ExactSearch,
    histogram: HistogramSearch,
}

impl<'a> SplitSearch<'a> {
    pub(super) fn new(
        columns: &'a Columns,
        n_classes: usize,
        max_features: usize,
        min_samples_leaf: u32,
    ) -> Self {
        Self {
            columns,
            max_features,
            min_samples_leaf,
            features: (0..columns.n_features() as u32).collect(),
            exact: ExactSearch::new(n_classes),
            histogram: HistogramSearch::new(n_classes),
        }
    }

    /// The split of `node` with the largest gain over a random choice of features, the first found of equals; `None`
    /// when no feature separates two samples.
    ///
    /// Features that are constant within the node are passed over without counting, so that `max_features` that can
    /// split are tried wherever there are as many. (scikit-learn counts constant features too, once one has been found
    /// that can split.)
    pub(super) fn best(&mut self, node: &Node<'_>, random: &mut ChaCha8Rng) -> Option<Split> {
        let mut best: Option<(u32, Between)> = None;
        let mut n_tried = 0;
        let n_features = self.features.len();
        for drawn in 0..n_features {
            if n_tried == self.max_features {
                break;
            }
            // A step of a Fisher-Yates shuffle: the next of the features in random order.
            let chosen = random.random_range(drawn as u32..n_features as u32) as usize;
            self.features.swap(drawn, chosen);
            let feature = self.features[drawn];
            let score_to_beat = best.map_or(f64::NEG_INFINITY, |(_, between)| between.score);
            let least = self.min_samples_leaf;
            let searched = match self.columns.column(feature).codes() {
                Codes::Ranks(ranks) => self.exact.best(ranks, node, least, score_to_beat),
                Codes::Bins(bins) => {
                    let by_row = (self.columns.rows(), feature as usize, n_features);
                    let histogram = &mut self.histogram;
                    histogram.best(bins, by_row, node, least, score_to_beat)
                }
            };
            match searched {
                Searched::Constant => continue,
                Searched::NoBetter => {}
                Searched::Better(between) => best = Some((feature, between)),
            }
            n_tried += 1;
        }
        let (feature, between) = best?;
        let before = node.squares() / f64::from(node.weight);
        Some(Split {
            feature,
            code: between.lower,
            threshold: self
                .columns
                .column(feature)
                .threshold(between.lower, between.upper),
            // Rounding must not turn a useless split into a harmful one.
            gain: (between.score - before).max(0.0),
        })
    }
}
