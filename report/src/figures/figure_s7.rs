//! Figure S7: as figure 4a, for every measure and the linear SVM.

use super::{Figure, FigureKind, Grid, samples};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s7",
    title: "Figure S7: few observations, by measure and classifier",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    samples::draw(kind, results, grid, &names::BEYOND_THE_FOREST_ON_ALL)
}
