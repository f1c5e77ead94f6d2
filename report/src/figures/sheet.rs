//! The sheet that a figure is drawn on: a note and a legend above, panels below.

use super::{Figure, FigureKind, Grid};
use crate::Estimate;
use crate::charts::Legend;
use crate::drawing::{Anchor, Canvas, Point, Rect, SMALL_TEXT_SIZE, Text, palette, width_of};

const MARGIN: f64 = 6.0;
const NOTE: &str = "reduced grid";
const NOTE_GAP: f64 = 24.0;
const NOTE_HEIGHT: f64 = 12.0;

/// A canvas and what is free of it.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) canvas: Canvas,
    pub(super) body: Rect,
}

impl Sheet {
    /// A sheet with `body_height` free below the legend.
    pub(super) fn new(width: f64, body_height: f64, legend: &Legend, grid: Grid) -> Self {
        let inner = width - 2.0 * MARGIN;
        let legend_height = legend.height(inner);
        let note_width = width_of(NOTE, SMALL_TEXT_SIZE, false);
        let note = match grid {
            Grid::Full => 0.0,
            // Beside a short legend there is room for the note.
            Grid::Reduced if legend.fits(inner - note_width - NOTE_GAP) => 0.0,
            Grid::Reduced => NOTE_HEIGHT,
        };
        let body_top = MARGIN + note + legend_height + if legend_height > 0.0 { 4.0 } else { 0.0 };
        let mut canvas = Canvas::new(width, (body_top + body_height + MARGIN).ceil());
        if grid == Grid::Reduced {
            let at = Point {
                x: width - MARGIN,
                y: MARGIN + NOTE_HEIGHT / 2.0,
            };
            let text = Text::new(NOTE)
                .with_size(SMALL_TEXT_SIZE)
                .with_anchor(Anchor::End)
                .with_color(palette::MUTED);
            canvas.text(at, text);
        }
        let area = canvas.area().inset(MARGIN, MARGIN + note, MARGIN, MARGIN);
        legend.draw(&mut canvas, area);
        let body = Rect {
            left: MARGIN,
            top: body_top,
            width: inner,
            height: body_height,
        };
        Self { canvas, body }
    }

    /// The figure.
    pub(super) fn finish(self, kind: &FigureKind, caption: String, description: String) -> Figure {
        Figure {
            name: kind.name.to_owned(),
            title: kind.title.to_owned(),
            width: self.canvas.area().width,
            svg: self.canvas.finish(kind.name, kind.title, &description),
            caption,
            description,
        }
    }
}

/// `n` panels in rows of `n_columns`.
pub(super) fn panels(body: Rect, n: usize, n_columns: usize) -> Vec<Rect> {
    const GAP: f64 = 8.0;
    let n_rows = n.div_ceil(n_columns.max(1)).max(1);
    let width = (body.width - GAP * (n_columns as f64 - 1.0)) / n_columns as f64;
    let height = (body.height - GAP * (n_rows as f64 - 1.0)) / n_rows as f64;
    (0..n)
        .map(|i| Rect {
            left: body.left + (i % n_columns) as f64 * (width + GAP),
            top: body.top + (i / n_columns) as f64 * (height + GAP),
            width,
            height,
        })
        .collect()
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
