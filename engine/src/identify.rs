//! The main question: from what can be observed of a network, under which rule did it learn?
//!
//! A query gives the feature matrix, a classifier learns from three quarters of the examples and names the rule of the
//! rest, several times over. What comes out is printed by the caller and kept in the table `results`.

mod outcome;
mod rows;

pub use outcome::{GroupImportance, Identification};

use std::collections::BTreeSet;

use engram_classifiers::random_forest::Thresholds;
use engram_classifiers::{Kind, RandomForestSettings, Settings};
use engram_schemas::observable::Measure;
use engram_schemas::results::Control;
use serde::{Deserialize, Serialize};

use crate::diagnosis;
use crate::experiments::splits::{Split, splits};
use crate::experiments::trial::Trial;
use crate::experiments::{SplitBy, SplitOutcome, SplitSettings};
use crate::feature_matrix::{BinnedMatrix, features_of};
use crate::{Error, FeatureMatrix, Result, Session, write_results};

/// Name of the experiment in the table `results`.
pub const EXPERIMENT: &str = "identify";

/// What is asked, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentifySettings {
    /// The query that gives the feature matrix: the study's over all measures unless another is given.
    pub query: String,
    /// How examples are split. Its seed is the experiment's: the classifier's seeds follow from it.
    pub splits: SplitSettings,
    /// The classifier's settings. Of several those are taken that do best on folds of the training examples, anew for
    /// every split.
    pub points: Vec<Settings>,
    /// Folds of the training examples that several settings are tried on.
    pub n_folds: usize,
    /// Whether the examples are read in pieces and kept as bins, a byte a value: for more of them than fit the memory. The
    /// query is asked three times then, and the classifier is one random forest. Bins follow from all examples, and not anew
    /// from those that a split learns from, so that the trees may be others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_pieces: bool,
    /// Whether a model is learned from all examples too, to be saved: by the first of `points`. The rows do not depend on it.
    #[serde(skip)]
    pub with_model: bool,
}

impl Default for IdentifySettings {
    fn default() -> Self {
        Self {
            query: features_of(&Measure::ALL),
            splits: SplitSettings::default(),
            points: vec![Kind::RandomForest.settings()],
            n_folds: 5,
            in_pieces: false,
            with_model: false,
        }
    }
}

/// Builds the feature matrix, identifies the learning rules on every split and stores the rows.
///
/// Equal data and settings give an equal [`Identification::result_id`] and equal rows.
///
/// # Errors
/// When the query does not give a feature matrix, when its examples are all of one rule or a rule has too few, when a
/// setting is out of range, and when the rows cannot be stored.
pub async fn identify(session: &Session, settings: &IdentifySettings) -> Result<Identification> {
    identify_with_progress(session, settings, |_| ()).await
}

/// As [`identify`], and calls `on_split` with the number of splits that are done after every one.
///
/// # Errors
/// As [`identify`].
pub async fn identify_with_progress(
    session: &Session,
    settings: &IdentifySettings,
    on_split: impl Fn(usize) + Send + Sync + 'static,
) -> Result<Identification> {
    settings.splits.check()?;
    for point in &settings.points {
        point.check()?;
    }
    let examples = TrialExamples::read(session, settings).await?;
    check_classes(examples.matrix(), settings.splits.split_by)?;
    let splits = splits(session, examples.matrix(), &settings.splits).await?;
    let trial = Trial {
        points: settings.points.clone(),
        n_folds: settings.n_folds,
        folds_by: settings.splits.split_by,
        control: Control::None,
        with_permutations: false,
        seed: settings.splits.seed,
    };
    let asked = settings.clone();
    let fit = move || -> Result<_> {
        let outcomes = examples.test_splits(&splits, &trial, &on_split)?;
        let point = asked.points.first().filter(|_| asked.with_model);
        let model = point.map(|point| {
            let split_settings = &asked.splits;
            diagnosis::learn(
                examples.matrix(),
                &asked.query,
                point,
                split_settings,
                &splits,
                &outcomes,
            )
        });
        let model = model.transpose()?;
        Ok((examples.into_matrix(), outcomes, model))
    };
    let (matrix, outcomes, model) = session.compute("fitting the classifier", fit).await??;

    let rows = rows::result_rows(&matrix, settings, &outcomes);
    let run_ids: BTreeSet<&str> = matrix
        .examples
        .iter()
        .map(|example| example.run_id.as_str())
        .collect();
    let result_id = rows::result_id(settings, session.dataset().identity());
    let result_file = write_results(session.results_location(), &result_id, &rows).await?;
    Ok(outcome::summary(
        &matrix,
        settings,
        outcomes,
        run_ids.len(),
        result_id,
        result_file,
        model,
    ))
}

