//! Figure S4: as figure 2b, for the linear SVM.

use super::{Figure, FigureKind, Grid, held_out};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s4",
    title: "Figure S4: held out, linear SVM",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    held_out::draw(
        kind,
        results,
        grid,
        names::LINEAR_SVM,
        &[names::ALL_MEASURES],
    )
}
