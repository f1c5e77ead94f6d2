//! Figure 2a: accuracy by measure and classifier.

use super::sheet::{Sheet, over_splits};
use super::{Figure, FigureKind, Grid, by_measure};
use crate::charts::Bars;
use crate::drawing::COLUMN;
use crate::{Missing, Results};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_2a",
    title: "Figure 2a: accuracy by measure and classifier",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    let gathered = by_measure::gather(results, "figure_2a")?;
    let sheet = Sheet {
        kind,
        grid,
        legend: &gathered.legend,
        width: COLUMN,
        height: 175.0,
        n_columns: 1,
    };
    let chart = Bars {
        title: None,
        groups: &gathered.groups,
        y_label: "Test accuracy",
        chance: gathered.chance,
    };
    let caption = format!(
        "Share of test examples whose learning rule was identified, by what was observed of the networks. {} Dashed: guessing.",
        over_splits(gathered.estimates.iter().copied())
    );
    Ok(sheet.figure(&[chart], caption, gathered.description))
}
