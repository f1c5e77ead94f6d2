//! Figure S2b: accuracy by measure and classifier, averaged over the trajectory, beside that of whole trajectories.

use super::{Figure, FigureKind, Grid, by_measure};
use crate::{Missing, Results};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s2b",
    title: "Figure S2b: averaged over the trajectory",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    by_measure::beside_whole(
        kind,
        results,
        grid,
        "figure_s2b",
        "Trajectory mean",
        "each statistic's mean over the trajectory",
    )
}
