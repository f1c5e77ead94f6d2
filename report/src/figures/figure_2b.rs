//! Figure 2b: a whole architecture, curriculum or task is held out.

use super::{Figure, FigureKind, Grid, held_out};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_2b",
    title: "Figure 2b: architectures, curricula and tasks held out",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    held_out::draw(
        kind,
        results,
        grid,
        names::RANDOM_FOREST,
        &[names::ALL_MEASURES],
    )
}
