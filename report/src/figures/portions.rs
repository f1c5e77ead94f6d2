//! Accuracy from one third of the trajectories to another, a panel for each classifier and measure.

use super::sheet::Sheet;
use super::{Figure, FigureKind, Grid};
use crate::charts::{HeatMap, Legend};
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::portions::{EXPERIMENT, PORTIONS, from_to};
use crate::{Missing, Results, Selection, names};

/// Draws the accuracies of `shown`, pairs of classifier and measure.
pub(super) fn draw(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    shown: &[(&str, &str)],
) -> Result<Figure, Missing> {
    let of_pair = |(classifier, measure): &(&str, &str)| {
        Selection::of(EXPERIMENT)
            .with_classifier(classifier)
            .with_measure(measure)
    };
    let found: Vec<&(&str, &str)> = shown
        .iter()
        .filter(|pair| !results.select(&of_pair(pair)).is_empty())
        .collect();
    let Some(first) = found.first() else {
        let missing = shown.iter().map(|pair| Missing::rows(&of_pair(pair)));
        return Err(missing
            .reduce(Missing::and)
            .unwrap_or_else(|| Missing::of(EXPERIMENT)));
    };
    let chance = results.chance(&of_pair(first)).unwrap_or(0.0);
    let (width, n_columns) = match found.len() {
        1 => (COLUMN * 0.7, 1),
        2 => (COLUMN * 1.25, 2),
        n => (BOTH_COLUMNS, n.min(3)),
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &Legend::default(),
        width,
        height: 180.0,
        n_columns,
    };
    let labels = PORTIONS.map(names::label);
    let mut charts = Vec::new();
    let mut description = String::new();
    for (classifier, measure) in found {
        let accuracy = |train: &str, test: &str| {
            results
                .accuracy(&from_to(classifier, measure, train, test))
                .map(|estimate| estimate.mean)
        };
        let cells: Vec<Vec<Option<f64>>> = PORTIONS
            .iter()
            .map(|train| PORTIONS.iter().map(|test| accuracy(train, test)).collect())
            .collect();
        let title = names::pair(classifier, measure);
        for (train, row) in PORTIONS.iter().zip(&cells) {
            for (test, cell) in PORTIONS.iter().zip(row) {
                if let Some(cell) = cell {
                    description += &format!("{title}, {train} to {test}: {cell:.3}. ");
                }
            }
        }
        charts.push(HeatMap {
            title: Some(title),
            row_title: "Learned from",
            column_title: "Tested on",
            rows: labels.to_vec(),
            columns: labels.to_vec(),
            cells,
            domain: (chance, 1.0),
            written: |accuracy| format!("{accuracy:.2}"),
        });
    }
    let caption = format!(
        "Mean accuracy over splits when a classifier learns from one third of the trajectories and is tested on that of other \
         layers. White is chance ({chance:.2})."
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}
