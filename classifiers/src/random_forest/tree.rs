//! One decision tree.

use engram_schemas::randomness::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::columns::Columns;
use super::settings::RandomForestSettings;
use super::split_search::{Node, Sample, SplitSearch};

/// A grown tree. Nodes stand in depth-first order, so a split's left child is the node after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    nodes: Vec<TreeNode>,
    /// Class probabilities of the leaves, leaf by leaf.
    distributions: Vec<f32>,
    /// Share of every feature in the impurity that the tree's splits removed.
    importances: Vec<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum TreeNode {
    /// Up to `threshold` on to the next node, above it to node `right`.
    Split {
        feature: u32,
        threshold: f32,
        right: u32,
    },
    /// The end: number of the leaf.
    Leaf(u32),
}

/// Samples whose node is still to be made.
struct Pending {
    start: usize,
    end: usize,
    depth: u32,
    /// The split whose right child the node is; left children need no link.
    right_of: Option<usize>,
}

impl Tree {
    /// Grows a tree on `samples`, depth first, until nodes are pure or the settings forbid a split.
    pub(super) fn grow(
        columns: &Columns,
        mut samples: Vec<Sample>,
        n_classes: usize,
        settings: &RandomForestSettings,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let max_features = settings.max_features.of(columns.n_features());
        let mut search =
            SplitSearch::new(columns, n_classes, max_features, settings.min_samples_leaf);
        let mut tree = Self {
            nodes: Vec::new(),
            distributions: Vec::new(),
            importances: Vec::new(),
        };
        let mut removed_impurity = vec![0.0_f64; columns.n_features()];
        let mut class_weights = vec![0; n_classes];
        let mut moved = Vec::new();
        let mut pending = vec![Pending {
            start: 0,
            end: samples.len(),
            depth: 0,
            right_of: None,
        }];
        while let Some(Pending {
            start,
            end,
            depth,
            right_of,
        }) = pending.pop()
        {
            let place = tree.nodes.len();
            if let Some(TreeNode::Split { right, .. }) =
                right_of.map(|parent| &mut tree.nodes[parent])
            {
                *right = place as u32;
            }
            class_weights.fill(0);
            for sample in &samples[start..end] {
                class_weights[usize::from(sample.class)] += u32::from(sample.weight);
            }
            let weight = class_weights.iter().sum();
            let node = Node {
                samples: &samples[start..end],
                class_weights: &class_weights,
                weight,
            };
            let splittable = settings.max_depth.is_none_or(|max_depth| depth < max_depth)
                && weight >= settings.min_samples_split
                && class_weights.iter().filter(|&&weight| weight > 0).count() > 1;
            let Some(split) = splittable.then(|| search.best(&node, random)).flatten() else {
                tree.push_leaf(&class_weights, weight);
                continue;
            };
            removed_impurity[split.feature as usize] += split.gain;
            tree.nodes.push(TreeNode::Split {
                feature: split.feature,
                threshold: split.threshold,
                right: 0,
            });
            let column = columns.column(split.feature);
            let goes_left = |sample: &Sample| column.code(sample.row) <= split.code;
            let middle = start + partition(&mut samples[start..end], goes_left, &mut moved);
            let depth = depth + 1;
            pending.push(Pending {
                start: middle,
                end,
                depth,
                right_of: Some(place),
            });
            pending.push(Pending {
                start,
                end: middle,
                depth,
                right_of: None,
            });
        }
        let total: f64 = removed_impurity.iter().sum();
        // A tree that is one leaf knows nothing: its importances are zeros.
        let scale = if total > 0.0 { total.recip() } else { 0.0 };
        tree.importances = removed_impurity
            .iter()
            .map(|removed| (removed * scale) as f32)
            .collect();
        tree
    }

    fn push_leaf(&mut self, class_weights: &[u32], weight: u32) {
        let leaf = self.distributions.len() / class_weights.len();
        self.nodes.push(TreeNode::Leaf(leaf as u32));
        self.distributions.extend(
            class_weights
                .iter()
                .map(|&of_class| of_class as f32 / weight as f32),
        );
    }

    /// Class probabilities of one row of features.
    pub(super) fn distribution(&self, row: &[f32], n_classes: usize) -> &[f32] {
        let mut place = 0;
        loop {
            match self.nodes[place] {
                TreeNode::Split {
                    feature,
                    threshold,
                    right,
                } => {
                    place = if row[feature as usize] <= threshold {
                        place + 1
                    } else {
                        right as usize
                    };
                }
                TreeNode::Leaf(leaf) => {
                    let start = leaf as usize * n_classes;
                    return &self.distributions[start..start + n_classes];
                }
            }
        }
    }

    /// Share of every feature in the impurity that the tree's splits removed.
    pub(super) fn importances(&self) -> &[f32] {
        &self.importances
    }

    /// Number of nodes, leaves included.
    pub(super) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }
}

/// Moves the samples that go left to the front and keeps the order on both sides; returns how many go left.
fn partition(
    samples: &mut [Sample],
    goes_left: impl Fn(&Sample) -> bool,
    moved: &mut Vec<Sample>,
) -> usize {
    moved.clear();
    let mut n_left = 0;
    for place in 0..samples.len() {
        let sample = samples[place];
        if goes_left(&sample) {
            samples[n_left] = sample;
            n_left += 1;
        } else {
            moved.push(sample);
        }
    }
    samples[n_left..].copy_from_slice(moved);
    n_left
}

#[cfg(test)]
mod tests;
