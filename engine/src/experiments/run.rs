//! Runs a variant, or finds that it was run before.

use std::collections::{BTreeMap, BTreeSet};

use engram_classifiers::Kind;
use engram_schemas::layout;
use engram_schemas::results::ResultRow;

use super::rows;
use super::splits::{Split, SplitBy, splits};
use super::trial::Trial;
use super::variant::{Protocol, Variant};
use crate::results::write_split;
use crate::{Error, FeatureMatrix, Result, Session};

/// What came of a variant.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All its rows were there already.
    WasThere,
    /// What was missing was run, and its rows are written.
    Done,
    /// The dataset has not the rows that it needs.
    NotTestable {
        /// What is missing.
        why: String,
    },
}

/// What splits the examples where the query holds some out by a value.
const HELD_OUT: &str = "held_out";

/// Runs a variant on every split whose row is not there, and writes it before the next is run. Calls `on_split` after each.
///
/// # Errors
/// [`Error::Sql`] and [`Error::FeatureQuery`] for a query that fails, and what classifiers and stores refuse. A dataset that
/// lacks rows is no error but [`Outcome::NotTestable`].
pub async fn run(
    session: &Session,
    variant: &Variant,
    protocol: &Protocol,
    mut on_split: impl FnMut() + Send,
) -> Result<Outcome> {
    let result_id = variant.result_id(session.dataset(), protocol)?;
    let is_there = |split: &usize| {
        let name = layout::split_results_name(&result_id, *split as i32);
        session.dataset().result_names.contains(&name)
    };
    let query = variant.query()?;
    let mut outcome = Outcome::WasThere;
    let mut shared: Option<(FeatureMatrix, Vec<Split>)> = None;
    for split in (0..variant.n_splits(&query, protocol)).filter(|split| !is_there(split)) {
        let sql = variant.bound(&query, protocol, split)?;
        let (matrix, splits) = match shared.take() {
            Some(shared) => shared,
            None => match FeatureMatrix::from_query(session, &sql).await {
                Ok(matrix) => {
                    let matrix = matrix.in_order();
                    let splits = match variant.later_splits(&query, protocol) {
                        Some(settings) => splits(session, &matrix, &settings).await?,
                        None => vec![Split::of(matrix.sides.iter().copied())],
                    };
                    (matrix, splits)
                }
                Err(Error::NoExamples { .. }) => return Ok(not_testable("no example is left")),
                Err(error) => return Err(error),
            },
        };
        let sides = splits
            .get(split)
            .or(splits.first())
            .cloned()
            .unwrap_or_default();
        if let Some(outcome) = lacking(&matrix, &sides, variant, protocol) {
            return Ok(outcome);
        }
        let trial = Trial {
            points: protocol.grid_of(variant.classifier).points(
                variant.classifier,
                sides.train.len() * (protocol.n_folds - 1) / protocol.n_folds,
                &matrix.names,
            )?,
            n_folds: protocol.n_folds,
            folds_by: variant.split_by.unwrap_or_default(),
            control: variant.control,
            with_permutations: variant.classifier == Kind::RandomForest
                && variant.experiment == "figure_2a",
            seed: protocol.seed,
        };
        let fit = move || {
            let tried = trial.run(&matrix, &sides, split as u64);
            (matrix, trial, tried)
        };
        let (matrix, trial, tried) = session.compute("fitting the classifier", fit).await?;
        let row = ResultRow {
            experiment: variant.experiment.to_owned(),
            query: sql,
            parameters: variant.parameters_json().to_string(),
            split_by: variant
                .split_by
                .map_or(HELD_OUT, SplitBy::as_str)
                .to_owned(),
            split: split as i32,
            seed: protocol.seed.cast_signed(),
            ..rows::row(&matrix, &trial.points, variant.control, &tried?)
        };
        write_split(session.results_location(), &result_id, &row).await?;
        outcome = Outcome::Done;
        if splits.len() > 1 {
            shared = Some((matrix, splits));
        }
        on_split();
    }
    Ok(outcome)
}

fn not_testable(why: impl Into<String>) -> Outcome {
    Outcome::NotTestable { why: why.into() }
}

/// What is missing for a fair trial: classes on either side, and enough examples to cross-validate on.
fn lacking(
    matrix: &FeatureMatrix,
    split: &Split,
    variant: &Variant,
    protocol: &Protocol,
) -> Option<Outcome> {
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
    let folded_by = variant.split_by.unwrap_or_default();
    let units = folded_by.units(matrix, &split.train);
    let mut of_class: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (&row, unit) in split.train.iter().zip(units) {
        of_class.entry(matrix.labels[row]).or_default().insert(unit);
    }
    let sizes = of_class.iter().map(|(&class, units)| (units.len(), class));
    let smallest = sizes.min()?;
    (smallest.0 < protocol.n_folds).then(|| {
        let rule = &matrix.classes[smallest.1];
        not_testable(format!(
            "{} {folded_by}s of {rule} are left to learn from, fewer than the {} folds",
            smallest.0, protocol.n_folds
        ))
    })
}
