//! Figure 4b: from one third of learning to another.

use super::{Figure, FigureKind, Grid, portions};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_4b",
    title: "Figure 4b: from one third of learning to another",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    portions::draw(
        kind,
        results,
        grid,
        &[
            (names::RANDOM_FOREST, names::ALL_MEASURES),
            (names::LINEAR_SVM, names::ALL_MEASURES),
        ],
    )
}
