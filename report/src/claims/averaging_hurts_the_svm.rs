//! C7, figure S2b. What averaging costs is the accuracy from whole trajectories less that from their means, in every split.
//! For every measure the SVM's cost is above zero and above the forest's; and the forest's cost for weights is below its
//! costs for activations and for activity change (paired differences all). Rows: `figure_2a` and `figure_s2b`, split by
//! example.

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::{BySplit, Missing, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C7",
    statement: "Averaging over the trajectory hurts the linear SVM for every measure, and the random forest less, least for \
                weights.",
    test,
};

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    for measure in names::MEASURES {
        match (
            cost(results, names::LINEAR_SVM, measure),
            cost(results, names::RANDOM_FOREST, measure),
        ) {
            (Ok(svm), Ok(forest)) => {
                parts.above_zero(&format!("SVM's cost, {measure}"), &svm);
                parts.above_zero(
                    &format!("SVM's − forest's cost, {measure}"),
                    &svm.minus(&forest),
                );
            }
            (svm, forest) => {
                for missing in [svm.err(), forest.err()].into_iter().flatten() {
                    parts.missing(missing);
                }
            }
        }
    }
    let weight = cost(results, names::RANDOM_FOREST, names::WEIGHT);
    for measure in [names::ACTIVATION, names::ACTIVITY_CHANGE] {
        if let (Ok(weight), Ok(other)) = (&weight, cost(results, names::RANDOM_FOREST, measure)) {
            parts.above_zero(
                &format!("forest's cost, {measure} − weight"),
                &other.minus(weight),
            );
        }
    }
    parts.verdict()
}

fn cost(results: &Results<'_>, classifier: &str, measure: &str) -> Result<BySplit, Missing> {
    let of = |experiment| {
        let rows = Selection::of(experiment)
            .with_classifier(classifier)
            .with_measure(measure);
        results.accuracies(&rows)
    };
    match (of("figure_2a"), of("figure_s2b")) {
        (Ok(whole), Ok(averaged)) => Ok(whole.minus(&averaged)),
        (Err(a), Err(b)) => Err(a.and(b)),
        (Err(missing), _) | (_, Err(missing)) => Err(missing),
    }
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
    fn fails_when_the_svm_loses_nothing() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_s2b", "linear_svm", &["\"all\""], 0.16)
        }));
        assert!(why.contains("SVM's cost, all"), "{why}");
    }

    #[test]
    fn fails_when_weights_lose_most() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_s2b", "random_forest", &["weight"], -0.1)
        }));
        assert!(why.contains("forest's cost, activation − weight"), "{why}");
    }

    #[test]
    fn is_not_testable_without_means() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| row.experiment != "figure_s2b")
        }));
        assert!(
            why.contains("figure_s2b, linear_svm, measure = weight"),
            "{why}"
        );
    }
}
