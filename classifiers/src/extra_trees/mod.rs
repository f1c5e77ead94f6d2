//! Extremely randomised trees: every tree sees all examples, and tries one random threshold for each of some random
//! features at a split.
//!
//! The split that removes most entropy is taken. Trees grow in parallel, each with a generator of its own that follows
//! from the seed and the tree's number, so they are the same on any number of threads. Deliberately absent: bootstrap
//! samples (the thresholds are random enough), a longest depth, other impurities.
//!
//! # References
//! Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006. Scores are information gains, as
//! in scikit-learn's `ExtraTreesClassifier` with `criterion="entropy"`, where the paper normalises them.

mod settings;
mod tree;

pub use settings::ExtraTreesSettings;

use engram_schemas::randomness::generator;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::decision_tree::DecisionTree;
use crate::examples::check_rows;
use crate::{Classifier, Estimate, Examples, FeatureGroups, Model, Result};
use tree::Columns;

/// The classifier's name in results and SQL.
pub const NAME: &str = "extra_trees";

/// Rows that are sent through all trees together: few enough to stay in the cache, enough to use a tree while it is
/// there.
const ROWS_AT_ONCE: usize = 64;

/// Extremely randomised trees with checked settings, made by [`ExtraTreesSettings::check`].
#[derive(Clone, Debug)]
pub struct ExtraTrees {
    settings: ExtraTreesSettings,
}

impl ExtraTrees {
    /// The settings.
    pub fn settings(&self) -> &ExtraTreesSettings {
        &self.settings
    }

    /// Grows the trees, as [`Classifier::fit`] does, and keeps their type.
    pub fn fit_trees(&self, examples: &Examples<'_>, seed: u64) -> ExtraTreesModel {
        let (features, width) = (examples.features(), examples.n_features());
        let n_examples = examples.n_examples();
        let mut values = vec![0.0; features.len()];
        values
            .par_chunks_exact_mut(n_examples)
            .enumerate()
            .for_each(|(feature, column)| {
                for (value, row) in column.iter_mut().zip(features.chunks_exact(width)) {
                    *value = row[feature];
                }
            });
        let columns = Columns {
            values,
            labels: examples.labels(),
            n_classes: examples.n_classes(),
        };
        let trees = (0..self.settings.n_trees as u64)
            .into_par_iter()
            .map(|tree| {
                let mut random = generator("extra_trees", seed, tree);
                tree::grow(&columns, &self.settings, &mut random)
            })
            .collect();
        ExtraTreesModel {
            feature_names: examples.feature_names().to_vec(),
            n_classes: examples.n_classes(),
            trees,
        }
    }
}

impl Classifier for ExtraTrees {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, examples: &Examples<'_>, seed: u64) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_trees(examples, seed)))
    }
}

/// Trees that have been grown. They can be stored and read back with serde.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExtraTreesModel {
    feature_names: Vec<String>,
    n_classes: usize,
    trees: Vec<DecisionTree>,
}

impl ExtraTreesModel {
    /// Number of trees.
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// Number of nodes of all trees, leaves included.
    pub fn n_nodes(&self) -> usize {
        self.trees.iter().map(DecisionTree::n_nodes).sum()
    }

    /// Share of every group of features in the entropy that a tree's splits removed, as mean and standard error over the
    /// trees.
    pub fn group_importances(&self, groups: &FeatureGroups) -> Vec<Estimate> {
        let of_trees: Vec<Vec<f64>> = self
            .trees
            .iter()
            .map(|tree| {
                let of_features = tree.importances().iter().copied().map(f64::from);
                groups.sum(&of_features.collect::<Vec<_>>())
            })
            .collect();
        (0..groups.names().len())
            .map(|group| Estimate::of(&of_trees.iter().map(|sums| sums[group]).collect::<Vec<_>>()))
            .collect()
    }
}

impl Model for ExtraTreesModel {
    fn n_classes(&self) -> usize {
        self.n_classes
    }

    fn predict_probabilities(&self, features: &[f32]) -> Result<Vec<f32>> {
        check_rows(features, &self.feature_names)?;
        let (n_features, n_classes) = (self.feature_names.len(), self.n_classes);
        let mut probabilities = vec![0.0; features.len() / n_features * n_classes];
        probabilities
            .par_chunks_mut(n_classes * ROWS_AT_ONCE)
            .zip(features.par_chunks(n_features * ROWS_AT_ONCE))
            .for_each(|(probabilities, rows)| {
                for tree in &self.trees {
                    for (sums, row) in probabilities
                        .chunks_exact_mut(n_classes)
                        .zip(rows.chunks_exact(n_features))
                    {
                        for (sum, share) in sums.iter_mut().zip(tree.distribution(row, n_classes)) {
                            *sum += share;
                        }
                    }
                }
                for sum in probabilities {
                    *sum /= self.trees.len() as f32;
                }
            });
        Ok(probabilities)
    }

    fn importances(&self, groups: &FeatureGroups) -> Option<Vec<Estimate>> {
        Some(self.group_importances(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Digits;

    /// Of mean accuracies over seeds against scikit-learn's: a single seed differs by about half as much.
    const ACCURACY_TOLERANCE: f64 = 0.01;

    #[test]
    fn as_accurate_as_scikit_learn() {
        let digits = Digits::new();
        let classifier = ExtraTreesSettings::default().check().unwrap();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let ours: Vec<f64> = (0..5)
            .map(|seed| {
                let model = classifier.fit_trees(&digits.training(), seed);
                digits.accuracy(&model.predict(digits.test_features()).unwrap())
            })
            .collect();
        let difference = mean(&ours) - mean(&digits.extra_trees_accuracies);
        assert!(
            difference.abs() < ACCURACY_TOLERANCE,
            "ours {ours:?}, theirs {:?}",
            digits.extra_trees_accuracies
        );
    }

    #[test]
    fn the_same_trees_on_any_number_of_threads() {
        let digits = Digits::new();
        let settings = ExtraTreesSettings {
            n_trees: 7,
            ..ExtraTreesSettings::default()
        };
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap();
            pool.install(|| settings.check().unwrap().fit_trees(&digits.training(), 1))
        };
        assert_eq!(on_threads(1), on_threads(3));
    }

    #[test]
    fn training_examples_are_learned_and_constants_make_a_leaf() {
        let names = ["a".to_owned()];
        let classifier = ExtraTreesSettings::default().check().unwrap();
        let examples = Examples::try_new(&[1.0, 2.0, 3.0, 4.0], &names, &[0, 2, 0, 2], 3).unwrap();
        let model = classifier.fit_trees(&examples, 0);
        assert_eq!(model.predict(examples.features()).unwrap(), [0, 2, 0, 2]);
        let examples = Examples::try_new(&[1.0; 4], &names, &[0, 2, 0, 0], 3).unwrap();
        let model = classifier.fit_trees(&examples, 0);
        assert_eq!(model.n_nodes(), model.n_trees());
        assert_eq!(
            model.predict_probabilities(&[9.0]).unwrap(),
            [0.75, 0.0, 0.25]
        );
    }

    #[test]
    fn settings_are_checked() {
        for json in [
            r#"{"n_trees": 0}"#,
            r#"{"max_features": 0.0}"#,
            r#"{"max_features": 1.5}"#,
            r#"{"min_samples_split": 1}"#,
        ] {
            let settings: ExtraTreesSettings = serde_json::from_str(json).unwrap();
            assert!(settings.check().is_err(), "{json}");
        }
        assert_eq!(ExtraTreesSettings::default().n_tried(507), 50);
        assert_eq!(ExtraTreesSettings::default().n_tried(5), 1);
    }
}
