//! Controls: is accuracy that of recognising a rule, or of recognising a network?

use plotters::style::RGBColor;

use super::sheet::{Sheet, in_words, over_splits};
use super::{Figure, FigureKind, Grid};
use crate::charts::{Bar, BarGroup, Bars, Legend, Swatch};
use crate::drawing::{COLUMN, palette};
use crate::honesty::Check;
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_leakage",
    title: "Controls: splits by network, matched performance, shuffled labels",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let mut legend = Legend::default();
    let mut groups = Vec::new();
    let mut estimates = Vec::new();
    let mut description = String::new();
    let mut controlled = false;
    for measure in names::MEASURES {
        let label = names::label(measure);
        let mut bars = Vec::new();
        let mut words = Vec::new();
        for check in Check::ALL {
            let Some(by_split) = check.accuracies(results, measure) else {
                continue;
            };
            let Some(estimate) = by_split.estimate() else {
                continue;
            };
            controlled |= check != Check::ByExample;
            bars.push(Bar {
                color: color(check),
                estimate,
            });
            legend.add(check.label(), color(check), Swatch::Filled);
            words.push(format!(
                "{} {}",
                check.label().to_lowercase(),
                in_words(estimate)
            ));
            estimates.push(estimate);
        }
        if !bars.is_empty() {
            description += &format!("{label}: {}. ", words.join(", "));
            groups.push(BarGroup { label, bars });
        }
    }
    if !controlled {
        let missing = Check::ALL[1..]
            .iter()
            .map(|check| Missing::rows(&check.selection(names::ALL_MEASURES)));
        return Err(missing
            .reduce(Missing::and)
            .unwrap_or_else(|| Missing::of("controls")));
    }
    let sheet = Sheet {
        kind,
        grid,
        legend: &legend,
        width: COLUMN,
        height: 175.0,
        n_columns: 1,
    };
    let chart = Bars {
        title: None,
        groups: &groups,
        y_label: "Test accuracy",
        chance: results.chance(&Check::ByExample.selection(names::ALL_MEASURES)),
    };
    let caption = format!(
        "Accuracy of the random forest when a network's layers may lie on both sides of the split, when they may not, when \
         every rule's networks perform alike (of tasks that have an accuracy), and when the training labels are shuffled. {} \
         Dashed: guessing.",
        over_splits(estimates.into_iter())
    );
    Ok(sheet.figure(&[chart], caption, description.trim_end().to_owned()))
}

fn color(check: Check) -> RGBColor {
    match check {
        Check::ByExample => palette::BLUE,
        Check::ByRun => palette::SKY_BLUE,
        Check::MatchedPerformance => palette::ORANGE,
        Check::ShuffledLabels => palette::GREY,
    }
}
