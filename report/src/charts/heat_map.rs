//! Heat maps: a number for every pair, written into its cell and shaded by its size.

use super::axes;
use crate::drawing::{
    Anchor, Canvas, Point, Rect, SMALL_TEXT_SIZE, TEXT_SIZE, Text, palette, width_of,
};

/// The chart.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) row_title: &'a str,
    pub(crate) column_title: &'a str,
    pub(crate) rows: &'a [String],
    pub(crate) columns: &'a [String],
    /// By row and column; what is not there stays white.
    pub(crate) cells: &'a [Vec<Option<f64>>],
    /// What is lightest and what is darkest.
    pub(crate) domain: (f64, f64),
    /// How a number is written.
    pub(crate) written: fn(f64) -> String,
}

impl HeatMap<'_> {
    /// Room on the left for the rows' names.
    fn left(&self) -> f64 {
        let widest = self
            .rows
            .iter()
            .map(|row| width_of(row, SMALL_TEXT_SIZE, false))
            .fold(0.0, f64::max);
        widest + 22.0
    }

    /// Draws into `area`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let top = if self.title.is_some() {
            axes::TITLE
        } else {
            axes::TOP
        };
        let plot = area.inset(self.left(), top, 6.0, axes::BOTTOM_OF_NAMES);
        let width = plot.width / self.columns.len().max(1) as f64;
        let height = plot.height / self.rows.len().max(1) as f64;
        if let Some(title) = self.title {
            axes::title(canvas, plot, title);
        }
        for (row, (label, cells)) in self.rows.iter().zip(self.cells).enumerate() {
            let y = plot.top + height * (row as f64 + 0.5);
            let text = Text::new(label)
                .with_size(SMALL_TEXT_SIZE)
                .with_anchor(Anchor::End);
            canvas.text(
                Point {
                    x: plot.left - 4.0,
                    y,
                },
                text,
            );
            for (column, cell) in cells.iter().enumerate() {
                let rect = Rect {
                    left: plot.left + width * column as f64,
                    top: plot.top + height * row as f64,
                    width,
                    height,
                };
                self.cell(canvas, rect.inset(0.4, 0.4, 0.4, 0.4), *cell);
            }
        }
        let widest = self
            .columns
            .iter()
            .map(|label| width_of(label, SMALL_TEXT_SIZE, false))
            .fold(1.0, f64::max);
        let size = SMALL_TEXT_SIZE * ((width - 3.0) / widest).clamp(0.75, 1.0);
        for (column, label) in self.columns.iter().enumerate() {
            let x = plot.left + width * (column as f64 + 0.5);
            let y = plot.bottom() + 8.0;
            canvas.text(
                Point { x, y },
                Text::new(label).with_size(size).with_anchor(Anchor::Middle),
            );
        }
        axes::below(canvas, plot, axes::BOTTOM_OF_NAMES, self.column_title);
        let at = Point {
            x: area.left + 7.0,
            y: plot.center().y,
        };
        let text = Text::new(self.row_title)
            .with_anchor(Anchor::Middle)
            .with_rotation(-90.0);
        canvas.text(at, text);
    }

    fn cell(&self, canvas: &mut Canvas, rect: Rect, value: Option<f64>) {
        let Some(value) = value else { return };
        let (from, to) = self.domain;
        let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
        canvas.rect(rect, &palette::ramp(share));
        let content = (self.written)(value);
        let fit = (rect.width - 2.0) / width_of(&content, TEXT_SIZE, false);
        let text = Text::new(&content)
            .with_size(TEXT_SIZE * fit.clamp(0.7, 1.0))
            .with_anchor(Anchor::Middle)
            .with_color(palette::ink_on_ramp(share));
        canvas.text(rect.center(), text);
    }
}
