//! C8, figure 4a. For every number of observations from two on, the accuracy at the longest period less that at the
//! shortest. Their mean over numbers of observations is above zero, and for no number is it shown to be below zero
//! (paired differences). Rows: `figure_4a`, `random_forest`, measure `all`, split by example. A single observation has
//! no period.

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::{BySplit, Missing, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C8",
    statement: "With equally many observations of a trajectory, a longer period between them is better.",
    test,
};

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let rows = Selection::of("figure_4a")
        .with_classifier(names::RANDOM_FOREST)
        .with_measure(names::ALL_MEASURES);
    let mut differences = Vec::new();
    for samples in results
        .numbers(&rows, "samples")
        .into_iter()
        .filter(|n| *n >= 2.0)
    {
        let of_number = rows.clone().with("samples", samples);
        let periods = results.numbers(&of_number, "period");
        let [shortest, .., longest] = periods.as_slice() else {
            continue;
        };
        let at = |period: f64| results.accuracies(&of_number.clone().with("period", period));
        if let (Ok(long), Ok(short)) = (at(*longest), at(*shortest)) {
            let difference = long.minus(&short);
            parts.not_below_zero(
                &format!("{samples} observations, period {longest} − {shortest}"),
                &difference,
            );
            differences.push(difference);
        }
    }
    match BySplit::mean_of(&differences) {
        Some(mean) => parts.above_zero("mean of these", &mean),
        None => parts.missing(Missing::of(format!(
            "{rows}, at two periods for the same number of samples, two or more"
        ))),
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
    fn fails_when_a_long_period_is_worse() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(
                rows,
                "figure_4a",
                "random_forest",
                &["\"all\"", "\"period\":25"],
                -0.4,
            );
        }));
        assert!(why.contains("2 observations, period 25 − 5"), "{why}");
        assert!(why.ends_with("mean of these"), "{why}");
    }

    #[test]
    fn is_not_testable_with_one_period() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| {
                row.experiment != "figure_4a" || row.parameters.contains("\"period\":25")
            });
        }));
        assert!(
            why.contains("figure_4a, random_forest, measure = all, at two periods"),
            "{why}"
        );
    }
}
