//! C2, figure 2a. For no measure is the Conv1D MLP's accuracy shown to be above the random forest's (the interval of the
//! paired difference is not wholly above zero); and in more than half of the measures it is shown to beat the linear SVM, but by no
//! more than [`SLIGHTLY`] on average. Rows: `figure_2a`, split by example.

use super::parts::{Parts, interval, is_above_zero};
use super::{Claim, Verdict};
use crate::estimate::signed;
use crate::{Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C2",
    statement: "The Conv1D MLP never beats the random forest, and only slightly beats the linear SVM in most cases.",
    test,
};

/// As much as an accuracy may be above another and still be slightly above: ten examples in a hundred.
const SLIGHTLY: f64 = 0.1;

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let mut differences = Vec::new();
    for measure in names::MEASURES {
        let of = |classifier| {
            let rows = Selection::of("figure_2a")
                .with_classifier(classifier)
                .with_measure(measure);
            results.accuracies(&rows)
        };
        match (
            of(names::CONV1D_MLP),
            of(names::RANDOM_FOREST),
            of(names::LINEAR_SVM),
        ) {
            (Ok(conv1d), Ok(forest), Ok(svm)) => {
                parts.not_below_zero(
                    &format!("forest − Conv1D, {measure}"),
                    &forest.minus(&conv1d),
                );
                differences.push((measure, conv1d.minus(&svm)));
            }
            (conv1d, forest, svm) => {
                for missing in [conv1d.err(), forest.err(), svm.err()]
                    .into_iter()
                    .flatten()
                {
                    parts.missing(missing);
                }
            }
        }
    }
    if differences.len() == names::MEASURES.len() {
        let means: Vec<(&str, f64)> = differences
            .iter()
            .filter_map(|(measure, difference)| Some((*measure, difference.estimate()?.mean)))
            .collect();
        let n = means
            .iter()
            .zip(&differences)
            .filter(|((_, mean), (_, difference))| is_above_zero(difference) && *mean <= SLIGHTLY)
            .count();
        let words: Vec<String> = means
            .iter()
            .map(|(measure, mean)| format!("{measure} {}", signed(*mean)))
            .collect();
        let mut intervals: Vec<String> = differences
            .iter()
            .map(|(_, difference)| interval(difference))
            .collect();
        // Of one split all say the same.
        intervals.dedup();
        parts.judged(
            "Conv1D slightly beats the SVM for most measures",
            2 * n > means.len(),
            format!(
                "Conv1D − SVM: {}, slightly above for {n} of {}",
                words.join(", "),
                means.len()
            ),
            intervals.join(", "),
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
    fn fails_when_the_conv1d_beats_the_forest() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_2a", "conv1d_mlp", &["activity_change"], 0.15);
        }));
        assert!(why.contains("forest − Conv1D, activity_change"), "{why}");
    }

    #[test]
    fn fails_when_the_svm_is_as_good() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(rows, "figure_2a", "conv1d_mlp", &[], -0.07)
        }));
        assert_eq!(
            why,
            "not shown: Conv1D slightly beats the SVM for most measures"
        );
    }

    #[test]
    fn is_not_testable_without_the_svm() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| row.classifier != "linear_svm")
        }));
        assert!(why.contains("figure_2a, linear_svm"), "{why}");
    }
}
