//! Figure S1: accuracy on pairs of rules.

use engram_schemas::LearningRule;

use super::sheet::{Sheet, in_words};
use super::{Figure, FigureKind, Grid};
use crate::charts::{HeatMap, Legend};
use crate::drawing::COLUMN;
use crate::{Missing, Results, Selection, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s1",
    title: "Figure S1: pairs of learning rules",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let rows = Selection::of("figure_s1");
    let found: Vec<&str> = names::CLASSIFIERS
        .into_iter()
        .filter(|classifier| !results.select(&of(classifier)).is_empty())
        .collect();
    if found.is_empty() {
        return Err(Missing::rows(&rows.with_measure(names::ALL_MEASURES)));
    }
    let rules = rules(results);
    let chance = results.chance(&rows).unwrap_or(0.5);
    let n_columns = found.len().min(2);
    let width = if n_columns > 1 {
        COLUMN * 1.7
    } else {
        COLUMN * 0.8
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &Legend::default(),
        width,
        height: 200.0,
        n_columns,
    };
    let mut charts = Vec::new();
    // The first rule has nothing before it and the last nothing behind it, so that a triangle needs neither.
    let labels: Vec<String> = rules.iter().map(|rule| names::label(rule)).collect();
    let (rows, columns) = (
        &labels[1.min(labels.len())..],
        &labels[..labels.len().saturating_sub(1)],
    );
    let mut description = String::new();
    for classifier in found {
        let title = names::label(classifier);
        let mut cells = vec![vec![None; columns.len()]; rows.len()];
        for (second, second_rule) in rules.iter().enumerate().skip(1) {
            for (first, first_rule) in rules.iter().enumerate().take(second) {
                let pair = |a: &str, b: &str| {
                    results.accuracy(&of(classifier).with("first_rule", a).with("second_rule", b))
                };
                let Some(estimate) =
                    pair(first_rule, second_rule).or_else(|| pair(second_rule, first_rule))
                else {
                    continue;
                };
                cells[second - 1][first] = Some(estimate.mean);
                description += &format!(
                    "{title}, {} or {}: {}. ",
                    labels[first],
                    labels[second],
                    in_words(estimate)
                );
            }
        }
        charts.push(HeatMap {
            title: Some(title),
            row_title: "One rule",
            column_title: "The other",
            rows: rows.to_vec(),
            columns: columns.to_vec(),
            cells,
            domain: (chance, 1.0),
            written: |accuracy| format!("{accuracy:.2}"),
        });
    }
    let caption = format!(
        "Mean accuracy over splits when only two learning rules are to be told apart. White is chance ({chance:.2}).{}",
        names::initials(&rules)
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}

fn of(classifier: &str) -> Selection {
    Selection::of("figure_s1")
        .with_classifier(classifier)
        .with_measure(names::ALL_MEASURES)
}

/// The rules that occur, in the order in which they are declared.
fn rules(results: &Results<'_>) -> Vec<String> {
    let rows = Selection::of("figure_s1");
    let mut rules = results.texts(&rows, "first_rule");
    rules.extend(results.texts(&rows, "second_rule"));
    let place = |name: &String| {
        LearningRule::ALL
            .iter()
            .position(|rule| rule.as_str() == name)
            .unwrap_or(usize::MAX)
    };
    rules.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    rules.dedup();
    rules
}
