//! A grown decision tree: what random forests and extremely randomised trees are made of. They differ in how splits are
//! found, and not in what a tree is.

use serde::{Deserialize, Serialize};

/// A grown tree. Nodes stand in depth-first order, so a split's left child is the node after it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DecisionTree {
    pub(crate) nodes: Vec<TreeNode>,
    /// Class probabilities of the leaves, leaf by leaf.
    pub(crate) distributions: Vec<f32>,
    /// Share of every feature in the impurity that the tree's splits removed.
    pub(crate) importances: Vec<f32>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum TreeNode {
    /// Up to `threshold` on to the next node, above it to node `right`.
    Split {
        feature: u32,
        threshold: f32,
        right: u32,
    },
    /// The end: number of the leaf.
    Leaf(u32),
}

impl DecisionTree {
    /// The place of the node that is made next. `right_of` is the split whose right child it is; left children need no
    /// link.
    pub(crate) fn next_node(&mut self, right_of: Option<usize>) -> usize {
        let place = self.nodes.len();
        let parent = right_of.map(|parent| &mut self.nodes[parent]);
        if let Some(TreeNode::Split { right, .. }) = parent {
            *right = place as u32;
        }
        place
    }

    /// Makes the next node a split whose right child is yet to come.
    pub(crate) fn push_split(&mut self, feature: u32, threshold: f32) {
        self.nodes.push(TreeNode::Split {
            feature,
            threshold,
            right: 0,
        });
    }

    /// Makes the next node a leaf of these classes.
    pub(crate) fn push_leaf(&mut self, class_weights: &[u32]) {
        let leaf = self.distributions.len() / class_weights.len();
        self.nodes.push(TreeNode::Leaf(leaf as u32));
        let weight = class_weights.iter().sum::<u32>() as f32;
        let shares = class_weights
            .iter()
            .map(|&of_class| of_class as f32 / weight);
        self.distributions.extend(shares);
    }

    /// The tree with every feature's share in the impurity that its splits removed. A tree that is one leaf knows nothing:
    /// its shares are zeros.
    pub(crate) fn with_removed_impurity(mut self, removed: &[f64]) -> Self {
        let total: f64 = removed.iter().sum();
        let scale = if total > 0.0 { total.recip() } else { 0.0 };
        self.importances = removed.iter().map(|of| (of * scale) as f32).collect();
        self
    }

    /// Class probabilities of one row of features.
    pub(crate) fn distribution(&self, row: &[f32], n_classes: usize) -> &[f32] {
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
    pub(crate) fn importances(&self) -> &[f32] {
        &self.importances
    }

    /// Number of nodes, leaves included.
    pub(crate) fn n_nodes(&self) -> usize {
        self.nodes.len()
    }
}

/// Moves what goes left to the front and keeps the order on both sides; returns how many go left.
pub(crate) fn partition<T: Copy>(
    items: &mut [T],
    goes_left: impl Fn(T) -> bool,
    moved: &mut Vec<T>,
) -> usize {
    moved.clear();
    let mut n_left = 0;
    for place in 0..items.len() {
        let item = items[place];
        if goes_left(item) {
            items[n_left] = item;
            n_left += 1;
        } else {
            moved.push(item);
        }
    }
    items[n_left..].copy_from_slice(moved);
    n_left
}
