//! The study's claims, each as a test on rows of the table `results`.
//!
//! A claim is a file of this folder and a line of [`ALL`]; its module says which statistic of which rows decides, and its
//! thresholds are constants with reasons. A claim of several parts holds when all do. That one accuracy is above another
//! counts as shown when the interval of their difference, paired by split and corrected for the overlap of the
//! splits ([`BySplit::interval`](crate::BySplit::interval)), is above zero; where there is one split only, the sign has to do, and the verdict says so.
//! A part with a tolerance (little, slightly, about as good, near) compares the mean with it.
//! So "does not hold" means "is not shown by these results", not "is shown to be false".

mod activations_are_robust;
mod averaging_hurts_the_svm;
mod backpropagation_is_confused;
mod conv1d_is_between;
mod forest_is_best;
mod generalisation;
mod long_periods_help;
mod parts;
mod svm_likes_weights;
mod thirds_differ;
mod weight_median_is_first;

use std::fmt;

use crate::Results;

/// A claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// `C1` to `C10`.
    pub id: &'static str,
    /// What the study says, in our words.
    pub statement: &'static str,
    /// Judges it on results.
    pub test: fn(&Results<'_>) -> Verdict,
}

/// What results say of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether it holds.
    pub outcome: Outcome,
    /// What was computed, with numbers.
    pub statistic: String,
    /// How sure they are.
    pub uncertainty: String,
}

/// Whether a claim holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All of its parts do.
    Holds,
    /// At least one of its parts does not.
    DoesNotHold {
        /// Which.
        why: String,
    },
    /// No part fails, and some cannot be tested.
    NotTestable {
        /// What is missing.
        why: String,
    },
}

impl Outcome {
    /// A sign that can be told without colour.
    pub fn mark(&self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::DoesNotHold { .. } => "✗",
            Self::NotTestable { .. } => "–",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::DoesNotHold { .. } => "does not hold",
            Self::NotTestable { .. } => "not testable",
        })
    }
}

/// Every claim, in the study's order.
pub const ALL: &[Claim] = &[
    forest_is_best::CLAIM,
    conv1d_is_between::CLAIM,
    svm_likes_weights::CLAIM,
    generalisation::CLAIM,
    backpropagation_is_confused::CLAIM,
    weight_median_is_first::CLAIM,
    averaging_hurts_the_svm::CLAIM,
    long_periods_help::CLAIM,
    thirds_differ::CLAIM,
    activations_are_robust::CLAIM,
];

#[cfg(test)]
mod checking {
    use engram_schemas::results::ResultRow;

    use super::{Claim, Outcome};
    use crate::{Results, testing};

    /// The outcome on made-up results that were changed.
    pub(super) fn outcome(claim: &Claim, change: impl FnOnce(&mut Vec<ResultRow>)) -> Outcome {
        let mut rows = testing::made_up();
        change(&mut rows);
        (claim.test)(&Results::try_new(&rows).unwrap()).outcome
    }

    /// Changes the accuracy of those rows whose parameters contain all of `words`.
    pub(super) fn shift(
        rows: &mut [ResultRow],
        experiment: &str,
        classifier: &str,
        words: &[&str],
        by: f64,
    ) {
        let mut n = 0;
        for row in rows {
            if row.experiment == experiment
                && row.classifier == classifier
                && words.iter().all(|word| row.parameters.contains(word))
            {
                row.accuracy += by;
                n += 1;
            }
        }
        assert!(n > 0, "no rows of {experiment} to change");
    }

    /// What a claim that does not hold fails by.
    pub(super) fn failed(outcome: Outcome) -> String {
        match outcome {
            Outcome::DoesNotHold { why } => why,
            other => panic!("{other:?}"),
        }
    }

    /// What a claim that cannot be tested lacks.
    pub(super) fn missing(outcome: Outcome) -> String {
        match outcome {
            Outcome::NotTestable { why } => why,
            other => panic!("{other:?}"),
        }
    }
}
