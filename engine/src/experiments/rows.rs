//! Outcomes as rows of the table `results`, and what names their file.

use std::collections::BTreeSet;

use engram_classifiers::Settings;
use engram_schemas::layout;
use engram_schemas::results::{Control, ResultRow};
use sha2::{Digest, Sha256};

use super::{Protocol, SplitOutcome, Variant};
use crate::{FeatureMatrix, Result, Session, read_results};

/// The rows of those variants that were run by a protocol, on all of its splits, as the session sees them.
///
/// # Errors
/// [`Error::Sql`](crate::Error::Sql) when the table cannot be read.
pub async fn rows_of(
    session: &Session,
    variants: &[Variant],
    protocol: &Protocol,
) -> Result<Vec<ResultRow>> {
    let names = &session.dataset().result_names;
    let mut ids = BTreeSet::new();
    for variant in variants {
        let id = variant.result_id(session.dataset(), protocol)?;
        let mut splits = 0..variant.n_trials(protocol)? as i32;
        if splits.all(|split| names.contains(&layout::split_results_name(&id, split))) {
            ids.insert(id);
        }
    }
    let mut rows = read_results(session, &ids).await?;
    // Of these there may be more than were asked for.
    rows.retain(|row| row.split < protocol.n_splits as i32);
    Ok(rows)
}

/// Hash of all that an experiment's rows follow from.
pub(crate) fn result_id<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length before it no part can run into the next.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let bytes = hash.finalize();
    bytes
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a row says of a trial's outcome. What was asked (experiment, query, parameters, split) is the caller's to add.
pub(crate) fn row(
    matrix: &FeatureMatrix,
    points: &[Settings],
    control: Control,
    outcome: &SplitOutcome,
) -> ResultRow {
    let json = |point: &Settings| serde_json::to_string(point).unwrap_or_default();
    let n_tested = (0..matrix.classes.len())
        .filter(|&class| outcome.confusion.row(class).iter().any(|&count| count > 0))
        .count();
    let counts = outcome.confusion.counts().iter();
    ResultRow {
        control: control.as_str().to_owned(),
        classifier: outcome.settings.kind().to_string(),
        settings: json(&outcome.settings),
        n_train: outcome.n_train as i64,
        n_test: outcome.n_test as i64,
        n_features: matrix.n_features() as i64,
        accuracy: outcome.accuracy,
        // A rule without test examples can still be named, but guessing among the tested is what an accuracy is against.
        chance: 1.0 / n_tested as f64,
        classes: matrix.classes.clone(),
        confusion: counts.map(|&count| count as i64).collect(),
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
            false => points.iter().map(json).collect(),
        },
        grid_accuracies: outcome.grid_accuracies.clone(),
        ..ResultRow::default()
    }
}
