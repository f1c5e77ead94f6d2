//! C1, figure 2a. For every measure the random forest's accuracy is above that of the linear SVM and of the Conv1D MLP
//! (eight paired differences), and the largest and smallest of its four mean accuracies differ by at most
//! [`ABOUT_EQUAL`]. Rows: `figure_2a`, split by example.

use super::parts::{Parts, interval};
use super::{Claim, Verdict};
use crate::{BySplit, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C1",
    statement: "The random forest is the best classifier for every measure, and about equally good for all of them.",
    test,
};

/// Accuracies this near each other are about equal: a fifth of what guessing among four rules gives.
const ABOUT_EQUAL: f64 = 0.05;

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let mut forests: Vec<(&str, f64, BySplit)> = Vec::new();
    for measure in names::MEASURES {
        let of = |classifier| {
            let rows = Selection::of("figure_2a")
                .with_classifier(classifier)
                .with_measure(measure);
            results.accuracies(&rows)
        };
        let forest = match of(names::RANDOM_FOREST) {
            Ok(forest) => forest,
            Err(missing) => {
                parts.missing(missing);
                continue;
            }
        };
        for other in [names::LINEAR_SVM, names::CONV1D_MLP] {
            match of(other) {
                Ok(accuracies) => parts.above_zero(
                    &format!("forest − {}, {measure}", names::label(other)),
                    &forest.minus(&accuracies),
                ),
                Err(missing) => parts.missing(missing),
            }
        }
        if let Some(estimate) = forest.estimate() {
            forests.push((measure, estimate.mean, forest));
        }
    }
    forests.sort_by(|a, b| a.1.total_cmp(&b.1));
    if let ([worst, .., best], 4) = (forests.as_slice(), forests.len()) {
        let range = best.1 - worst.1;
        parts.judged(
            &format!(
                "the forest is about as good for {} as for {}",
                worst.0, best.0
            ),
            range <= ABOUT_EQUAL,
            format!(
                "forest's best − worst measure ({} − {}) {range:.3}, at most {ABOUT_EQUAL}",
                best.0, worst.0
            ),
            interval(&best.2.minus(&worst.2)),
        );
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
    fn fails_when_another_is_as_good() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_2a", "linear_svm", &["weight"], 0.12)
        }));
        assert_eq!(why, "not shown: forest − Linear SVM, weight");
    }

    #[test]
    fn fails_when_measures_differ() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_2a", "random_forest", &["activation"], -0.1);
        }));
        assert_eq!(
            why,
            "not shown: the forest is about as good for activation as for all"
        );
    }

    #[test]
    fn is_not_testable_without_the_conv1d() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| row.classifier != "conv1d_mlp")
        }));
        assert!(
            why.contains("figure_2a, conv1d_mlp, measure = weight"),
            "{why}"
        );
    }
}
