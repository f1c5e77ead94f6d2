//! Figure 2c: which rules are taken for which.

use super::{Figure, FigureKind, Grid, confusion};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_2c",
    title: "Figure 2c: confusion of the learning rules",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    confusion::draw(
        kind,
        results,
        grid,
        &[(names::RANDOM_FOREST, names::ALL_MEASURES)],
    )
}
