//! C6, figure 3. Gini importance summed over the trajectory, averaged over splits. The best of the weights' medians (of the
//! values, their sizes or their squares) is above the best of all other statistics; among activations the best of the
//! norms is above the best of the others; and the least statistic is above the depth indicators (three paired
//! differences). Rows: `figure_2a`, `random_forest`, measure `all`, split by example.

use engram_schemas::observable::Statistic;

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::importances::{Importance, ranked};
use crate::{Missing, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C6",
    statement: "The weights' median is the most important statistic; among activations the norms are; the depth of the \
                layer is the least important.",
    test,
};

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let rows = Selection::of("figure_2a")
        .with_classifier(names::RANDOM_FOREST)
        .with_measure(names::ALL_MEASURES);
    let ranked = ranked(&results.select(&rows));
    let weight_median = |i: &Importance| is(i, names::WEIGHT, Statistic::Median);
    let activation = |i: &Importance| names::measure_of(&i.statistic) == Some(names::ACTIVATION);
    let activation_norm = |i: &Importance| is(i, names::ACTIVATION, Statistic::Norm);
    let depth = |i: &Importance| i.statistic == names::DEPTH;
    let mut compare =
        |upper: Option<&Importance>, lower: Option<&Importance>, needed: &str| match (upper, lower)
        {
            (Some(upper), Some(lower)) => parts.above_zero(
                &format!(
                    "{} − {}",
                    names::statistic(&upper.statistic),
                    names::statistic(&lower.statistic)
                ),
                &upper.gini.minus(&lower.gini),
            ),
            _ => parts.missing(Missing::of(format!("{rows}, with importances of {needed}"))),
        };
    // The list begins with the most important.
    let first = |wanted: &dyn Fn(&Importance) -> bool| ranked.iter().find(|i| wanted(i));
    let last = |wanted: &dyn Fn(&Importance) -> bool| ranked.iter().rev().find(|i| wanted(i));
    compare(
        first(&weight_median),
        first(&|i| !weight_median(i)),
        "weight medians and others",
    );
    compare(
        first(&activation_norm),
        first(&|i| activation(i) && !activation_norm(i)),
        "activation norms and other activations",
    );
    compare(last(&|i| !depth(i)), first(&depth), "depth and others");
    parts.verdict()
}

/// Whether it is this statistic of a measure, under any function.
fn is(importance: &Importance, measure: &str, statistic: Statistic) -> bool {
    names::measure_of(&importance.statistic) == Some(measure)
        && importance
            .statistic
            .ends_with(&format!("_{}", statistic.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::checking::{failed, missing, outcome};
    use super::*;

    /// Changes the importance of a statistic in every row.
    fn multiplied(statistic: &str, by: f64) -> String {
        failed(outcome(&CLAIM, |rows| {
            for row in rows {
                for (name, importance) in row.statistics.iter().zip(&mut row.importances) {
                    if name == statistic {
                        *importance *= by;
                    }
                }
            }
        }))
    }

    #[test]
    fn holds() {
        assert_eq!(outcome(&CLAIM, |_| {}), Outcome::Holds);
    }

    #[test]
    fn fails_when_another_statistic_is_first() {
        assert_eq!(
            multiplied("weight_abs_mean", 3.0),
            "not shown: Weight |x|, median − Weight |x|, mean"
        );
    }

    #[test]
    fn fails_when_activation_norms_are_not_first() {
        assert_eq!(
            multiplied("activation_raw_mean", 2.6),
            "not shown: Activation |x|, norm − Activation x, mean"
        );
    }

    #[test]
    fn fails_when_depth_is_not_last() {
        assert!(multiplied("depth", 9.0).ends_with("− Depth of the layer"));
    }

    #[test]
    fn is_not_testable_without_importances() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.iter_mut().for_each(|row| row.importances.clear())
        }));
        assert!(
            why.contains(
                "figure_2a, random_forest, measure = all, with importances of weight medians"
            ),
            "{why}"
        );
    }
}