/// Checks that there are several classes, and enough of each for both sides of a split.
pub(crate) fn check_classes(matrix: &FeatureMatrix, split_by: SplitBy) -> Result<()> {
    const NEEDED: usize = 2;
    if let [class] = matrix.classes.as_slice() {
        return Err(Error::OneClass {
            class: class.clone(),
            n_examples: matrix.n_examples(),
        });
    }
    let rows: Vec<usize> = (0..matrix.n_examples()).collect();
    let mut units = vec![BTreeSet::new(); matrix.classes.len()];
    for (&label, unit) in matrix.labels.iter().zip(split_by.units(matrix, &rows)) {
        units[label].insert(unit);
    }
    match units.iter().map(BTreeSet::len).zip(&matrix.classes).min() {
        Some((found, class)) if found < NEEDED => Err(Error::TooFewExamples {
            class: class.clone(),
            unit: split_by,
            found,
            needed: NEEDED,
        }),
        _ => Ok(()),
    }
}

/// What is learned from and tested on.
enum TrialExamples {
    Numbers(FeatureMatrix),
    Bins(BinnedMatrix, RandomForestSettings),
}

impl TrialExamples {
    async fn read(session: &Session, settings: &IdentifySettings) -> Result<Self> {
        if !settings.in_pieces {
            // A query need not order its rows, and what is drawn at random must not depend on the order they came in.
            let matrix = FeatureMatrix::from_query(session, &settings.query).await?;
            return Ok(Self::Numbers(matrix.in_order()));
        }
        let refuse = |reason: &str| {
            Err(Error::InPieces {
                reason: reason.to_owned(),
            })
        };
        let forest = match settings.points.as_slice() {
            [Settings::RandomForest(forest)] => forest.clone(),
            [_] => return refuse("only a random forest learns from bins"),
            points => return refuse(&format!("{} settings cannot be tried", points.len())),
        };
        if forest.thresholds != Thresholds::Binned {
            return refuse("bins have no exact thresholds");
        }
        if settings.with_model {
            return refuse("a model to be saved knows what numbers it was learned from");
        }
        let seed = settings.splits.seed;
        let binned = BinnedMatrix::from_query(session, &settings.query, seed).await?;
        Ok(Self::Bins(binned, forest))
    }

    /// Who the examples are.
    fn matrix(&self) -> &FeatureMatrix {
        match self {
            Self::Numbers(matrix) => matrix,
            Self::Bins(binned, _) => &binned.matrix,
        }
    }

    fn into_matrix(self) -> FeatureMatrix {
        match self {
            Self::Numbers(matrix) => matrix,
            Self::Bins(binned, _) => binned.matrix,
        }
    }

    /// Learns and tests on every split.
    fn test_splits(
        &self,
        splits: &[Split],
        trial: &Trial,
        on_split: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<SplitOutcome>> {
        let outcome = |(split, number): (&Split, u64)| {
            let outcome = match self {
                Self::Numbers(matrix) => trial.run(matrix, split, number)?,
                Self::Bins(binned, forest) => trial.run_binned(binned, forest, split, number)?,
            };
            on_split(number as usize + 1);
            Ok(outcome)
        };
        splits.iter().zip(0..).map(outcome).collect()
    }
}

#[cfg(test)]
mod tests;
