//! C4, figure 2b. What holding something out costs is the accuracy of ordinary splits less the accuracy on what was held
//! out, for the random forest on all measures. Averaged over architectures, and over curricula, the cost is at most
//! [`LITTLE`]; averaged over tasks it is above both; and the two tasks that cost most are the contrastive one and
//! CIFAR-10 (asked where there are three tasks or more). Rows: `figure_2b` and `figure_2b_curriculum` beside `figure_2a`.
//!
//! A held-out set is one set, so nothing is paired: the uncertainty given is the standard error of the mean cost
//! over what was held out, and the 95% binomial half-width of a single accuracy, which takes examples as independent.

use engram_schemas::Task;

use super::parts::Parts;
use super::{Claim, Verdict};
use crate::estimate::{mean, signed};
use crate::held_out::{self, HeldOut, Kind};
use crate::{Missing, Results, names};

pub(super) const CLAIM: Claim = Claim {
    id: "C4",
    statement: "Holding out an architecture or a curriculum costs little accuracy; holding out a task costs more, most for \
                SimCLR and for CIFAR-10.",
    test,
};

/// A loss of accuracy that is little: ten examples in a hundred.
const LITTLE: f64 = 0.1;

/// Tasks among which two can be told to cost most.
const ENOUGH_TASKS: usize = 3;

/// Standard errors in a 95% interval of a normal distribution.
const NORMAL_95: f64 = 1.96;

/// Something held out and what that cost.
struct Cost {
    held_out: HeldOut,
    cost: f64,
    half_width: f64,
}

fn test(results: &Results<'_>) -> Verdict {
    let mut parts = Parts::default();
    let rows = held_out::nothing(names::RANDOM_FOREST, names::ALL_MEASURES);
    let Some(whole) = results.accuracy(&rows) else {
        parts.missing(Missing::rows(&rows));
        return parts.verdict();
    };
    let [architectures, curricula, tasks] = Kind::ALL.map(|kind| {
        let costs = costs(results, kind, whole.mean);
        if costs.is_empty() {
            let rows = held_out::of_kind(kind).with_classifier(names::RANDOM_FOREST);
            parts.missing(Missing::rows(&rows.with_measure(names::ALL_MEASURES)));
        }
        costs
    });
    for (costs, of) in [
        (&architectures, "an architecture"),
        (&curricula, "a curriculum"),
    ] {
        if let Some((cost, uncertainty)) = average(costs) {
            parts.judged(
                &format!("holding out {of} costs little"),
                cost <= LITTLE,
                format!("mean cost of {of} {}, at most {LITTLE}", signed(cost)),
                uncertainty,
            );
        }
    }
    if let (Some((task, uncertainty)), Some((architecture, _)), Some((curriculum, _))) = (
        average(&tasks),
        average(&architectures),
        average(&curricula),
    ) {
        parts.judged(
            "holding out a task costs more",
            task > architecture && task > curriculum,
            format!("mean cost of a task {}", signed(task)),
            uncertainty,
        );
    }
    if !tasks.is_empty() {
        most_costly(&mut parts, tasks);
    }
    parts.verdict()
}

fn costs(results: &Results<'_>, kind: Kind, whole: f64) -> Vec<Cost> {
    let (classifier, measure) = (names::RANDOM_FOREST, names::ALL_MEASURES);
    held_out::list(results, kind)
        .into_iter()
        .filter_map(|held_out| {
            let accuracy = held_out
                .accuracies(results, classifier, measure)?
                .estimate()?
                .mean;
            let n = held_out.n_test(results, classifier, measure).max(1) as f64;
            let half_width = NORMAL_95 * (accuracy * (1.0 - accuracy) / n).sqrt();
            Some(Cost {
                held_out,
                cost: whole - accuracy,
                half_width,
            })
        })
        .collect()
}

/// The mean cost, and how sure it is.
fn average(costs: &[Cost]) -> Option<(f64, String)> {
    if costs.is_empty() {
        return None;
    }
    let values: Vec<f64> = costs.iter().map(|cost| cost.cost).collect();
    let (center, n) = (mean(&values), values.len());
    let widest = costs.iter().map(|cost| cost.half_width).fold(0.0, f64::max);
    let binomial = format!("± {widest:.3} for one");
    let uncertainty = if n > 1 {
        let squares: f64 = values.iter().map(|value| (value - center).powi(2)).sum();
        let error = (squares / (n * (n - 1)) as f64).sqrt();
        format!("s.e.m. {error:.3} over {n}, {binomial}")
    } else {
        binomial
    };
    Some((center, uncertainty))
}

fn most_costly(parts: &mut Parts, mut tasks: Vec<Cost>) {
    let is = |cost: &Cost, wanted: &[Task]| {
        wanted
            .iter()
            .any(|task| task.as_str() == cost.held_out.value)
    };
    let contrastive = [Task::Simclr, Task::DigitsSimclr];
    let has = |wanted: &[Task]| tasks.iter().any(|cost| is(cost, wanted));
    if tasks.len() < ENOUGH_TASKS || !has(&contrastive) || !has(&[Task::Cifar10]) {
        parts.missing(Missing::of(
            "figure_2b, column = task, for three tasks with SimCLR and CIFAR-10 among them",
        ));
        return;
    }
    tasks.sort_by(|a, b| b.cost.total_cmp(&a.cost));
    let among_first = |wanted: &[Task]| tasks[..2].iter().any(|cost| is(cost, wanted));
    let held = among_first(&contrastive) && among_first(&[Task::Cifar10]);
    let words: Vec<String> = tasks
        .iter()
        .map(|cost| format!("{} {:.3}", cost.held_out.label, cost.cost))
        .collect();
    let widths: Vec<String> = tasks
        .iter()
        .map(|cost| format!("± {:.3}", cost.half_width))
        .collect();
    parts.judged(
        "SimCLR and CIFAR-10 cost most",
        held,
        words.join(", "),
        widths.join(", "),
    );
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
    fn fails_when_architectures_cost_much() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(
                rows,
                "figure_2b",
                "random_forest",
                &["architecture", "\"all\""],
                -0.1,
            );
        }));
        assert_eq!(why, "not shown: holding out an architecture costs little");
    }

    #[test]
    fn fails_when_another_task_costs_most() {
        let why = failed(outcome(&CLAIM, |rows| {
            shift(
                rows,
                "figure_2b",
                "random_forest",
                &["wsn", "\"all\""],
                -0.2,
            );
        }));
        assert_eq!(why, "not shown: SimCLR and CIFAR-10 cost most");
    }

    #[test]
    fn fails_when_both_contrastive_tasks_cost_most() {
        let why = failed(outcome(&CLAIM, |rows| {
            for row in rows.iter_mut().filter(|row| row.parameters.contains("wsn")) {
                row.parameters = row.parameters.replace("wsn", "digits_simclr");
            }
            shift(
                rows,
                "figure_2b",
                "random_forest",
                &["digits_simclr", "\"all\""],
                -0.2,
            );
        }));
        assert_eq!(why, "not shown: SimCLR and CIFAR-10 cost most");
    }

    #[test]
    fn is_not_testable_without_curricula() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| row.experiment != "figure_2b_curriculum")
        }));
        assert!(
            why.contains("figure_2b_curriculum, random_forest, measure = all"),
            "{why}"
        );
    }

    #[test]
    fn is_not_testable_with_two_tasks() {
        let why = missing(outcome(&CLAIM, |rows| {
            rows.retain(|row| {
                !row.parameters.contains("wsn") && !row.parameters.contains("imagenet")
            });
        }));
        assert!(why.contains("three tasks"), "{why}");
    }
}
