//! The best split of a node.

use engram_schemas::randomness::ChaCha8Rng;
use rand::RngExt;

use super::best::Best;
use super::columns::{Codes, Columns};
use super::exact_search::ExactSearch;
use super::feature_search::{FeatureSearch, Features};
use super::histogram_search::HistogramSearch;

/// Features of a small node that are drawn and tried before all are.
const N_DRAWN: usize = 32;

/// Most samples of a small node, which one of the drawn features often splits into pure sides.
const SMALL: usize = 120;

/// Most weight of a small node.
const LIGHT: u32 = 255;

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
    /// The samples that reached it, in the order of their classes.
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
    many: FeatureSearch<'a>,
    /// Weight on the left of a split by class.
    left: Vec<u32>,
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
            many: FeatureSearch::new(columns, n_classes, min_samples_leaf),
            left: vec![0; n_classes],
        }
    }

    /// The split of `node` with the largest gain over a random choice of features, one at random of equally good features
    /// and the lowest of equally good thresholds; `None` when no feature can split it.
    ///
    /// Features that cannot split the node, most often because they are constant within it, are passed over without
    /// counting, so that `max_features` that can are tried wherever there are as many. (scikit-learn counts them too, once
    /// one has been found that can.)
    pub(super) fn best(&mut self, node: &Node<'_>, random: &mut ChaCha8Rng) -> Option<Split> {
        let side_by_side = match self.columns.has_bins() {
            true if self.tries_all() => Some(self.best_of_all(node, random)?),
            true if self.many.takes_pairs(node) => Some(self.best_of_some(node, random)?),
            _ => None,
        };
        let (feature, between) = match side_by_side {
            Some(feature) => (feature, self.between(feature, node)?),
            None => self.best_one_by_one(node, random)?,
        };
        let column = self.columns.column(feature);
        Some(Split {
            feature,
            code: between.lower,
            threshold: column.threshold(between.lower, between.upper),
            gain: self.gain(node, feature, between.lower),
        })
    }

    fn best_one_by_one(
        &mut self,
        node: &Node<'_>,
        random: &mut ChaCha8Rng,
    ) -> Option<(u32, Between)> {
        let mut best = Best::none();
        let mut n_tried = 0;
        for place in 0..self.features.len() {
            if n_tried == self.max_features {
                break;
            }
            let feature = match self.tries_all() {
                true => place as u32,
                false => self.draw(place, random),
            };
            if let Some(between) = self.between(feature, node) {
                n_tried += 1;
                best.offer(between.score, (feature, between), random);
            }
        }
        best.found
    }

    /// As [`Self::best_one_by_one`], with the features that are drawn side by side.
    fn best_of_some(&mut self, node: &Node<'_>, random: &mut ChaCha8Rng) -> Option<u32> {
        let mut best = Best::none();
        let (mut n_tried, mut start) = (0, 0);
        while n_tried < self.max_features && start < self.features.len() {
            let end = self.features.len().min(start + self.max_features - n_tried);
            for place in start..end {
                self.draw(place, random);
            }
            let drawn = Features::Drawn(&self.features[start..end]);
            n_tried += self.many.offer(&drawn, node, &mut best, random);
            start = end;
        }
        best.found
    }

    /// Whether all features are tried, so that their order does not matter.
    fn tries_all(&self) -> bool {
        self.max_features == self.features.len()
    }

    /// The feature at `place` in random order: a step of a Fisher-Yates shuffle.
    fn draw(&mut self, place: usize, random: &mut ChaCha8Rng) -> u32 {
        let chosen = random.random_range(place as u32..self.features.len() as u32) as usize;
        self.features.swap(place, chosen);
        self.features[place]
    }

    /// The best threshold of one feature, the lowest of equals.
    fn between(&mut self, feature: u32, node: &Node<'_>) -> Option<Between> {
        let least = self.min_samples_leaf;
        match self.columns.column(feature).codes() {
            Codes::Ranks(ranks) => self.exact.best(ranks, node, least),
            Codes::Bins(_) | Codes::BinsInRows => {
                self.histogram.best(self.columns, feature, node, least)
            }
        }
    }

    /// One of the best of all features. Where one of a few that are drawn splits a small node into pure sides, no feature
    /// has a better split, and the search ends.
    fn best_of_all(&mut self, node: &Node<'_>, random: &mut ChaCha8Rng) -> Option<u32> {
        self.many.take(node);
        if node.samples.len() <= SMALL && node.weight <= LIGHT {
            let n_drawn = N_DRAWN.min(self.features.len());
            for place in 0..n_drawn {
                self.draw(place, random);
            }
            let drawn = Features::Drawn(&self.features[..n_drawn]);
            let mut best = Best::none();
            self.many.offer(&drawn, node, &mut best, random);
            if best.score == f64::from(node.weight) {
                return best.found;
            }
        }
        let mut best = Best::none();
        let all = Features::Splitting(0..self.features.len() as u32);
        self.many.offer(&all, node, &mut best, random);
        best.found
    }

    /// How much lower the children's impurity is than the node's, each times its weight.
    fn gain(&mut self, node: &Node<'_>, feature: u32, code: u32) -> f64 {
        self.left.fill(0);
        for sample in node.samples {
            if self.columns.code(feature, sample.row) <= code {
                self.left[usize::from(sample.class)] += u32::from(sample.weight);
            }
        }
        let (mut left_weight, mut left_squares, mut right_squares) = (0, 0.0, 0.0);
        for (&left, &total) in self.left.iter().zip(node.class_weights) {
            left_weight += left;
            left_squares += f64::from(left) * f64::from(left);
            right_squares += f64::from(total - left) * f64::from(total - left);
        }
        let right_weight = node.weight - left_weight;
        let after = left_squares / f64::from(left_weight) + right_squares / f64::from(right_weight);
        // Rounding must not turn a useless split into a harmful one.
        (after - node.squares() / f64::from(node.weight)).max(0.0)
    }
}
