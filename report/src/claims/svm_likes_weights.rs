//! C3, figure 2a. The linear SVM's accuracy from weights and its accuracy from activity change are both above that from
//! activations (two paired differences), so that activations are worst and one of the others is best of the three.
//! Rows: `figure_2a`, `linear_svm`, split by example.

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::{Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C3",
    statement: "The linear SVM does best with weights or activity change, and worst with activations.",
    test,
};

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let of = |measure| {
        let rows = Selection::of("figure_2a")
            .with_classifier(names::LINEAR_SVM)
            .with_measure(measure);
        results.accuracies(&rows)
    };
    let activation = of(names::ACTIVATION);
    for measure in [names::WEIGHT, names::ACTIVITY_CHANGE] {
        match (of(measure), &activation) {
            (Ok(other), Ok(activation)) => {
                parts.above_zero(
                    &format!("SVM, {measure} − activation"),
                    &other.minus(activation),
                );
            }
            (other, activation) => {
                for missing in [other.err(), activation.clone().err()]
                    .into_iter()
                    .flatten()
                {
                    parts.missing(missing);
                }
            }
        }
    }
    parts.verdict()
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::checking::{failed, missing, outcome, shift};
    use super::*;

    #[test]
    fn holds() {
        assert_eq!(outcome(&CLAIM, |_| {}), Outcome::Holds);
    }

    #[test]
    fn fails_when_activations_are_not_worst() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_2a", "linear_svm", &["activity_change"], -0.2);
        }));
        assert_eq!(why, "not shown: SVM, activity_change − activation");
    }

    #[test]
    fn is_not_testable_without_activations() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| !row.parameters.contains("\"activation\""))
        }));
        assert_eq!(
            why,
            "no rows of figure_2a, linear_svm, measure = activation"
        );
    }
}
