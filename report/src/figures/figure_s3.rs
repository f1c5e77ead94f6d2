//! Figure S3: as figure 2b, for every measure.

use super::{Figure, FigureKind, Grid, held_out};
use crate::{Missing, Results, names};

pub(super) const FIGURE: FigureKind = FigureKind {
    name: "figure_s3",
    title: "Figure S3: held out, by measure",
    draw,
};

fn draw(kind: &FigureKind, results: &Results<'_>, grid: Grid) -> Result<Figure, Missing> {
    held_out::draw(
        kind,
        results,
        grid,
        names::RANDOM_FOREST,
        &names::SINGLE_MEASURES,
    )
}
