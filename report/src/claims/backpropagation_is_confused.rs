//! C5, figure 2c. In every split, how often two rules are taken for each other is the mean of the two shares of the
//! confusion matrix. That of Adam and SGDM is above that of FA and IA (a paired difference). Rows: `figure_2a`,
//! `random_forest`, measure `all`, split by example.

use std::iter;

use engram_schemas::LearningRule;

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::confusion::Confusion;
use crate::{BySplit, Missing, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C5",
    statement: "Adam and SGDM are confused with each other more than feedback and information alignment are.",
    test,
};

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let rows = Selection::of("figure_2a")
        .with_classifier(names::RANDOM_FOREST)
        .with_measure(names::ALL_MEASURES);
    let entries = match results.require(&rows) {
        Ok(entries) => entries,
        Err(missing) => {
            parts.missing(missing);
            return parts.verdict();
        }
    };
    let mutual = |a: LearningRule, b: LearningRule| {
        BySplit::of(&entries, |row| {
            Confusion::sum(iter::once(row)).mutual(a.as_str(), b.as_str())
        })
    };
    let exact = mutual(LearningRule::Sgdm, LearningRule::Adam);
    let aligned = mutual(
        LearningRule::FeedbackAlignment,
        LearningRule::InformationAlignment,
    );
    match (exact.estimate(), aligned.estimate()) {
        (Some(first), Some(second)) => parts.above_zero(
            &format!(
                "Adam and SGDM taken for each other {:.3}, FA and IA {:.3}, difference",
                first.mean, second.mean
            ),
            &exact.minus(&aligned),
        ),
        _ => parts.missing(Missing::of(format!(
            "{rows}, with a confusion matrix of all four rules"
        ))),
    }
    parts.verdict()
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::checking::{failed, missing, outcome};
    use super::*;

    #[test]
    fn holds() {
        assert_eq!(outcome(&CLAIM, |_| {}), Outcome::Holds);
    }

    #[test]
    fn fails_when_the_alignments_are_confused_more() {
        let why = failed(outcome(&CLAIM, |rows| {
            for row in rows {
                // Backpropagation's rules and the alignments change places.
                let half = row.classes.len() / 2;
                row.classes.rotate_left(half);
            }
        }));
        assert!(why.contains("difference"), "{why}");
    }

    #[test]
    fn is_not_testable_without_matrices() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.iter_mut().for_each(|row| row.confusion.clear())
        }));
        assert!(why.contains("with a confusion matrix"), "{why}");
        let why = missing(outcome(&CLAIM, |rows| rows.clear()));
        assert_eq!(why, "no rows of figure_2a, random_forest, measure = all");
    }
}
