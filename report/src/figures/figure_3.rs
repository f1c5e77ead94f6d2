//! Figure 3: which statistics the forest splits by.

use super::{Figure, FigureKind, Grid, importances};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_3",
    title: "Figure 3: importance of the statistics",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    importances::draw(kind, results, grid, &[names::ALL_MEASURES])
}
