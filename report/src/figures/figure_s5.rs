//! Figure S5: as figure 2c, for every measure and the linear SVM.

use super::{Figure, FigureKind, Grid, confusion};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s5",
    title: "Figure S5: confusion of the learning rules, by measure and classifier",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    confusion::draw(kind, results, grid, &names::BEYOND_THE_FOREST_ON_ALL)
}
