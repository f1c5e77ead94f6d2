//! Rankings: a line of text for each of many things, and its estimates in columns to the right of it.

use super::axes;
use crate::Estimate;
use crate::drawing::{
    Anchor, Canvas, Marker, Point, Rect, SMALL_TEXT_SIZE, Scale, Stroke, Text, palette, width_of,
};

const ROW_HEIGHT: f64 = 11.5;
const SECTION_GAP: f64 = 5.0;
const HEADING_HEIGHT: f64 = 13.0;

/// A thing and its estimates, one for each column.
#[derive(Clone, Debug)]
pub(crate) struct RankedRow {
    pub(crate) label: String,
    pub(crate) color: &'static str,
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

impl Ranking<'_> {
    /// Height that the rows need.
    pub(crate) fn height(&self) -> f64 {
        let top = if self.title.is_some() {
            axes::TITLE
        } else {
            axes::TOP
        };
        let sections: f64 = self.sections.iter().map(section_height).sum();
        top + sections + axes::BOTTOM
    }

    /// Draws into `area`, which is as high as [`Ranking::height`] or higher.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let top = if self.title.is_some() {
            axes::TITLE
        } else {
            axes::TOP
        };
        let labels = self.sections.iter().flat_map(|section| &section.rows);
        let headings = self
            .sections
            .iter()
            .filter_map(|section| section.heading.as_ref());
        let widest = labels
            .map(|row| width_of(&row.label, SMALL_TEXT_SIZE, false))
            .chain(headings.map(|heading| width_of(heading, SMALL_TEXT_SIZE, true)))
            .fold(0.0, f64::max);
        let plots = area.inset(
            widest + 10.0,
            top,
            10.0,
            area.height - self.height() + axes::BOTTOM,
        );
        if let Some(title) = self.title {
            axes::title(canvas, plots, title);
        }
        let mut y = plots.top;
        for section in self.sections {
            let mut row_y = y + SECTION_GAP / 2.0;
            if let Some(heading) = &section.heading {
                let at = Point {
                    x: area.left,
                    y: row_y + HEADING_HEIGHT / 2.0,
                };
                canvas.text(at, Text::new(heading).with_size(SMALL_TEXT_SIZE).bold());
                row_y += HEADING_HEIGHT;
            }
            for row in &section.rows {
                let at = Point {
                    x: plots.left - 5.0,
                    y: row_y + ROW_HEIGHT / 2.0,
                };
                let text = Text::new(&row.label)
                    .with_size(SMALL_TEXT_SIZE)
                    .with_anchor(Anchor::End);
                canvas.text(at, text);
                row_y += ROW_HEIGHT;
            }
            y += section_height(section);
        }
        let shares: f64 = self.columns.iter().map(|column| column.share).sum();
        let gap = 14.0;
        let room = plots.width - gap * (self.columns.len().max(1) - 1) as f64;
        let mut left = plots.left;
        for (index, column) in self.columns.iter().enumerate() {
            let plot = Rect {
                left,
                width: room * column.share / shares,
                ..plots
            };
            self.column(canvas, plot, index, column);
            left += plot.width + gap;
        }
    }

    fn column(&self, canvas: &mut Canvas, plot: Rect, index: usize, column: &Column) {
        let scale = Scale::linear(column.domain, (plot.left, plot.right()));
        let n_ticks = if plot.width < 120.0 { 2 } else { 4 };
        let ticks = scale.ticks(n_ticks);
        let upright = |x| {
            [
                Point { x, y: plot.top },
                Point {
                    x,
                    y: plot.bottom(),
                },
            ]
        };
        for tick in &ticks {
            canvas.path(&upright(scale.at(*tick)), Stroke::GUIDE);
        }
        axes::horizontal(canvas, plot, scale, &ticks, &column.label);
        canvas.path(&upright(plot.left), Stroke::AXIS);
        if let Some(value) = column.plain {
            canvas.path(
                &upright(scale.at(value)),
                Stroke::solid(palette::MUTED, 1.0),
            );
        }
        let mut y = plot.top;
        for section in self.sections {
            let heading = if section.heading.is_some() {
                HEADING_HEIGHT
            } else {
                0.0
            };
            let mut row_y = y + SECTION_GAP / 2.0 + heading;
            for row in &section.rows {
                if let Some(Some(estimate)) = row.values.get(index) {
                    mark(
                        canvas,
                        row_y + ROW_HEIGHT / 2.0,
                        row.color,
                        *estimate,
                        column.form,
                        scale,
                        plot.left,
                    );
                }
                row_y += ROW_HEIGHT;
            }
            y += section_height(section);
        }
        if let Some(value) = column.dashed {
            canvas.path(&upright(scale.at(value)), Stroke::CHANCE);
        }
    }
}

fn mark(
    canvas: &mut Canvas,
    y: f64,
    color: &str,
    estimate: Estimate,
    form: Form,
    scale: Scale,
    left: f64,
) {
    let x = scale.at(estimate.mean);
    match form {
        Form::Bars => {
            let bar = Rect {
                left,
                top: y - 4.0,
                width: x - left,
                height: 8.0,
            };
            canvas.rect(bar, color);
            axes::level_error(canvas, y, estimate, scale);
        }
        Form::Points => {
            axes::level_error(canvas, y, estimate, scale);
            canvas.marker(Marker::Circle, Point { x, y }, 2.8, color);
        }
    }
}

fn section_height(section: &Section) -> f64 {
    let heading = if section.heading.is_some() {
        HEADING_HEIGHT
    } else {
        0.0
    };
    heading + SECTION_GAP + ROW_HEIGHT * section.rows.len() as f64
}
