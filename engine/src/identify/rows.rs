//! An experiment as rows of the table `results`.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{EXPERIMENT, IdentifySettings};
use crate::FeatureMatrix;
use crate::experiments::SplitOutcome;
use engram_classifiers::Settings;
use engram_classifiers::evaluation::chance;
use engram_schemas::results::{Control, ResultRow};

/// Hash of all that an experiment's rows follow from: the question, the settings and the runs that are asked.
pub(super) fn result_id(settings: &IdentifySettings, run_ids: &BTreeSet<&str>) -> String {
    let stored = stored_settings(settings);
    let mut hash = Sha256::new();
    for part in [EXPERIMENT, &settings.query, &stored]
        .into_iter()
        .chain(run_ids.iter().copied())
    {
        // With its length before it no part can run into the next.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What is kept of the settings beside the query.
fn stored_settings(settings: &IdentifySettings) -> String {
    serde_json::json!({
        "splits": &settings.splits,
        "points": &settings.points,
        "n_folds": settings.n_folds,
    })
    .to_string()
}

/// The rows of the table `results`, one a split.
pub(super) fn result_rows(
    matrix: &FeatureMatrix,
    settings: &IdentifySettings,
    outcomes: &[SplitOutcome],
) -> Vec<ResultRow> {
    let json = |point: &Settings| serde_json::to_string(point).unwrap_or_default();
    let row = |(outcome, split): (&SplitOutcome, i32)| ResultRow {
        experiment: EXPERIMENT.to_owned(),
        query: settings.query.clone(),
        parameters: "{}".to_owned(),
        control: Control::None.as_str().to_owned(),
        classifier: outcome.settings.kind().to_string(),
        settings: json(&outcome.settings),
        split_by: settings.splits.split_by.to_string(),
        split,
        // The column is signed, as SQL has no unsigned integers; the bits are the seed's.
        seed: settings.splits.seed.cast_signed(),
        n_train: outcome.n_train as i64,
        n_test: outcome.n_test as i64,
        n_features: matrix.n_features() as i64,
        accuracy: outcome.accuracy,
        chance: chance(matrix.classes.len()),
        classes: matrix.classes.clone(),
        confusion: outcome
            .confusion
            .counts()
            .iter()
            .map(|&count| count as i64)
            .collect(),
        statistics: matrix.groups.clone(),
        importances: outcome.importances.iter().map(|of| of.mean).collect(),
        importance_errors: outcome
            .importances
            .iter()
            .map(|of| of.standard_error.unwrap_or(f64::NAN))
            .collect(),
        permutation_importances: outcome.permutation_importances.clone(),
        grid_settings: match outcome.grid_accuracies.is_empty() {
            true => Vec::new(),
            false => settings.points.iter().map(json).collect(),
        },
        grid_accuracies: outcome.grid_accuracies.clone(),
    };
    outcomes.iter().zip(0..).map(row).collect()
}
