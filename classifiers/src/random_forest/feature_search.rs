//! The best of many features: what each can reach is found for many side by side, and only the best are looked at closely.

use std::ops::Range;

use engram_schemas::randomness::ChaCha8Rng;
use pulp::{Simd, WithSimd};

use super::best::Best;
use super::columns::Columns;
use super::histogram_search::HistogramSearch;
use super::lanes::FEATURES_AT_ONCE;
use super::pairwise_search::PairwiseSearch;
use super::split_bounds::SplitBounds;
use super::split_search::{Node, Sample};

/// Searches the features that split one tree's nodes best.
pub(super) struct FeatureSearch<'a> {
    columns: &'a Columns,
    min_samples_leaf: u32,
    way: Way,
    pairwise: PairwiseSearch,
    bounds: SplitBounds,
    histogram: HistogramSearch,
}

/// How the features of a node are scored.
#[derive(Clone, Copy)]
enum Way {
    /// Every pair of its samples is compared.
    Pairs,
    /// Samples are counted where a bound says that it may matter.
    Bounds,
    /// All samples are counted.
    Counting,
}

/// Features that are offered one after the other.
pub(super) enum Features<'a> {
    /// These, whether they can split the node or not.
    Drawn(&'a [u32]),
    /// All of these that can split the node.
    Splitting(Range<u32>),
}

impl<'a> FeatureSearch<'a> {
    pub(super) fn new(columns: &'a Columns, n_classes: usize, min_samples_leaf: u32) -> Self {
        Self {
            columns,
            min_samples_leaf,
            way: Way::Counting,
            pairwise: PairwiseSearch::new(),
            bounds: SplitBounds::new(),
            histogram: HistogramSearch::new(n_classes),
        }
    }

    /// Takes up a node, whose samples stand in the order of their classes.
    pub(super) fn take(&mut self, node: &Node<'_>) {
        self.way = if self.pairwise.take(node, self.min_samples_leaf) {
            Way::Pairs
        } else if self.bounds.take(node) {
            Way::Bounds
        } else {
            Way::Counting
        };
    }

    /// Takes up a node of so few samples that they are compared pair by pair; `false` when it has more.
    pub(super) fn takes_pairs(&mut self, node: &Node<'_>) -> bool {
        self.way = Way::Pairs;
        self.pairwise.take(node, self.min_samples_leaf)
    }

    /// Offers those features of the node that was taken up that can split it, each with the score of its best split, and gives
    /// their number.
    pub(super) fn offer(
        &mut self,
        features: &Features<'_>,
        node: &Node<'_>,
        best: &mut Best<u32>,
        random: &mut ChaCha8Rng,
    ) -> usize {
        let mut n_offered = 0;
        for start in (0..features.len()).step_by(FEATURES_AT_ONCE) {
            let places = start..features.len().min(start + FEATURES_AT_ONCE);
            self.look_at(features, places.clone(), node);
            for place in places.clone() {
                let feature = features.at(place);
                let score = self.score(feature, place - start, best.score, node);
                if score > 0.0 {
                    best.offer(score, feature, random);
                    n_offered += 1;
                }
            }
        }
        n_offered
    }

    /// Scores or bounds the features at `places`.
    fn look_at(&mut self, features: &Features<'_>, places: Range<usize>, node: &Node<'_>) {
        pulp::Arch::new().dispatch(Look {
            way: self.way,
            pairwise: &mut self.pairwise,
            bounds: &mut self.bounds,
            columns: self.columns,
            features,
            places,
            samples: node.samples,
        });
    }

    /// The score of a feature that was looked at as the one in `place`; some lower score if it is below `least`.
    fn score(&mut self, feature: u32, place: usize, least: f64, node: &Node<'_>) -> f64 {
        let min_samples_leaf = self.min_samples_leaf;
        match self.way {
            Way::Pairs => f64::from(self.pairwise.scores()[place]),
            Way::Bounds => {
                let mut score = 0.0_f64;
                for stretch in self.bounds.stretches(place, least.max(0.0) as f32) {
                    let (left, bins) = (self.bounds.left(place, &stretch), self.bounds.bins(place));
                    let between = self.histogram.best_within(
                        stretch.lower,
                        stretch.upper,
                        left,
                        bins,
                        node,
                        min_samples_leaf,
                    );
                    score = score.max(between.map_or(0.0, |between| between.score));
                }
                score
            }
            Way::Counting => self
                .histogram
                .best(self.columns, feature, node, min_samples_leaf)
                .map_or(0.0, |between| between.score),
        }
    }
}

/// A look at some features, compiled once for every width of vector registers that processors have.
struct Look<'a> {
    way: Way,
    pairwise: &'a mut PairwiseSearch,
    bounds: &'a mut SplitBounds,
    columns: &'a Columns,
    features: &'a Features<'a>,
    places: Range<usize>,
    samples: &'a [Sample],
}

