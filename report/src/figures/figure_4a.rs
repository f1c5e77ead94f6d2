//! Figure 4a: few observations at a fixed period.

use super::{Figure, FigureKind, Grid, samples};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_4a",
    title: "Figure 4a: few observations, far apart",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    samples::draw(
        kind,
        results,
        grid,
        &[(names::RANDOM_FOREST, names::ALL_MEASURES)],
    )
}
