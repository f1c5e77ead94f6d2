//! Accuracy on what was held out whole, a column for each measure.

use plotters::style::RGBColor;

use super::sheet::{Sheet, in_words};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Column, Form, Legend, RankedRow, Ranking, Section, Swatch};
use crate::drawing::{BOTH_COLUMNS, COLUMN, palette};
use crate::held_out::{self, Kind};
use crate::{Estimate, Missing, Results, names};

/// Draws accuracies of `classifier` for `measures`.
pub(super) fn draw(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    classifier: &str,
    measures: &[&str],
) -> Result<Figure, Missing> {
    let mut sections = Vec::new();
    for held_out_kind in Kind::ALL {
        let rows: Vec<RankedRow> = held_out::list(results, held_out_kind)
            .into_iter()
            .filter_map(|held_out| {
                let accuracy = |measure: &&str| {
                    held_out
                        .accuracies(results, classifier, measure)?
                        .estimate()
                };
                let values: Vec<Option<Estimate>> = measures.iter().map(accuracy).collect();
                let color = color(held_out.kind);
                values.iter().any(Option::is_some).then_some(RankedRow {
                    label: held_out.label,
                    color,
                    values,
                })
            })
            .collect();
        if !rows.is_empty() {
            sections.push(Section {
                heading: Some(held_out_kind.to_string()),
                rows,
            });
        }
    }
    if sections.is_empty() {
        let missing = measures
            .iter()
            .map(|measure| held_out::missing(classifier, measure));
        return Err(missing
            .reduce(Missing::and)
            .unwrap_or_else(|| Missing::of("figure_2b")));
    }
    let columns: Vec<Column> = measures
        .iter()
        .map(|measure| {
            let whole = held_out::nothing(classifier, measure);
            let label = match measures.len() {
                1 => "Test accuracy".to_owned(),
                _ => format!("Test accuracy, {}", names::label(measure).to_lowercase()),
            };
            Column {
                label,
                form: Form::Points,
                domain: (0.0, 1.0),
                share: 1.0,
                dashed: results.chance(&whole),
                plain: results.accuracy(&whole).map(|estimate| estimate.mean),
            }
        })
        .collect();
    let mut legend = Legend::default();
    if columns.iter().any(|column| column.plain.is_some()) {
        legend.add("nothing held out", palette::MUTED, Swatch::Plain);
    }
    if columns.iter().any(|column| column.dashed.is_some()) {
        legend.add("chance", palette::INK, Swatch::Dashed);
    }
    let chart = Ranking {
        title: None,
        sections: &sections,
        columns: &columns,
    };
    let width = if measures.len() > 1 {
        BOTH_COLUMNS
    } else {
        COLUMN
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width,
        height: chart.height(),
        n_columns: 1,
    };
    let caption = format!(
        "Accuracy of the {} on all examples of what was held out, learned from all others. The grey line is the accuracy of \
         ordinary splits. Error bars where there is more than one seed: standard error of the mean.",
        sentence_name(classifier)
    );
    Ok(sheet.figure(&[chart], caption, describe(&sections, measures)))
}

fn color(kind: Kind) -> RGBColor {
    match kind {
        Kind::Architecture => palette::BLUE,
        Kind::Curriculum => palette::GREEN,
        Kind::Task => palette::VERMILION,
    }
}

/// A classifier's name within a sentence.
pub(super) fn sentence_name(classifier: &str) -> String {
    match classifier {
        names::RANDOM_FOREST => "random forest".to_owned(),
        names::LINEAR_SVM => "linear SVM".to_owned(),
        other => names::label(other),
    }
}

fn describe(sections: &[Section], measures: &[&str]) -> String {
    let of_row = |row: &RankedRow| {
        let values = row
            .values
            .iter()
            .zip(measures)
            .filter_map(|(value, measure)| {
                let value = in_words((*value)?);
                Some(if measures.len() > 1 {
                    format!("{value} ({measure})")
                } else {
                    value
                })
            });
        format!("{} {}", row.label, values.collect::<Vec<_>>().join(", "))
    };
    sections
        .iter()
        .map(|section| {
            let rows: Vec<String> = section.rows.iter().map(of_row).collect();
            format!(
                "{}: {}.",
                section.heading.as_deref().unwrap_or_default(),
                rows.join("; ")
            )
        })
        .collect::<Vec<_>>()
        .join(" ")
}
