//! Gini importance of the statistics, and what permuting them costs, a panel for each measure.

use super::sheet::{Sheet, in_words, over_splits};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Column, Form, Legend, RankedRow, Ranking, Section, Swatch};
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::importances::{Importance, ranked};
use crate::{Estimate, Missing, Results, Selection, names};

/// Statistics in a panel: as many as are admissible in the study, and the depth indicators.
const MOST: usize = 25;

/// Draws the importances to forests that see each of `measures`.
pub(super) fn draw(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    measures: &[&str],
) -> Result<Figure, Missing> {
    let selection = |measure: &str| {
        Selection::of("figure_2a")
            .with_classifier(names::RANDOM_FOREST)
            .with_measure(measure)
    };
    let found: Vec<(String, Vec<Importance>)> = measures
        .iter()
        .map(|measure| {
            (
                names::label(measure),
                ranked(&results.select(&selection(measure))),
            )
        })
        .filter(|(_, importances)| !importances.is_empty())
        .collect();
    if found.is_empty() {
        let missing = measures
            .iter()
            .map(|measure| Missing::of(format!("importances of {}", selection(measure))));
        return Err(missing
            .reduce(Missing::and)
            .unwrap_or_else(|| Missing::of("importances")));
    }
    let mut legend = Legend::default();
    if measures.len() == 1 {
        for importance in found
            .iter()
            .flat_map(|(_, importances)| importances.iter().take(MOST))
        {
            let measure = names::measure_of(&importance.statistic).unwrap_or(names::DEPTH);
            legend.add(names::label(measure), names::color(measure), Swatch::Filled);
        }
    }
    let prepared: Vec<(Option<&str>, Vec<Section>, Vec<Column>)> = found
        .iter()
        .map(|(title, importances)| {
            let importances = &importances[..importances.len().min(MOST)];
            let section = Section {
                heading: None,
                rows: importances.iter().map(row).collect(),
            };
            (
                (found.len() > 1).then_some(title.as_str()),
                vec![section],
                columns(importances),
            )
        })
        .collect();
    let charts: Vec<Ranking<'_>> = prepared
        .iter()
        .map(|(title, sections, columns)| Ranking {
            title: *title,
            sections,
            columns,
        })
        .collect();
    let height = charts.iter().map(Ranking::height).fold(0.0, f64::max);
    let width = if charts.len() > 1 {
        BOTH_COLUMNS * 1.1
    } else {
        COLUMN
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width,
        height,
        n_columns: charts.len(),
    };
    let all = || found.iter().flat_map(|(_, importances)| importances);
    let caption = format!(
        "Gini importance to the random forest, summed over the trajectory{}. {}",
        if all().any(|importance| importance.permutation.is_some()) {
            " (bars), and the accuracy on test examples that is lost when a statistic's values are permuted (points)"
        } else {
            ""
        },
        over_splits(all().filter_map(|importance| importance.gini.estimate()))
    );
    let description = found
        .iter()
        .map(|(title, importances)| {
            let words = importances.iter().take(MOST).filter_map(|importance| {
                let estimate = in_words(importance.gini.estimate()?);
                Some(format!(
                    "{} {estimate}",
                    names::statistic(&importance.statistic)
                ))
            });
            format!(
                "{title}, Gini importance: {}.",
                words.collect::<Vec<_>>().join("; ")
            )
        })
        .collect::<Vec<_>>()
        .join(" ");
    Ok(sheet.figure(&charts, caption, description))
}

fn row(importance: &Importance) -> RankedRow {
    let measure = names::measure_of(&importance.statistic).unwrap_or(names::DEPTH);
    RankedRow {
        label: names::statistic(&importance.statistic),
        color: names::color(measure),
        values: vec![importance.gini.estimate(), importance.permutation],
    }
}

fn columns(importances: &[Importance]) -> Vec<Column> {
    let gini = importances
        .iter()
        .filter_map(|importance| importance.gini.estimate());
    let mut columns = vec![Column {
        label: "Gini importance".to_owned(),
        form: Form::Bars,
        domain: (0.0, highest(gini)),
        share: 2.0,
        dashed: None,
        plain: None,
    }];
    let lost: Vec<Estimate> = importances
        .iter()
        .filter_map(|importance| importance.permutation)
        .collect();
    if !lost.is_empty() {
        let least = lost
            .iter()
            .map(|estimate| estimate.mean - estimate.standard_error.unwrap_or(0.0))
            .fold(0.0, f64::min)
            * 1.05;
        columns.push(Column {
            label: "Accuracy lost".to_owned(),
            form: Form::Points,
            domain: (least, highest(lost.into_iter())),
            share: 1.0,
            dashed: None,
            plain: None,
        });
    }
    columns
}

/// The end of the longest error bar.
fn highest(estimates: impl Iterator<Item = Estimate>) -> f64 {
    estimates
        .map(|estimate| estimate.mean + estimate.standard_error.unwrap_or(0.0))
        .fold(0.0, f64::max)
        * 1.05
}
