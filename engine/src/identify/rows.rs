//! The question as rows of the table `results`.

use engram_schemas::results::{Control, ResultRow};

use super::{EXPERIMENT, IdentifySettings};
use crate::FeatureMatrix;
use crate::experiments::{SplitBy, SplitOutcome, rows};

/// Hash of all that the rows follow from: the question, the settings and the identity of the dataset that is asked.
pub(super) fn result_id<'a>(
    settings: &IdentifySettings,
    dataset: impl IntoIterator<Item = &'a str>,
) -> String {
    let stored = serde_json::json!({
        "splits": &settings.splits,
        "points": &settings.points,
        "n_folds": settings.n_folds,
    })
    .to_string();
    let asked = [EXPERIMENT, &settings.query, &stored];
    let in_pieces = settings.in_pieces.then_some("in pieces");
    let has_folds_of_runs = settings.points.len() > 1 && settings.splits.split_by == SplitBy::Run;
    let folds = has_folds_of_runs.then_some("runs in one fold");
    let asked = asked.into_iter().chain(in_pieces).chain(folds);
    let dataset: Vec<&str> = dataset.into_iter().collect();
    rows::result_id(asked.chain(dataset))
}

/// The rows of the table `results`, one a split.
pub(super) fn result_rows(
    matrix: &FeatureMatrix,
    settings: &IdentifySettings,
    outcomes: &[SplitOutcome],
) -> Vec<ResultRow> {
    let row = |(outcome, split): (&SplitOutcome, i32)| ResultRow {
        experiment: EXPERIMENT.to_owned(),
        query: settings.query.clone(),
        parameters: "{}".to_owned(),
        split_by: settings.splits.split_by.to_string(),
        split,
        // The column is signed, as SQL has no unsigned integers; the bits are the seed's.
        seed: settings.splits.seed.cast_signed(),
        ..rows::row(matrix, &settings.points, Control::None, outcome)
    };
    outcomes.iter().zip(0..).map(row).collect()
}
