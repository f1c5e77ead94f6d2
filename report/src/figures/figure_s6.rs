//! Figure S6: as figure 3, for forests that see one measure.

use super::{Figure, FigureKind, Grid, importances};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s6",
    title: "Figure S6: importance of the statistics, by measure",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    importances::draw(kind, results, grid, &names::SINGLE_MEASURES)
}
