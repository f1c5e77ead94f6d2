//! What the controls say of the accuracies, in sentences and a table.

use maud::{Markup, html};

use crate::estimate::signed;
use crate::honesty::Check;
use crate::{Estimate, Results, names};

pub(super) fn section(results: &Results<'_>) -> Markup {
    let rows: Vec<(&str, [Option<Estimate>; 4])> = names::MEASURES
        .into_iter()
        .map(|measure| {
            let estimate = |check: Check| check.accuracies(results, measure)?.estimate();
            (measure, Check::ALL.map(estimate))
        })
        .filter(|(_, estimates)| estimates.iter().any(Option::is_some))
        .collect();
    let chance = results.chance(&Check::ByExample.selection(names::ALL_MEASURES));
    html! {
        p {
            "An example is a layer. When layers of one network lie on both sides of a split, a classifier may recognise the \
             network and not the rule; when networks trained by one rule perform worse, it may recognise the performance. \
             These controls take each of the two away, and the last one takes away the labels."
        }
        @if let Some((measure, estimates)) = rows.last() {
            ul { @for sentence in sentences(measure, *estimates, chance) { li { (sentence) } } }
        }
        @if rows.is_empty() {
            p { "There are no results of figure 2a to control." }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Accuracies under controls" {
                table {
                    caption { "Accuracy of the random forest: mean ± standard error of the mean over splits" }
                    thead {
                        tr {
                            th scope="col" { "Measure" }
                            @for check in Check::ALL { th scope="col" { (check.label()) } }
                            th scope="col" { "By network − by example" }
                        }
                    }
                    tbody.rows {
                        @for (measure, estimates) in &rows {
                            tr {
                                th scope="row" { (names::label(measure)) }
                                @for estimate in estimates { td.number { (written(*estimate)) } }
                                td.number { (difference(estimates[1], estimates[0]).unwrap_or_else(none)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the controls say of one measure.
fn sentences(measure: &str, estimates: [Option<Estimate>; 4], chance: Option<f64>) -> Vec<String> {
    let [by_example, by_run, matched, shuffled] = estimates;
    let of = match measure {
        names::ALL_MEASURES => "all measures".to_owned(),
        other => names::label(other).to_lowercase(),
    };
    let compared = |control: Option<Estimate>, condition: &str| match (by_example, control) {
        (Some(whole), Some(controlled)) => format!(
            "{condition}, the forest's accuracy from {of} is {:.3} rather than {:.3} ({}).",
            controlled.mean,
            whole.mean,
            difference(control, by_example).unwrap_or_else(none)
        ),
        _ => format!("{condition}: not computed for {of}."),
    };
    let shuffled = match (shuffled, chance) {
        (Some(shuffled), Some(chance)) => format!(
            "With shuffled training labels it is {:.3}; guessing gives {chance:.3}.",
            shuffled.mean
        ),
        _ => format!("With shuffled training labels: not computed for {of}."),
    };
    vec![
        compared(
            by_run,
            "With all layers of a network on one side of the split",
        ),
        compared(
            matched,
            "Among networks that perform alike under every rule, of tasks that have an accuracy",
        ),
        shuffled,
    ]
}

/// A difference of means over unlike splits, and its standard error.
fn difference(upper: Option<Estimate>, lower: Option<Estimate>) -> Option<String> {
    let (upper, lower) = (upper?, lower?);
    let difference = upper.mean - lower.mean;
    Some(match (upper.standard_error, lower.standard_error) {
        (Some(a), Some(b)) => format!("{} ± {:.3}", signed(difference), a.hypot(b)),
        _ => signed(difference),
    })
}

fn written(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate {
            mean,
            standard_error: Some(error),
            ..
        }) => format!("{mean:.3} ± {error:.3}"),
        Some(Estimate { mean, .. }) => format!("{mean:.3}"),
        None => none(),
    }
}

fn none() -> String {
    "not computed".to_owned()
}
