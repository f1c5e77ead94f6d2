//! C10, figure 5. What a measure loses is its accuracy with all units and no noise, less the mean of its accuracies under
//! all other conditions that were tried with every measure, in every split. Weights and activity change both lose more
//! than activations (two paired differences). What tells nothing has nothing to lose: where activations with all units and no
//! noise are not shown to be above chance, no loss is judged. Chance is 0.5, two rules being told apart. Rows: `figure_5` or
//! `figure_5_recorded`, `random_forest`, split by example.

use super::parts::{Parts, is_above_zero};
use super::{Claim, Verdict};
use crate::few_units::{conditions, of_measure, under};
use crate::{BySplit, Missing, Results, Selection, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C10",
    statement: "Activations are the most robust to observing few units and to noise; weights and activity change the least.",
    test,
};

/// All units, no noise.
const IDEAL: (f64, f64) = (1.0, 0.0);

/// Accuracy of guessing one of two rules.
const CHANCE: f64 = 0.5;

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let mut found: Vec<(&str, Selection)> = Vec::new();
    for measure in names::SINGLE_MEASURES {
        match of_measure(results, measure) {
            Ok(rows) => found.push((measure, rows)),
            Err(missing) => parts.missing(missing),
        }
    }
    if let Some((_, rows)) = found
        .iter()
        .find(|(_, rows)| results.chance(rows) != Some(CHANCE))
    {
        parts.missing(Missing::of(format!(
            "{rows}, with two learning rules (chance 0.5)"
        )));
        return parts.verdict();
    }
    let tried: Vec<Vec<(f64, f64)>> = found
        .iter()
        .map(|(_, rows)| conditions(results, rows))
        .collect();
    let common: Vec<(f64, f64)> = tried
        .first()
        .into_iter()
        .flatten()
        .filter(|condition| {
            **condition != IDEAL && tried.iter().all(|tried| tried.contains(condition))
        })
        .copied()
        .collect();
    let activations = found
        .iter()
        .find(|(measure, _)| *measure == names::ACTIVATION);
    if let Some((_, rows)) = activations {
        // Missing rows are told by the loss, which needs them too.
        if let Ok(ideal) = results.accuracies(&under(rows, IDEAL)) {
            let above_chance = ideal.zip(&ideal, |accuracy, _| accuracy - CHANCE);
            if !is_above_zero(&above_chance) {
                parts.told(
                    "activation with all units and no noise − chance",
                    &above_chance,
                );
                parts.missing(Missing::of(format!(
                    "{rows}, with all units and no noise an accuracy above chance, which could be lost"
                )));
                return parts.verdict();
            }
        }
    }
    let mut losses = Vec::new();
    for (measure, rows) in &found {
        match loss(results, rows, &common) {
            Ok(loss) => losses.push((*measure, loss)),
            Err(missing) => parts.missing(missing),
        }
    }
    if let Some((_, activation)) = losses
        .iter()
        .find(|(measure, _)| *measure == names::ACTIVATION)
    {
        for (measure, loss) in losses
            .iter()
            .filter(|(measure, _)| *measure != names::ACTIVATION)
        {
            parts.above_zero(
                &format!(
                    "loss over {} conditions, {measure} − activation",
                    common.len()
                ),
                &loss.minus(activation),
            );
        }
    }
    parts.verdict()
}

/// Accuracy lost under `conditions`.
fn loss(
    results: &Results<'_>,
    rows: &Selection,
    conditions: &[(f64, f64)],
) -> Result<BySplit, Missing> {
    let ideal = results.accuracies(&under(rows, IDEAL))?;
    let others: Vec<BySplit> = conditions
        .iter()
        .map(|condition| results.accuracies(&under(rows, *condition)))
        .collect::<Result<_, _>>()?;
    let others = BySplit::mean_of(&others).ok_or_else(|| {
        Missing::of(format!(
            "{rows}, under a condition that every measure was observed under"
        ))
    })?;
    Ok(ideal.minus(&others))
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::super::checking::{failed, missing, outcome, shift};
    use super::*;
    use engram_schemas::results::ResultRow;

    #[test]
    fn holds() {
        assert_eq!(outcome(&CLAIM, |_| {}), Outcome::Holds);
    }

    #[test]
    fn fails_when_weights_are_as_robust() {
        let why = failed(outcome(&CLAIM, |rows| {
            for row in rows
                .iter_mut()
                .filter(|row| row.parameters.contains("\"weight\""))
            {
                row.accuracy = 0.95;
            }
        }));
        assert_eq!(
            why,
            "not shown: loss over 24 conditions, weight − activation"
        );
    }

    #[test]
    fn is_not_testable_where_activations_tell_nothing() {
        let why = missing(outcome(&CLAIM, |rows| {
            let of_activation = |row: &&mut ResultRow| {
                row.experiment == "figure_5" && row.parameters.contains("\"activation\"")
            };
            for row in rows.iter_mut().filter(of_activation) {
                row.accuracy = 0.5;
            }
        }));
        assert!(why.contains("above chance"), "{why}");
    }

    #[test]
    fn no_loss_is_judged_where_activations_tell_nothing() {
        let why = missing(outcome(&CLAIM, |rows| {
            for row in rows.iter_mut().filter(|row| row.experiment == "figure_5") {
                row.accuracy = 0.5;
            }
        }));
        assert!(why.contains("above chance"), "{why}");
    }

    #[test]
    fn is_not_testable_without_weights() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| {
                row.experiment != "figure_5" || !row.parameters.contains("\"weight\"")
            });
        }));
        assert_eq!(why, "no rows of figure_5, random_forest, measure = weight");
    }

    #[test]
    fn is_not_testable_without_the_ideal_condition() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| {
                row.experiment != "figure_5" || !row.parameters.contains("\"unit_fraction\":1.0")
            });
            shift(rows, "figure_5", "random_forest", &["weight"], 0.0);
        }));
        assert!(
            why.contains("unit_fraction = 1.0, noise_stddev = 0.0"),
            "{why}"
        );
    }
}
