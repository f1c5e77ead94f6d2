//! Rankings: a line of text for each of many things, and its estimates in columns to the right of it.

use plotters::prelude::*;

use super::axis::Axis;
use super::frame::{self, Frame, Guides};
use super::{Chart, Marker};
use crate::Estimate;
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE, palette, px, text, width_of};

const ROW_HEIGHT: f64 = 11.5;
const SECTION_GAP: f64 = 5.0;
const HEADING_HEIGHT: f64 = 13.0;
/// Between columns, and on the right of the last.
const GAP: f64 = 14.0;
const RIGHT: f64 = 10.0;

/// A thing and its estimates, one for each column.
#[derive(Clone, Debug)]
pub(crate) struct RankedRow {
    pub(crate) label: String,
    pub(crate) color: RGBColor,
    pub(crate) values: Vec<Option<Estimate>>,
}

/// Rows below a heading.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) heading: Option<String>,
    pub(crate) rows: Vec<RankedRow>,
}

/// How a column shows its estimates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Bars,
    Points,
}

/// A column of estimates.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) form: Form,
    pub(crate) domain: (f64, f64),
    /// Share of the room for columns.
    pub(crate) share: f64,
    /// Where a dashed line goes from top to bottom.
    pub(crate) dashed: Option<f64>,
    /// Where a plain line goes from top to bottom.
    pub(crate) plain: Option<f64>,
}

/// The chart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranking<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) sections: &'a [Section],
    pub(crate) columns: &'a [Column],
}

/// Where headings and rows stand, from the top of the plots.
#[derive(Default)]
struct Places<'a> {
    headings: Vec<(f64, &'a str)>,
    rows: Vec<(f64, &'a RankedRow)>,
    height: f64,
}

impl Ranking<'_> {
    /// Height that the rows need.
    pub(crate) fn height(&self) -> f64 {
        frame::top(self.title) + self.places().height + frame::BOTTOM
    }

    fn places(&self) -> Places<'_> {
        let mut places = Places::default();
        for section in self.sections {
            let mut y = places.height + SECTION_GAP / 2.0;
            if let Some(heading) = &section.heading {
                places.headings.push((y + HEADING_HEIGHT / 2.0, heading));
                y += HEADING_HEIGHT;
            }
            for row in &section.rows {
                places.rows.push((y + ROW_HEIGHT / 2.0, row));
                y += ROW_HEIGHT;
            }
            places.height = y + SECTION_GAP / 2.0;
        }
        places
    }

    fn column(&self, area: &Area<'_>, index: usize, left: f64, places: &Places<'_>) -> Outcome {
        let column = &self.columns[index];
        let width = frame::size_of(area).0 - left;
        let names = places.rows.iter().map(|(y, row)| (*y, row.label.clone()));
        let names = if index == 0 {
            names.collect()
        } else {
            Vec::new()
        };
        let (from, to) = column.domain;
        let mut plot = Frame {
            title: None,
            x: Axis::linear(from..to).with_fitting_numbers(6, width),
            y: Axis::linear(places.height..0.0).with_names(names),
            x_label: &column.label,
            y_label: "",
            left,
            bottom: frame::BOTTOM,
            right: 0.0,
            guides: Guides::Upright,
            x_text_size: SMALL_TEXT_SIZE,
        }
        .draw(area)?;
        let upright = |x| [(x, 0.0), (x, places.height)];
        if let Some(value) = column.plain {
            let style = frame::line(palette::MUTED, 1.0);
            plot.draw_series(LineSeries::new(upright(value), style))?;
        }
        for (y, row) in &places.rows {
            let Some(Some(estimate)) = row.values.get(index) else {
                continue;
            };
            match column.form {
                Form::Bars => {
                    let corners = [(0.0, y - 4.0), (estimate.mean, y + 4.0)];
                    plot.draw_series([Rectangle::new(corners, row.color.filled())])?;
                    frame::level_error(&plot, *y, *estimate)?;
                }
                Form::Points => {
                    frame::level_error(&plot, *y, *estimate)?;
                    let area = plot.plotting_area();
                    Marker::Circle.draw(area, (estimate.mean, *y), row.color)?;
                }
            }
        }
        if let Some(value) = column.dashed {
            let [from, to] = upright(value);
            plot.draw_series(frame::dashed(from, to))?;
        }
        Ok(())
    }
}

impl Chart for Ranking<'_> {
    fn draw(&self, area: &Area<'_>) -> Outcome {
        let places = self.places();
        let labels = places
            .rows
            .iter()
            .map(|(_, row)| (row.label.as_str(), false));
        let headings = places.headings.iter().map(|(_, heading)| (*heading, true));
        let widest = labels
            .chain(headings)
            .map(|(words, bold)| width_of(words, SMALL_TEXT_SIZE, bold))
            .fold(0.0, f64::max);
        let first_left = widest + 10.0;
        let top = frame::top(self.title);
        let (width, _) = frame::size_of(area);
        if let Some(title) = self.title {
            frame::title(area, title, (first_left + width - RIGHT) / 2.0, 8.0)?;
        }
        for (y, heading) in &places.headings {
            let style = frame::bold(text(SMALL_TEXT_SIZE, palette::INK));
            area.draw_text(heading, &style, (0, px(top + y)))?;
        }
        let n_gaps = self.columns.len().max(1) - 1;
        let room = width - first_left - RIGHT - GAP * n_gaps as f64;
        let shares: f64 = self.columns.iter().map(|column| column.share).sum();
        let mut x = 0.0;
        for (index, column) in self.columns.iter().enumerate() {
            let left = if index == 0 { first_left } else { GAP };
            let extent = left + room * column.share / shares;
            let height = self.height() - top + frame::top(None);
            let part = area.clone().shrink(
                (px(x), px(top - frame::top(None))),
                (px(extent), px(height)),
            );
            self.column(&part, index, left, &places)?;
            x += extent;
        }
        Ok(())
    }
}
