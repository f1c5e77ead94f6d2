//! The sheet that a figure is drawn on: a note and a legend above, charts below.

use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Figure, FigureKind, Grid};
use crate::Estimate;
use crate::charts::{Chart, Legend};
use crate::drawing::{Area, SMALL_TEXT_SIZE, palette, px, svg, text, width_of};

const MARGIN: f64 = 6.0;
/// Between charts.
const GAP: f64 = 8.0;
const NOTE_GAP: f64 = 24.0;
const NOTE_HEIGHT: f64 = 12.0;

/// A figure before its charts are drawn.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub(super) kind: &'a FigureKind,
    pub(super) grid: Grid,
    pub(super) legend: &'a Legend,
    pub(super) width: f64,
    /// Height of a chart.
    pub(super) height: f64,
    pub(super) n_columns: usize,
}

/// What a figure says of its grid.
fn note(grid: Grid, kind: &FigureKind) -> Option<&'static str> {
    match grid {
        Grid::Full => None,
        Grid::FullButConv1d => {
            (kind.name == super::figure_2a::FIGURE.name).then_some("Conv1D: reduced grid")
        }
        Grid::Reduced => Some("reduced grid"),
    }
}

impl Sheet<'_> {
    /// The figure of `charts`, in rows of `n_columns`.
    pub(super) fn figure(
        self,
        charts: &[impl Chart],
        caption: String,
        description: String,
    ) -> Figure {
        let inner = self.width - 2.0 * MARGIN;
        let legend_height = self.legend.height(inner);
        let note = note(self.grid, self.kind);
        let note_height = match note {
            None => 0.0,
            // Beside a short legend there is room for the note.
            Some(note)
                if self
                    .legend
                    .fits(inner - width_of(note, SMALL_TEXT_SIZE, false) - NOTE_GAP) =>
            {
                0.0
            }
            Some(_) => NOTE_HEIGHT,
        };
        let legend_gap = if legend_height > 0.0 { 4.0 } else { 0.0 };
        let top = MARGIN + note_height + legend_height + legend_gap;
        let n_rows = charts.len().div_ceil(self.n_columns);
        let body = (self.height + GAP) * n_rows as f64 - GAP;
        let height = (top + body + MARGIN).ceil();
        let draw = |area: &Area<'_>| {
            let area = area.margin(0, 0, px(MARGIN), px(MARGIN));
            if let Some(note) = note {
                let style =
                    text(SMALL_TEXT_SIZE, palette::MUTED).pos(Pos::new(HPos::Right, VPos::Center));
                let at = (px(inner), px(MARGIN + NOTE_HEIGHT / 2.0));
                area.draw_text(note, &style, at)?;
            }
            self.legend
                .draw(&area.margin(px(MARGIN + note_height), 0, 0, 0))?;
            // Each part has a gap behind and below it.
            let body = area
                .shrink((0, px(top)), (px(inner + GAP), px(body + GAP)))
                .split_evenly((n_rows, self.n_columns));
            for (chart, part) in charts.iter().zip(body) {
                chart.draw(&part.margin(0, px(GAP), 0, px(GAP)))?;
            }
            Ok(())
        };
        let (name, title) = (self.kind.name, self.kind.title);
        Figure {
            name: name.to_owned(),
            title: title.to_owned(),
            width: self.width,
            svg: svg(name, title, &description, (self.width, height), draw),
            caption,
            description,
        }
    }
}

/// An estimate in words.
pub(super) fn in_words(estimate: Estimate) -> String {
    match estimate.standard_error {
        Some(error) => format!("{:.3} ± {error:.3}", estimate.mean),
        None => format!("{:.3}", estimate.mean),
    }
}

/// How many splits the error bars are over.
pub(super) fn over_splits(estimates: impl Iterator<Item = Estimate>) -> String {
    let counts: Vec<usize> = estimates.map(|estimate| estimate.n).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(1), Some(1)) => "One split, so no error bars.".to_owned(),
        (Some(least), Some(most)) if least == most => {
            format!("Mean and standard error of the mean over {least} splits.")
        }
        (Some(least), Some(most)) => format!(
            "Mean and standard error of the mean over {least} to {most} splits; no error bar for a single one."
        ),
        _ => String::new(),
    }
}
