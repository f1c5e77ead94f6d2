//! Figure S2a: accuracy by measure and classifier, one random checkpoint, beside that of whole trajectories.

use super::{Figure, FigureKind, Grid, by_measure};
use crate::{Missing, Results};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s2a",
    title: "Figure S2a: one random checkpoint",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    by_measure::beside_whole(
        kind,
        results,
        grid,
        "figure_s2a",
        "One random checkpoint",
        "the same statistics at one random checkpoint of each trajectory",
    )
}
