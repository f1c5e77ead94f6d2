//! One extremely randomised tree.

use engram_schemas::randomness::ChaCha8Rng;
use rand::RngExt;

use super::settings::ExtraTreesSettings;
use crate::decision_tree::{DecisionTree, partition};

/// Training data by column.
pub(super) struct Columns<'a> {
    pub(super) values: Vec<f32>,
    pub(super) labels: &'a [u32],
    pub(super) n_classes: usize,
}

impl Columns<'_> {
    fn n_features(&self) -> usize {
        self.values.len() / self.labels.len()
    }

    fn column(&self, feature: usize) -> &[f32] {
        let n_examples = self.labels.len();
        &self.values[feature * n_examples..(feature + 1) * n_examples]
    }
}

/// Examples whose node is still to be made.
struct Pending {
    start: usize,
    end: usize,
    /// The split whose right child the node is; left children need no link.
    right_of: Option<usize>,
}

struct Split {
    feature: usize,
    threshold: f32,
    /// Entropy that the split removes, times the number of examples.
    gain: f64,
}

/// Grows a tree on all examples, depth first, until nodes are pure or small.
pub(super) fn grow(
    columns: &Columns<'_>,
    settings: &ExtraTreesSettings,
    random: &mut ChaCha8Rng,
) -> DecisionTree {
    let n_features = columns.n_features();
    let mut search = SplitSearch::new(columns, settings.n_tried(n_features));
    let mut tree = DecisionTree::default();
    let mut removed = vec![0.0_f64; n_features];
    let mut examples: Vec<u32> = (0..columns.labels.len() as u32).collect();
    let mut right_side = Vec::new();
    let mut counts = vec![0_u32; columns.n_classes];
    let mut pending = vec![Pending {
        start: 0,
        end: examples.len(),
        right_of: None,
    }];
    while let Some(Pending {
        start,
        end,
        right_of,
    }) = pending.pop()
    {
        let place = tree.next_node(right_of);
        counts.fill(0);
        for &example in &examples[start..end] {
            counts[columns.labels[example as usize] as usize] += 1;
        }
        let is_splittable = end - start >= settings.min_samples_split
            && counts.iter().filter(|&&count| count > 0).count() > 1;
        let split = is_splittable
            .then(|| search.best(&examples[start..end], &counts, random))
            .flatten();
        let Some(split) = split else {
            tree.push_leaf(&counts);
            continue;
        };
        removed[split.feature] += split.gain;
        tree.push_split(split.feature as u32, split.threshold);
        let column = columns.column(split.feature);
        let goes_left = |example: u32| column[example as usize] <= split.threshold;
        let middle = start + partition(&mut examples[start..end], goes_left, &mut right_side);
        pending.push(Pending {
            start: middle,
            end,
            right_of: Some(place),
        });
        pending.push(Pending {
            start,
            end: middle,
            right_of: None,
        });
    }
    tree.with_removed_impurity(&removed)
}

/// Looks for splits, with buffers that live as long as a tree grows.
struct SplitSearch<'a> {
    columns: &'a Columns<'a>,
    n_tried: usize,
    /// All features, in an order that changes as they are drawn.
    features: Vec<usize>,
    /// A feature's values of the node's examples.
    values: Vec<f32>,
    left_counts: Vec<u32>,
    right_counts: Vec<u32>,
}

impl<'a> SplitSearch<'a> {
    fn new(columns: &'a Columns<'a>, n_tried: usize) -> Self {
        Self {
            columns,
            n_tried,
            features: (0..columns.n_features()).collect(),
            values: Vec::new(),
            left_counts: vec![0; columns.n_classes],
            right_counts: vec![0; columns.n_classes],
        }
    }

    /// The best of one random split of each of some random features; features that are constant in the node do not count
    /// as tried. `None` when all are.
    fn best(&mut self, examples: &[u32], counts: &[u32], random: &mut ChaCha8Rng) -> Option<Split> {
        let before = scaled_entropy(counts);
        let mut best: Option<Split> = None;
        let (mut n_drawn, mut n_tried) = (0, 0);
        while n_tried < self.n_tried && n_drawn < self.features.len() {
            let drawn = random.random_range(n_drawn as u32..self.features.len() as u32);
            self.features.swap(n_drawn, drawn as usize);
            let feature = self.features[n_drawn];
            n_drawn += 1;
            let column = self.columns.column(feature);
            self.values.clear();
            let values = examples.iter().map(|&example| column[example as usize]);
            self.values.extend(values);
            let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
            for &value in &self.values {
                least = least.min(value);
                most = most.max(value);
            }
            if least == most {
                continue;
            }
            n_tried += 1;
            let threshold = between(least, most, random);
            self.left_counts.fill(0);
            for (&value, &example) in self.values.iter().zip(examples) {
                let class = self.columns.labels[example as usize] as usize;
                self.left_counts[class] += u32::from(value <= threshold);
            }
            for ((right, &all), &left) in self
                .right_counts
                .iter_mut()
                .zip(counts)
                .zip(&self.left_counts)
            {
                *right = all - left;
            }
            let gain =
                before - scaled_entropy(&self.left_counts) - scaled_entropy(&self.right_counts);
            if best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(Split {
                    feature,
                    threshold,
                    gain,
                });
            }
        }
        best
    }
}

/// A random threshold, uniform from `least` to below `most`.
fn between(least: f32, most: f32, random: &mut ChaCha8Rng) -> f32 {
    let share = random.random_range(0.0..1.0_f64);
    let threshold = f64::from(least) + share * (f64::from(most) - f64::from(least));
    // Rounding may reach the upper end, from where nothing would go right.
    let threshold = threshold as f32;
    if threshold < most { threshold } else { least }
}

/// Shannon entropy of class counts, in nats, times the number of examples.
fn scaled_entropy(counts: &[u32]) -> f64 {
    let times_log = |count: u32| match count {
        0 => 0.0,
        count => f64::from(count) * f64::from(count).ln(),
    };
    let total: u32 = counts.iter().sum();
    times_log(total) - counts.iter().map(|&count| times_log(count)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_coins_and_dice() {
        assert!((scaled_entropy(&[3, 3]) - 6.0 * 2.0_f64.ln()).abs() < 1e-12);
        assert!((scaled_entropy(&[2, 2, 2]) - 6.0 * 3.0_f64.ln()).abs() < 1e-12);
        assert_eq!(scaled_entropy(&[5, 0]), 0.0);
    }

    #[test]
    fn thresholds_separate_even_neighbours() {
        let mut random = engram_schemas::randomness::generator("thresholds", 0, 0);
        for (least, most) in [
            (1.0, 1.0_f32.next_up()),
            (0.0, f32::MIN_POSITIVE),
            (f32::MIN, f32::MAX),
        ] {
            for _ in 0..100 {
                let threshold = between(least, most, &mut random);
                assert!(least <= threshold && threshold < most);
            }
        }
    }
}
