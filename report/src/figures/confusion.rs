//! Confusion matrices, a panel for each classifier and measure.

use engram_schemas::LearningRule;

use super::sheet::Sheet;
use super::{Figure, FigureKind, Grid};
use crate::charts::{HeatMap, Legend};
use crate::confusion::Confusion;
use crate::drawing::{BOTH_COLUMNS, COLUMN};
use crate::{Missing, Results, Selection, names};

/// As many classes as have room in a quarter of a page's width.
const FEW_CLASSES: usize = 6;

/// Draws the matrices of `shown`, pairs of classifier and measure.
pub(super) fn draw(
    kind: &FigureKind,
    results: &Results<'_>,
    grid: Grid,
    shown: &[(&str, &str)],
) -> Result<Figure, Missing> {
    let mut found = Vec::new();
    let mut missing: Option<Missing> = None;
    for (classifier, measure) in shown {
        let selection = Selection::of("figure_2a")
            .with_classifier(classifier)
            .with_measure(measure);
        match results.require(&selection) {
            Ok(entries) => found.push((
                names::pair(classifier, measure),
                Confusion::of(&entries),
                entries.len(),
            )),
            Err(next) => missing = Some(missing.map_or(next.clone(), |missing| missing.and(next))),
        }
    }
    found.retain(|(_, confusion, _)| !confusion.classes.is_empty());
    if found.is_empty() {
        return Err(missing.unwrap_or_else(|| Missing::of("confusion matrices of figure_2a")));
    }
    let n_classes = found
        .iter()
        .map(|(_, confusion, _)| confusion.classes.len())
        .max()
        .unwrap_or(0);
    let (width, n_columns, height) = match found.len() {
        1 if n_classes > FEW_CLASSES => (COLUMN, 1, 250.0),
        1 => (COLUMN * 0.8, 1, 215.0),
        n if n_classes > FEW_CLASSES => (BOTH_COLUMNS, n.min(2), 270.0),
        n => (BOTH_COLUMNS, n.min(4), 190.0),
    };
    let sheet = Sheet {
        kind,
        grid,
        legend: &Legend::default(),
        width,
        height,
        n_columns,
    };
    let mut charts = Vec::new();
    let mut description = String::new();
    for (title, confusion, _) in &found {
        let classes = ordered(&confusion.classes);
        let labels: Vec<String> = classes.iter().map(|class| names::label(class)).collect();
        let cells: Vec<Vec<Option<f64>>> = classes
            .iter()
            .map(|class| {
                classes
                    .iter()
                    .map(|predicted| confusion.share(class, predicted))
                    .collect()
            })
            .collect();
        description += &describe(title, &labels, &cells);
        charts.push(HeatMap {
            title: (found.len() > 1).then(|| title.clone()),
            row_title: "Learning rule",
            column_title: "Identified as",
            rows: labels.clone(),
            columns: labels,
            cells,
            domain: (0.0, 1.0),
            written: percent,
        });
    }
    let n_splits = found.iter().map(|(_, _, n)| *n).max().unwrap_or(0);
    let classes = ordered(&found[0].1.classes);
    let over = match n_splits {
        1 => "of one split".to_owned(),
        _ => format!("summed over {n_splits} splits"),
    };
    let caption = format!(
        "Of the test examples of a rule (row), the share that was identified as each rule (column), {over}.{}",
        names::initials(&classes)
    );
    Ok(sheet.figure(&charts, caption, description.trim_end().to_owned()))
}

/// Classes in the order in which the rules are declared; others behind.
fn ordered(classes: &[String]) -> Vec<String> {
    let mut classes = classes.to_vec();
    let place = |class: &String| {
        LearningRule::ALL
            .iter()
            .position(|rule| rule.as_str() == class)
            .unwrap_or(usize::MAX)
    };
    classes.sort_by_key(place);
    classes
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

fn describe(title: &str, labels: &[String], cells: &[Vec<Option<f64>>]) -> String {
    let rows = labels.iter().zip(cells).map(|(label, cells)| {
        let shares = labels
            .iter()
            .zip(cells)
            .filter_map(|(predicted, share)| Some(format!("{predicted} {}", percent((*share)?))));
        format!(
            "{label} identified as {}",
            shares.collect::<Vec<_>>().join(", ")
        )
    });
    format!("{title}: {}. ", rows.collect::<Vec<_>>().join("; "))
}
