//! What an experiment found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::IdentifySettings;
use crate::FeatureMatrix;
use crate::diagnosis::SavedModel;
use crate::experiments::{SplitBy, SplitOutcome};
use engram_classifiers::evaluation::chance;
use engram_classifiers::{ConfusionMatrix, Estimate};

/// What the experiment found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identification {
    /// The rows' identifier in the table `results`.
    pub result_id: String,
    /// The file of the rows.
    pub result_file: String,
    /// The learning rules, in the order of the confusion matrix.
    pub classes: Vec<String>,
    /// Examples of every class.
    pub n_examples: Vec<usize>,
    /// Runs that the examples come from.
    pub n_runs: usize,
    /// Features of an example.
    pub n_features: usize,
    /// What was kept together on one side of a split.
    pub split_by: SplitBy,
    /// Every split's outcome.
    pub splits: Vec<SplitOutcome>,
    /// Accuracy over the splits.
    pub accuracy: Estimate,
    /// Accuracy to expect from guessing.
    pub chance: f64,
    /// Test examples of all splits by true and predicted rule.
    pub confusion: ConfusionMatrix,
    /// The groups of features: statistics over their trajectories, and the depth.
    pub groups: Vec<String>,
    /// The groups of features, the most important first; empty for classifiers that cannot tell.
    pub importances: Vec<GroupImportance>,
    /// Examples that the feature matrix leaves out, by reason.
    pub excluded: BTreeMap<String, usize>,
    /// What was learned from all examples, where it was asked for.
    #[serde(skip)]
    pub model: Option<SavedModel>,
}

/// How much a group of features (a statistic over its trajectory, the depth indicators) contributes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupImportance {
    /// The group.
    pub name: String,
    /// Its share in the impurity that the trees' splits removed, over the splits.
    pub importance: Estimate,
}

/// Puts the splits' outcomes together.
pub(super) fn summary(
    matrix: &FeatureMatrix,
    settings: &IdentifySettings,
    outcomes: Vec<SplitOutcome>,
    n_runs: usize,
    result_id: String,
    result_file: String,
    model: Option<SavedModel>,
) -> Identification {
    let n_classes = matrix.classes.len();
    let mut confusion = ConfusionMatrix::new(n_classes);
    for outcome in &outcomes {
        confusion.add(&outcome.confusion);
    }
    let over_splits = |value: &dyn Fn(&SplitOutcome) -> f64| {
        Estimate::of(&outcomes.iter().map(value).collect::<Vec<_>>())
    };
    let can_tell = outcomes
        .iter()
        .all(|outcome| !outcome.importances.is_empty());
    let mut importances: Vec<GroupImportance> = matrix
        .groups
        .iter()
        .enumerate()
        .filter(|_| can_tell)
        .map(|(group, name)| GroupImportance {
            name: name.clone(),
            importance: over_splits(&|outcome| outcome.importances[group].mean),
        })
        .collect();
    importances.sort_by(|a, b| b.importance.mean.total_cmp(&a.importance.mean));
    let mut n_examples = vec![0; n_classes];
    for &label in &matrix.labels {
        n_examples[label] += 1;
    }
    Identification {
        result_id,
        result_file,
        classes: matrix.classes.clone(),
        n_examples,
        n_runs,
        n_features: matrix.n_features(),
        groups: matrix.groups.clone(),
        split_by: settings.splits.split_by,
        accuracy: over_splits(&|outcome| outcome.accuracy),
        chance: chance(n_classes),
        confusion,
        importances,
        excluded: matrix.excluded.0.clone(),
        splits: outcomes,
        model,
    }
}
