//! Figure 5: accuracy through few units and noise, a panel for each measure and a line for each level of noise.

use super::sheet::{Sheet, in_words, over_splits};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Legend, Lines, Marker, Series, Swatch, XAxis};
use crate::drawing::{BOTH_COLUMNS, COLUMN, palette};
use crate::few_units::{self, NOISE, UNIT_FRACTION};
use crate::{Missing, Results, Selection, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_5",
    title: "Figure 5: few units, and noise",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let mut found: Vec<(&str, Selection)> = Vec::new();
    let mut missing: Option<Missing> = None;
    for measure in names::SINGLE_MEASURES {
        match few_units::of_measure(results, measure) {
            Ok(selection) => found.push((measure, selection)),
            Err(next) => missing = Some(missing.map_or(next.clone(), |missing| missing.and(next))),
        }
    }
    if let (true, Some(missing)) = (found.is_empty(), missing) {
        return Err(missing);
    }
    let mut levels: Vec<f64> = found
        .iter()
        .flat_map(|(_, selection)| results.numbers(selection, NOISE))
        .collect();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mut legend = Legend::default();
    legend.add("Noise, standard deviation:", palette::INK, Swatch::Words);
    for (index, level) in levels.iter().enumerate() {
        legend.add(
            level.to_string(),
            palette::series(index),
            Swatch::Line(Marker::of_series(index)),
        );
    }
    let width = if found.len() > 1 {
        BOTH_COLUMNS
    } else {
        COLUMN
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width,
        height: 185.0,
        n_columns: found.len(),
    };
    let mut charts = Vec::new();
    let mut description = String::new();
    let mut estimates = Vec::new();
    for (measure, selection) in &found {
        let title = names::label(measure);
        let mut series = Vec::new();
        for (index, level) in levels.iter().enumerate() {
            let of_level = selection.clone().with(NOISE, *level);
            let points: Vec<_> = results
                .numbers(&of_level, UNIT_FRACTION)
                .into_iter()
                .filter_map(|fraction| {
                    Some((
                        fraction,
                        results.accuracy(&of_level.clone().with(UNIT_FRACTION, fraction))?,
                    ))
                })
                .collect();
            if points.is_empty() {
                continue;
            }
            let words: Vec<String> = points
                .iter()
                .map(|(x, estimate)| format!("{x}: {}", in_words(*estimate)))
                .collect();
            description += &format!(
                "{title}, noise {level}, accuracy by share of units: {}. ",
                words.join(", ")
            );
            estimates.extend(points.iter().map(|(_, estimate)| *estimate));
            series.push(Series {
                color: palette::series(index),
                marker: Marker::of_series(index),
                points,
            });
        }
        charts.push(Lines {
            title: Some(title),
            series,
            x_axis: XAxis::Logarithmic,
            x_label: "Share of units observed",
            y_label: "Test accuracy",
            chance: results.chance(selection),
            from: None,
        });
    }
    Lines::share_vertical_axis(&mut charts);
    let caption = format!(
        "Accuracy of the random forest on two learning rules when few units are observed and noise is added to every unit. {} \
         Dashed: guessing.",
        over_splits(estimates.into_iter())
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}
