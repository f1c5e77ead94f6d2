//! One decision tree.

use engram_schemas::randomness::ChaCha8Rng;

use super::columns::Columns;
use super::settings::RandomForestSettings;
use super::split_search::{Node, Sample, SplitSearch};
use crate::decision_tree::{DecisionTree, partition};

/// Samples whose node is still to be made.
struct Pending {
    start: usize,
    end: usize,
    depth: u32,
    /// The split whose right child the node is; left children need no link.
    right_of: Option<usize>,
}

/// Grows a tree on `samples`, depth first, until nodes are pure or the settings forbid a split. Of every node the samples
/// stand in the order of their classes: so they do at the root, and partitions keep it.
pub(super) fn grow(
    columns: &Columns,
    mut samples: Vec<Sample>,
    n_classes: usize,
    settings: &RandomForestSettings,
    random: &mut ChaCha8Rng,
) -> DecisionTree {
    let max_features = settings.max_features.of(columns.n_features());
    let mut search = SplitSearch::new(columns, n_classes, max_features, settings.min_samples_leaf);
    let mut tree = DecisionTree::default();
    let mut removed_impurity = vec![0.0_f64; columns.n_features()];
    samples.sort_by_key(|sample| sample.class);
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
        let place = tree.next_node(right_of);
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
            tree.push_leaf(&class_weights);
            continue;
        };
        removed_impurity[split.feature as usize] += split.gain;
        tree.push_split(split.feature, split.threshold);
        let goes_left = |sample: Sample| columns.code(split.feature, sample.row) <= split.code;
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
    tree.with_removed_impurity(&removed_impurity)
}
#[cfg(test)]
mod tests;