impl WithSimd for Look<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n_features = self.places.len();
        let write_bins = |row: u32, bins: &mut [u8]| {
            let row = self.columns.row(row);
            self.features.write_bins(self.places.clone(), row, bins);
        };
        match self.way {
            Way::Pairs => self
                .pairwise
                .score(simd, self.samples, n_features, write_bins),
            Way::Bounds => self
                .bounds
                .bound(simd, self.samples, n_features, write_bins),
            Way::Counting => {}
        }
    }
}

impl Features<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Drawn(features) => features.len(),
            Self::Splitting(features) => features.len(),
        }
    }

    fn at(&self, place: usize) -> u32 {
        match self {
            Self::Drawn(features) => features[place],
            Self::Splitting(features) => features.start + place as u32,
        }
    }

    /// Writes the bins of the features at `places` of an example, whose bins are `row`.
    #[inline(always)]
    fn write_bins(&self, places: Range<usize>, row: &[u8], bins: &mut [u8]) {
        match self {
            Self::Drawn(features) => {
                for (bin, &feature) in bins.iter_mut().zip(&features[places]) {
                    *bin = row[feature as usize];
                }
            }
            Self::Splitting(features) => {
                let first = features.start as usize + places.start;
                bins.copy_from_slice(&row[first..first + places.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Examples;
    use crate::random_forest::settings::Thresholds;
    use engram_schemas::randomness::generator;
    use proptest::prelude::*;
    use rand::RngExt;

    /// A node of random samples; few values make ties, few classes pure nodes.
    struct Drawn {
        features: Vec<f32>,
        labels: Vec<u32>,
        weights: Vec<u16>,
    }

    impl Drawn {
        fn new(n: usize, n_features: usize, n_classes: u32, n_values: u32, seed: u64) -> Self {
            let mut random = generator("features", seed, 0);
            let heaviest = if seed.is_multiple_of(8) { 400 } else { 4 };
            let mut labels: Vec<u32> = (0..n).map(|_| random.random_range(0..n_classes)).collect();
            labels.sort_unstable();
            // Some features are noise, some follow the class, some are constant.
            let value = |place: usize, random: &mut ChaCha8Rng| {
                let noise = random.random_range(0..n_values);
                let (label, feature) = (labels[place / n_features], place % n_features);
                (match feature % 4 {
                    0 => noise + label * n_values / 3,
                    1 => feature as u32,
                    _ => noise,
                }) as f32
            };
            Self {
                features: (0..n * n_features).map(|n| value(n, &mut random)).collect(),
                weights: (0..n).map(|_| random.random_range(1..heaviest)).collect(),
                labels,
            }
        }
    }

    proptest! {
        #[test]
        fn offers_what_counting_everything_does(
            n in 2_usize..400, n_features in 1_usize..70, n_classes in 1_u32..7, n_values in 1_u32..500,
            least in 1_u32..9, seed in 0_u64..1000,
        ) {
            let drawn = Drawn::new(n, n_features, n_classes, n_values, seed);
            let names: Vec<String> = (0..n_features).map(|n| format!("feature{n}")).collect();
            let n_classes = n_classes as usize;
            let examples =
                Examples::try_new(&drawn.features, &names, &drawn.labels, n_classes).unwrap();
            let columns = Columns::new(&examples, Thresholds::Binned);
            let mut class_weights = vec![0; n_classes];
            let samples: Vec<Sample> = (0..n)
                .map(|row| {
                    let (weight, class) = (drawn.weights[row], drawn.labels[row] as u16);
                    class_weights[usize::from(class)] += u32::from(weight);
                    Sample { row: row as u32, weight, class }
                })
                .collect();
            let weight = class_weights.iter().sum();
            let node = Node { samples: &samples, class_weights: &class_weights, weight };

            let (mut best, mut random) = (Best::none(), generator("offers", 0, 0));
            let mut search = FeatureSearch::new(&columns, n_classes, least);
            search.take(&node);
            search.offer(&Features::Splitting(0..n_features as u32), &node, &mut best, &mut random);

            let (mut expected, mut reference) = (Best::none(), generator("offers", 0, 0));
            let mut histogram = HistogramSearch::new(n_classes);
            for feature in 0..n_features as u32 {
                if let Some(between) = histogram.best(&columns, feature, &node, least) {
                    expected.offer(between.score, feature, &mut reference);
                }
            }
            prop_assert_eq!(best.found, expected.found);
            prop_assert_eq!(best.score, expected.score);
            // Ties on the way were drawn for likewise.
            prop_assert_eq!(random.random_range(0..u64::MAX), reference.random_range(0..u64::MAX));
        }
    }
}
