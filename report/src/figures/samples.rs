//! Accuracy by number of observations and the epochs between them, a panel for each classifier and measure.

use super::sheet::{Sheet, in_words, over_splits};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Legend, Lines, Marker, Series, Swatch, XAxis};
use crate::drawing::{BOTH_COLUMNS, COLUMN, palette};
use crate::{Missing, Results, Selection, names};

const EXPERIMENT: &str = "figure_4a";

/// Draws the accuracies of `shown`, pairs of classifier and measure.
pub(super) fn draw(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    shown: &[(&str, &str)],
) -> Result<Figure, Missing> {
    let selection = |(classifier, measure): &(&str, &str)| {
        Selection::of(EXPERIMENT)
            .with_classifier(classifier)
            .with_measure(measure)
    };
    let found: Vec<&(&str, &str)> = shown
        .iter()
        .filter(|pair| !results.numbers(&selection(pair), "period").is_empty())
        .collect();
    if found.is_empty() {
        let missing = shown.iter().map(|pair| Missing::rows(&selection(pair)));
        return Err(missing
            .reduce(Missing::and)
            .unwrap_or_else(|| Missing::of(EXPERIMENT)));
    }
    let periods = results.numbers(&Selection::of(EXPERIMENT), "period");
    let mut legend = Legend::default();
    legend.add("Epochs between observations:", palette::INK, Swatch::Words);
    let mut description = String::new();
    let mut estimates = Vec::new();
    let mut charts = Vec::new();
    let several = found.len() > 1;
    for pair in found {
        let mut series = Vec::new();
        for (index, period) in periods.iter().enumerate() {
            let of_period = selection(pair).with("period", *period);
            let points: Vec<_> = results
                .numbers(&of_period, "samples")
                .into_iter()
                .filter_map(|n| Some((n, results.accuracy(&of_period.clone().with("samples", n))?)))
                .collect();
            if points.is_empty() {
                continue;
            }
            let (color, marker) = (palette::series(index), Marker::of_series(index));
            legend.add(period.to_string(), color, Swatch::Line(marker));
            let words: Vec<String> = points
                .iter()
                .map(|(n, estimate)| format!("{n}: {}", in_words(*estimate)))
                .collect();
            description += &format!(
                "{}, period {period} epochs, accuracy by number of observations: {}. ",
                names::pair(pair.0, pair.1),
                words.join(", ")
            );
            estimates.extend(points.iter().map(|(_, estimate)| *estimate));
            series.push(Series {
                color,
                marker,
                points,
            });
        }
        charts.push(Lines {
            title: several.then(|| names::pair(pair.0, pair.1)),
            series,
            x_axis: XAxis::Linear,
            x_label: "Observations of a trajectory",
            y_label: "Test accuracy",
            chance: results.chance(&selection(pair)),
            from: None,
        });
    }
    Lines::share_vertical_axis(&mut charts);
    let (width, n_columns) = match charts.len() {
        1 => (COLUMN, 1),
        n => (BOTH_COLUMNS, n.min(3)),
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width,
        height: 175.0,
        n_columns,
    };
    let caption = format!(
        "Accuracy from a few observations of each trajectory, at a fixed period from a random start. {} Dashed: guessing.",
        over_splits(estimates.into_iter())
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}
