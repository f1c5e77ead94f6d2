//! Trees small enough to compute by hand.

use engram_schemas::randomness::generator;

use super::*;
use crate::decision_tree::TreeNode;
use crate::random_forest::MaxFeatures;
use crate::{Examples, Model};

fn grow(
    features: &[f32],
    labels: &[u32],
    weights: &[u16],
    settings: RandomForestSettings,
) -> DecisionTree {
    let n_features = features.len() / labels.len();
    let names: Vec<String> = (0..n_features).map(|feature| feature.to_string()).collect();
    let n_classes = *labels.iter().max().unwrap() as usize + 1;
    let examples = Examples::try_new(features, &names, labels, n_classes).unwrap();
    let samples = labels
        .iter()
        .zip(weights)
        .enumerate()
        .map(|(row, (&class, &weight))| Sample {
            row: row as u32,
            weight,
            class: class as u16,
        })
        .collect();
    let settings = RandomForestSettings {
        max_features: MaxFeatures::All,
        ..settings
    };
    super::grow(
        &Columns::new(&examples, settings.thresholds),
        samples,
        n_classes,
        &settings,
        &mut generator("test", 0, 0),
    )
}

fn default() -> RandomForestSettings {
    RandomForestSettings::default()
}

fn stump() -> RandomForestSettings {
    RandomForestSettings {
        max_depth: Some(1),
        ..default()
    }
}

#[test]
fn a_stump_splits_where_the_children_are_purest() {
    // Feature 0 separates {1, 2, 3} from {7, 9}; of the left three one is of class 1. Feature 1 is constant.
    let features = [1.0, 5.0, 2.0, 5.0, 3.0, 5.0, 7.0, 5.0, 9.0, 5.0];
    let tree = grow(&features, &[0, 1, 0, 1, 1], &[1; 5], stump());
    // Candidates: after 1 (1 | 1,3): children 0 and 4 x (1 - (1 + 9)/16) = 1.5; after 2: 2 x .5 + 3 x 4/9 = 2.33;
    // after 3: 3 x 4/9 + 0 = 1.33; after 7: 4 x .5 + 0 = 2. The best is between 3 and 7.
    assert_eq!(
        tree.nodes[0],
        TreeNode::Split {
            feature: 0,
            threshold: 5.0,
            right: 2
        }
    );
    assert_eq!(tree.distributions, [2.0 / 3.0, 1.0 / 3.0, 0.0, 1.0]);
    assert_eq!(tree.importances, [1.0, 0.0]);
    assert_eq!(tree.distribution(&[5.0, 0.0], 2), [2.0 / 3.0, 1.0 / 3.0]);
    assert_eq!(tree.distribution(&[5.1, 0.0], 2), [0.0, 1.0]);
}

#[test]
fn importances_are_shares_of_the_removed_impurity() {
    // Feature 0 takes class 2 apart (first: it removes more), then feature 1 separates class 0 from class 1.
    #[rustfmt::skip]
    let features = [
        0.0, 0.0,
        0.0, 1.0,
        1.0, 0.0,
        1.0, 1.0,
    ];
    let tree = grow(&features, &[0, 1, 2, 2], &[1; 4], default());
    // Root: 4 x (1 - 6/16) = 2.5. Split on 0: 2 x .5 + 0 = 1, so 1.5 removed; then 1 removed by feature 1. (Split on 1
    // first would leave 2 x .5 + 2 x .5 = 2.)
    assert_eq!(tree.importances, [0.6, 0.4]);
    assert_eq!(tree.n_nodes(), 5);
    for (row, class) in features.chunks(2).zip([0, 1, 2, 2]) {
        assert_eq!(tree.distribution(row, 3)[class], 1.0);
    }
}

#[test]
fn weights_count_as_repetitions() {
    let features = [1.0, 2.0, 3.0, 4.0];
    let weighted = grow(&features, &[0, 1, 0, 1], &[3, 1, 1, 2], stump());
    let repeated = grow(
        &[1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0],
        &[0, 0, 0, 1, 0, 1, 1],
        &[1; 7],
        stump(),
    );
    assert_eq!(weighted, repeated);
}

#[test]
fn settings_stop_the_growth() {
    let features: Vec<f32> = (0..8).map(|value| value as f32).collect();
    let labels = [0, 1, 0, 1, 0, 1, 0, 1];
    let n_nodes = |settings| grow(&features, &labels, &[1; 8], settings).n_nodes();
    assert_eq!(n_nodes(default()), 15);
    assert_eq!(n_nodes(stump()), 3);
    assert_eq!(
        n_nodes(RandomForestSettings {
            min_samples_split: 9,
            ..default()
        }),
        1
    );
    assert_eq!(
        n_nodes(RandomForestSettings {
            min_samples_leaf: 4,
            ..default()
        }),
        3
    );
    assert_eq!(
        n_nodes(RandomForestSettings {
            min_samples_leaf: 5,
            ..default()
        }),
        1
    );
}

#[test]
fn equal_rows_of_different_classes_make_one_leaf() {
    let tree = grow(&[2.0; 4], &[0, 1, 1, 1], &[1; 4], default());
    assert_eq!(
        (tree.n_nodes(), &tree.distributions[..]),
        (1, &[0.25, 0.75][..])
    );
    assert_eq!(tree.importances, [0.0]);
}

#[test]
fn a_forest_of_one_leaf_trees_predicts_the_first_class() {
    let names = vec!["only".to_owned()];
    let examples = Examples::try_new(&[1.0; 4], &names, &[0; 4], 2).unwrap();
    let forest = RandomForestSettings {
        n_trees: 3,
        ..default()
    }
    .check()
    .unwrap()
    .fit_forest(&examples, 0);
    assert_eq!(forest.predict(&[5.0]).unwrap(), [0]);
}
