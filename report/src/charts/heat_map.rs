//! Heat maps: a number for every pair, written into its cell and shaded by its size.

use plotters::prelude::*;

use super::Chart;
use super::axis::Axis;
use super::frame::{self, Frame, Guides};
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE, TEXT_SIZE, palette, px, width_of};

/// Room on the right.
const RIGHT: f64 = 6.0;

/// The chart.
#[derive(Clone, Debug)]
pub(crate) struct HeatMap<'a> {
    pub(crate) title: Option<String>,
    pub(crate) row_title: &'a str,
    pub(crate) column_title: &'a str,
    pub(crate) rows: Vec<String>,
    pub(crate) columns: Vec<String>,
    /// By row and column; what is not there stays white.
    pub(crate) cells: Vec<Vec<Option<f64>>>,
    /// What is lightest and what is darkest.
    pub(crate) domain: (f64, f64),
    /// How a number is written.
    pub(crate) written: fn(f64) -> String,
}

impl Chart for HeatMap<'_> {
    fn draw(&self, area: &Area<'_>) -> Outcome {
        let left = widest(&self.rows) + 22.0;
        let n_columns = self.columns.len() as f64;
        let width = (frame::size_of(area).0 - left - RIGHT) / n_columns;
        let fit = (width - 3.0) / widest(&self.columns);
        let plot = Frame {
            title: self.title.as_deref(),
            x: Axis::linear(0.0..n_columns).with_names(centers(&self.columns)),
            y: Axis::linear(self.rows.len() as f64..0.0).with_names(centers(&self.rows)),
            x_label: self.column_title,
            y_label: self.row_title,
            left,
            bottom: 27.0,
            right: RIGHT,
            guides: Guides::Bare,
            x_text_size: SMALL_TEXT_SIZE * fit.clamp(0.75, 1.0),
        }
        .draw(area)?;
        let (from, to) = self.domain;
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let Some(value) = cell.filter(|value| value.is_finite()) else {
                    continue;
                };
                let share = (value - from) / (to - from);
                let (x, y) = (column as f64, row as f64);
                let color = palette::ramp(share);
                let mut shade = Rectangle::new([(x, y), (x + 1.0, y + 1.0)], color.filled());
                let margin = px(0.4) as u32;
                shade.set_margin(margin, margin, margin, margin);
                plot.plotting_area().draw(&shade)?;
                let content = (self.written)(value);
                let fit = (width - 2.8) / width_of(&content, TEXT_SIZE, false);
                let size = TEXT_SIZE * fit.clamp(0.7, 1.0);
                let style = frame::centered(size, palette::ink_on_ramp(share));
                let number = Text::new(content, (x + 0.5, y + 0.5), style);
                plot.plotting_area().draw(&number)?;
            }
        }
        Ok(())
    }
}

fn widest(labels: &[String]) -> f64 {
    labels
        .iter()
        .map(|label| width_of(label, SMALL_TEXT_SIZE, false))
        .fold(1.0, f64::max)
}

fn centers(labels: &[String]) -> Vec<(f64, String)> {
    let center = |(i, label): (usize, &String)| (i as f64 + 0.5, label.clone());
    labels.iter().enumerate().map(center).collect()
}
