//! The best threshold of one feature among all that there are: the node's samples are sorted by it.

use super::key_sorter::KeySorter;
use super::split_search::{Between, Node, Sample};

/// Sorts a node's samples by a feature and tries every threshold between two different values.
pub(super) struct ExactSearch {
    entries: Vec<u64>,
    sorter: KeySorter,
    left: Vec<u32>,
}

impl ExactSearch {
    pub(super) fn new(n_classes: usize) -> Self {
        Self {
            entries: Vec::new(),
            sorter: KeySorter::new(),
            left: vec![0; n_classes],
        }
    }

    /// The best threshold by `ranks`, the lowest of equals; `None` when none is allowed.
    pub(super) fn best(
        &mut self,
        ranks: &[u32],
        node: &Node<'_>,
        min_samples_leaf: u32,
    ) -> Option<Between> {
        let lowest = self.sort_by(ranks, node.samples)?;
        let between = self.scan(node, min_samples_leaf)?;
        Some(Between {
            lower: lowest + between.lower,
            upper: lowest + between.upper,
            ..between
        })
    }

    /// Fills `entries` with the samples in the order of a feature, their ranks counted from the lowest, which is
    /// returned; `None` when the feature is constant.
    fn sort_by(&mut self, ranks: &[u32], samples: &[Sample]) -> Option<u32> {
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

    fn scan(&mut self, node: &Node<'_>, min_samples_leaf: u32) -> Option<Between> {
        self.left.fill(0);
        let mut score_to_beat = f64::NEG_INFINITY;
        let (mut left_weight, mut left_squares, mut right_squares) = (0, 0.0, node.squares());
        let mut best = None;
        for pair in self.entries.windows(2) {
            let (lower, upper) = ((pair[0] >> 32) as u32, (pair[1] >> 32) as u32);
            let weight = (pair[0] >> 16 & 0xffff) as u32;
            let class = (pair[0] & 0xffff) as usize;
            // (c + w)^2 - c^2 = w (2 c + w), on either side.
            let on_left = self.left[class];
            let on_right = node.class_weights[class] - on_left;
            left_squares += f64::from(weight) * f64::from(2 * on_left + weight);
            right_squares -= f64::from(weight) * f64::from(2 * on_right - weight);
            self.left[class] = on_left + weight;
            left_weight += weight;
            if lower == upper {
                continue;
            }
            let right_weight = node.weight - left_weight;
            if left_weight < min_samples_leaf || right_weight < min_samples_leaf {
                continue;
            }
            let score =
                left_squares / f64::from(left_weight) + right_squares / f64::from(right_weight);
            if score > score_to_beat {
                score_to_beat = score;
                best = Some(Between {
                    score,
                    lower,
                    upper,
                });
            }
        }
        best
    }
}
