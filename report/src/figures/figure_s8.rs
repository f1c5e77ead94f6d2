//! Figure S8: as figure 4b, for every measure.

use super::{Figure, FigureKind, Grid, portions};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s8",
    title: "Figure S8: from one third of learning to another, by measure",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    portions::draw(
        kind,
        results,
        grid,
        &names::FOREST_AND_SVM_ON_SINGLE_MEASURES,
    )
}
