//! The best threshold of one feature among those between bins: the node's samples are counted, not sorted.

use super::columns::N_BINS;
use super::split_search::{Between, Node, Sample, Searched};

/// Classes that are counted side by side, so that four sums are one instruction.
const LANE: usize = 4;

/// Most samples of a node that are read row by row.
const SMALL: usize = 1024;

/// Counts a node's samples by bin and class and tries every threshold between two occupied bins.
pub(super) struct HistogramSearch {
    /// Lanes of a bin.
    n_lanes: usize,
    /// Weights by bin and class; zeros between two searches.
    weights: Vec<[u32; LANE]>,
    left: Vec<[u32; LANE]>,
    total: Vec<[u32; LANE]>,
}

impl HistogramSearch {
    pub(super) fn new(n_classes: usize) -> Self {
        let n_lanes = n_classes.div_ceil(LANE);
        Self {
            n_lanes,
            weights: vec![[0; LANE]; N_BINS * n_lanes],
            left: vec![[0; LANE]; n_lanes],
            total: vec![[0; LANE]; n_lanes],
        }
    }

    /// The best threshold by `feature`, whose bins are `bins`, if its score is above `score_to_beat`. `rows` holds the bins
    /// of all features row by row.
    pub(super) fn best(
        &mut self,
        bins: &[u8],
        (rows, feature, n_features): (&[u8], usize, usize),
        node: &Node<'_>,
        min_samples_leaf: u32,
        score_to_beat: f64,
    ) -> Searched {
        let mut occupied = [0_u64; N_BINS / 64];
        let width = self.n_lanes * LANE;
        let weights = self.weights.as_flattened_mut();
        let mut count = |sample: &Sample, bin: u8| {
            let bin = usize::from(bin);
            occupied[bin / 64] |= 1 << (bin % 64);
            weights[bin * width + usize::from(sample.class)] += u32::from(sample.weight);
        };
        // Of a large node a column is read from one end to the other. The rows of a small one stay in the cache through all
        // features and all nodes below it, while its samples in a column would each be fetched alone.
        if node.samples.len() > SMALL {
            for sample in node.samples {
                count(sample, bins[sample.row as usize]);
            }
        } else {
            for sample in node.samples {
                count(sample, rows[sample.row as usize * n_features + feature]);
            }
        }
        self.scan(&occupied, node, min_samples_leaf, score_to_beat)
    }

    /// Goes over the occupied bins from the lowest on, and empties them.
    fn scan(
        &mut self,
        occupied: &[u64; N_BINS / 64],
        node: &Node<'_>,
        min_samples_leaf: u32,
        mut score_to_beat: f64,
    ) -> Searched {
        self.left.fill([0; LANE]);
        self.total.as_flattened_mut()[..node.class_weights.len()]
            .copy_from_slice(node.class_weights);
        let mut lower = None;
        let mut left_weight = 0;
        let mut best = None;
        for (word, &bits) in occupied.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let bin = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let of_bin = &mut self.weights[bin * self.n_lanes..(bin + 1) * self.n_lanes];
                if let Some(lower) = lower.replace(bin) {
                    let right_weight = node.weight - left_weight;
                    if left_weight >= min_samples_leaf && right_weight >= min_samples_leaf {
                        let (left_squares, right_squares) = squares(&self.left, &self.total);
                        let score = left_squares / f64::from(left_weight)
                            + right_squares / f64::from(right_weight);
                        if score > score_to_beat {
                            score_to_beat = score;
                            best = Some(Between {
                                score,
                                lower: lower as u32,
                                upper: bin as u32,
                            });
                        }
                    }
                }
                for (left, weights) in self.left.iter_mut().zip(of_bin) {
                    for (left, weight) in left.iter_mut().zip(weights) {
                        left_weight += *weight;
                        *left += *weight;
                        *weight = 0;
                    }
                }
            }
        }
        match best {
            Some(between) => Searched::Better(between),
            None if occupied.iter().map(|bits| bits.count_ones()).sum::<u32>() < 2 => {
                Searched::Constant
            }
            None => Searched::NoBetter,
        }
    }
}

/// Sums over the classes of the squared weight, on the left and on the right.
fn squares(left: &[[u32; LANE]], total: &[[u32; LANE]]) -> (f64, f64) {
    let (mut on_left, mut on_right) = (0, 0);
    for (left, total) in left.iter().zip(total) {
        for (&left, &total) in left.iter().zip(total) {
            on_left += u64::from(left) * u64::from(left);
            on_right += u64::from(total - left) * u64::from(total - left);
        }
    }
    (on_left as f64, on_right as f64)
}
