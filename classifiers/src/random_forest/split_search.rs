//! The best split of a node.

use rand::RngExt;

use super::columns::RankedColumns;
use super::sort::KeySorter;
use engram_schemas::randomness::ChaCha8Rng;

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

/// Samples whose `feature` has at most rank `rank` go left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) feature: u32,
    pub(super) rank: u32,
    /// Between the values of the two sides.
    pub(super) threshold: f32,
    /// How much lower the children's Gini impurity is than the node's, each times its weight.
    pub(super) gain: f64,
}

/// Searches the splits of one tree's nodes. Exact: every threshold between two different values is tried.
pub(super) struct SplitSearch<'a> {
    columns: &'a RankedColumns,
    max_features: usize,
    min_samples_leaf: u32,
    /// All features; those drawn for the current node stand in front.
    features: Vec<u32>,
    entries: Vec<u64>,
    sorter: KeySorter,
    left: Vec<u32>,
}

impl<'a> SplitSearch<'a> {
    pub(super) fn new(
        columns: &'a RankedColumns,
        n_classes: usize,
        max_features: usize,
        min_samples_leaf: u32,
    ) -> Self {
        Self {
            columns,
            max_features,
            min_samples_leaf,
            features: (0..columns.n_features() as u32).collect(),
            entries: Vec::new(),
            sorter: KeySorter::new(),
            left: vec![0; n_classes],
        }
    }

    /// The split of `node` with the largest gain over a random choice of features, the first found of equals; `None`
    /// when no feature separates two samples.
    ///
    /// Features that are constant within the node are passed over without counting, so that `max_features` that can
    /// split are tried wherever there are as many. (scikit-learn counts constant features too, once one has been found
    /// that can split.)
    pub(super) fn best(&mut self, node: &Node<'_>, random: &mut ChaCha8Rng) -> Option<Split> {
        let squares = node.squares();
        let mut best: Option<(f64, Split)> = None;
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
            let Some(lowest) = self.sort_by(feature, node.samples) else {
                continue;
            };
            n_tried += 1;
            let score_to_beat = best.map_or(f64::NEG_INFINITY, |(score, _)| score);
            let Some((score, lower, upper)) = self.scan(node, squares, score_to_beat) else {
                continue;
            };
            let (rank, upper) = (lowest + lower, lowest + upper);
            let threshold = self.columns.column(feature).threshold(rank, upper);
            // Rounding must not turn a useless split into a harmful one.
            let gain = (score - squares / f64::from(node.weight)).max(0.0);
            best = Some((
                score,
                Split {
                    feature,
                    rank,
                    threshold,
                    gain,
                },
            ));
        }
        best.map(|(_, split)| split)
    }

    /// Fills `entries` with the samples in the order of `feature`, their ranks counted from the lowest, which is
    /// returned; `None` when the feature is constant.
    fn sort_by(&mut self, feature: u32, samples: &[Sample]) -> Option<u32> {
        let ranks = &self.columns.column(feature).ranks;
        let (mut lowest, mut highest) = (u32::MAX, 0);
        self.entries.clear();
        self.entries.extend(samples.iter().map(|sample| {
            let rank = ranks[sample.row as usize];
            lowest = lowest.min(rank);
            highest = highest.max(rank);
            u64::from(rank) << 32 | u64::from(sample.weight) << 16 | u64::from(sample.class)
        }));
        if lowest >= highest {
            return None;
        }
        // Counted from the lowest, ranks have fewer bits to sort by.
        for entry in &mut self.entries {
            *entry -= u64::from(lowest) << 32;
        }
        self.sorter.sort(&mut self.entries, highest - lowest);
        Some(lowest)
    }

    /// The best place between the sorted entries: its score, and the ranks below and above it. The score is the sum
    /// over both sides of squares / weight; only one above `score_to_beat` is returned.
    fn scan(
        &mut self,
        node: &Node<'_>,
        squares: f64,
        mut score_to_beat: f64,
    ) -> Option<(f64, u32, u32)> {
        self.left.fill(0);
        let (mut left_weight, mut left_squares, mut right_squares) = (0, 0.0, squares);
        let mut best = None;
        for pair in self.entries.windows(2) {
            let (rank, next_rank) = ((pair[0] >> 32) as u32, (pair[1] >> 32) as u32);
            let weight = (pair[0] >> 16 & 0xffff) as u32;
            let class = (pair[0] & 0xffff) as usize;
            // (c + w)^2 - c^2 = w (2 c + w), on either side.
            let on_left = self.left[class];
            let on_right = node.class_weights[class] - on_left;
            left_squares += f64::from(weight) * f64::from(2 * on_left + weight);
            right_squares -= f64::from(weight) * f64::from(2 * on_right - weight);
            self.left[class] = on_left + weight;
            left_weight += weight;
            if rank == next_rank {
                continue;
            }
            let right_weight = node.weight - left_weight;
            if left_weight < self.min_samples_leaf || right_weight < self.min_samples_leaf {
                continue;
            }
            let score =
                left_squares / f64::from(left_weight) + right_squares / f64::from(right_weight);
            if score > score_to_beat {
                score_to_beat = score;
                best = Some((score, rank, next_rank));
            }
        }
        best
    }
}
