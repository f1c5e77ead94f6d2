//! Runs a variant, or finds that it was run before.

use std::collections::BTreeSet;

use engram_classifiers::{Estimate, Kind};
use engram_schemas::results::ResultRow;

use super::splits::Split;
use super::trial::{SplitOutcome, Trial};
use super::variant::{Protocol, Variant};
use crate::identify::order;
use crate::{Error, FeatureMatrix, Result, Session, write_results};

/// What came of a variant.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its rows were there already.
    WasThere,
    /// It was run, and its rows are written.
    Done,
    /// The dataset has not the rows that it needs.
    NotTestable {
        /// What is missing.
        why: String,
    },
}

/// Fewest examples of a rule that are trained on, for each fold of the grid search.
const LEAST_A_FOLD: usize = 1;

/// Runs a variant on every split and writes its rows, unless they are there. Calls `on_split` after each split.
///
/// # Errors
/// [`Error::Sql`] and [`Error::FeatureQuery`] for a query that fails, and what classifiers and stores refuse. A dataset that
/// lacks rows is no error but [`Outcome::NotTestable`].
pub async fn run(
    session: &Session,
    variant: &Variant,
    protocol: &Protocol,
    on_split: impl Fn() + Send + Sync,
) -> Result<Outcome> {
    let result_id = variant.result_id(session.dataset(), protocol)?;
    if session.dataset().result_ids.contains(&result_id) {
        return Ok(Outcome::WasThere);
    }
    let query = variant.query()?;
    let mut rows = Vec::new();
    for split in 0..variant.n_splits(&query, protocol) {
        let sql = variant.bound(&query, protocol, split)?;
        let matrix = match FeatureMatrix::from_query(session, &sql).await {
            Ok(matrix) => order::by_identity(matrix),
            Err(Error::NoExamples { .. }) => return Ok(not_testable("no example is left")),
            Err(error) => return Err(error),
        };
        let sides = Split::of(matrix.sides.iter().copied());
        if let Some(outcome) = lacking(&matrix, &sides, protocol) {
            return Ok(outcome);
        }
        let trial = Trial {
            points: protocol.grid.points(
                variant.classifier,
                sides.train.len() * (protocol.n_folds - 1) / protocol.n_folds,
                matrix.n_features(),
            ),
            n_folds: protocol.n_folds,
            control: variant.control,
            with_permutations: variant.classifier == Kind::RandomForest
                && variant.experiment == "figure_2a",
            seed: protocol.seed,
        };
        // Fits take every core for a while: on a worker of the async runtime they would hold up its input and output.
        let (matrix, trial, outcome) = tokio::task::spawn_blocking(move || {
            let outcome = trial.run(&matrix, &sides, split as u64);
            (matrix, trial, outcome)
        })
        .await
        .map_err(|source| Error::Computation {
            doing: "fitting the classifier",
            source,
        })?;
        rows.push(row(
            variant, protocol, sql, split, &matrix, &trial, outcome?,
        ));
        on_split();
    }
    write_results(session.location(), &result_id, &rows).await?;
    Ok(Outcome::Done)
}

fn not_testable(why: impl Into<String>) -> Outcome {
    Outcome::NotTestable { why: why.into() }
}

/// What is missing for a fair trial: classes on either side, and enough examples to cross-validate on.
fn lacking(matrix: &FeatureMatrix, split: &Split, protocol: &Protocol) -> Option<Outcome> {
    let classes = |rows: &[usize]| -> BTreeSet<usize> {
        rows.iter().map(|&row| matrix.labels[row]).collect()
    };
    let (train, test) = (classes(&split.train), classes(&split.test));
    if train.len() < 2 {
        return Some(not_testable(
            "examples of fewer than two learning rules are left to learn from",
        ));
    }
    if test.is_empty() {
        return Some(not_testable("no example is left to test on"));
    }
    if let Some(class) = test.difference(&train).next() {
        let rule = &matrix.classes[*class];
        return Some(not_testable(format!(
            "no example of {rule} is left to learn from"
        )));
    }
    let of = |class: usize| {
        split
            .train
            .iter()
            .filter(|&&row| matrix.labels[row] == class)
            .count()
    };
    let needed = LEAST_A_FOLD * protocol.n_folds;
    let smallest = train.iter().map(|&class| (of(class), class)).min()?;
    (smallest.0 < needed).then(|| {
        let rule = &matrix.classes[smallest.1];
        not_testable(format!(
            "{} examples of {rule} are left to learn from, and {} folds need {needed}",
            smallest.0, protocol.n_folds
        ))
    })
}

fn row(
    variant: &Variant,
    protocol: &Protocol,
    query: String,
    split: usize,
    matrix: &FeatureMatrix,
    trial: &Trial,
    outcome: SplitOutcome,
) -> ResultRow {
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    let n_tested = (0..matrix.classes.len())
        .filter(|&class| outcome.confusion.row(class).iter().any(|&count| count > 0))
        .count();
    ResultRow {
        experiment: variant.experiment.to_owned(),
        query,
        parameters: variant.parameters_json().to_string(),
        control: variant.control.as_str().to_owned(),
        classifier: variant.classifier.to_string(),
        settings: json(serde_json::to_string(&outcome.settings)),
        split_by: variant
            .split_by
            .map_or("held_out", super::SplitBy::as_str)
            .to_owned(),
        split: split as i32,
        seed: protocol.seed.cast_signed(),
        n_train: outcome.n_train as i64,
        n_test: outcome.n_test as i64,
        n_features: matrix.n_features() as i64,
        accuracy: outcome.accuracy,
        // A rule without test examples can still be named, but guessing among the tested is what an accuracy is against.
        chance: 1.0 / n_tested as f64,
        classes: matrix.classes.clone(),
        confusion: outcome
            .confusion
            .counts()
            .iter()
            .map(|&count| count as i64)
            .collect(),
        statistics: matrix.groups.clone(),
        importances: means(&outcome.importances),
        importance_errors: outcome
            .importances
            .iter()
            .map(|importance| importance.standard_error.unwrap_or(f64::NAN))
            .collect(),
        permutation_importances: outcome.permutation_importances,
        grid_settings: match outcome.grid_accuracies.is_empty() {
            true => Vec::new(),
            false => trial
                .points
                .iter()
                .map(|point| json(serde_json::to_string(point)))
                .collect(),
        },
        grid_accuracies: outcome.grid_accuracies,
    }
}

fn means(estimates: &[Estimate]) -> Vec<f64> {
    estimates.iter().map(|estimate| estimate.mean).collect()
}
