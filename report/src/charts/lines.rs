//! Lines: estimates along a quantity, a line for each of a few series.

use plotters::prelude::*;

use super::axis::Axis;
use super::frame::{self, Frame, Guides};
use super::{Chart, Marker};
use crate::Estimate;
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE};

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) color: RGBColor,
    pub(crate) marker: Marker,
    /// In the order of the quantity.
    pub(crate) points: Vec<(f64, Estimate)>,
}

/// How the quantity runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum XAxis {
    Linear,
    Logarithmic,
}

/// The chart, up to 1, from a tenth that is below everything.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) title: Option<String>,
    pub(crate) series: Vec<Series>,
    pub(crate) x_axis: XAxis,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) chance: Option<f64>,
    /// Where the vertical axis begins, where several charts are to have it in common.
    pub(crate) from: Option<f64>,
}

impl Chart for Lines<'_> {
    fn draw(&self, area: &Area<'_>) -> Outcome {
        let mut plot = Frame {
            title: self.title.as_deref(),
            x: self.x(frame::size_of(area).0 - frame::LEFT - frame::RIGHT),
            y: Axis::linear(self.from.unwrap_or_else(|| self.least())..1.0).with_round_numbers(6),
            x_label: self.x_label,
            y_label: self.y_label,
            left: frame::LEFT,
            bottom: frame::BOTTOM,
            right: frame::RIGHT,
            guides: Guides::Level,
            x_text_size: SMALL_TEXT_SIZE,
        }
        .draw(area)?;
        if let Some(accuracy) = self.chance {
            frame::chance(&mut plot, accuracy)?;
        }
        for series in &self.series {
            let points = series.points.iter().map(|(x, y)| (*x, y.mean));
            plot.draw_series(LineSeries::new(points, frame::line(series.color, 1.4)))?;
            for (x, estimate) in &series.points {
                frame::upright_error(&plot, *x, *estimate)?;
                let area = plot.plotting_area();
                series
                    .marker
                    .draw(area, (*x, estimate.mean), series.color)?;
            }
        }
        Ok(())
    }
}

impl Lines<'_> {
    /// The horizontal axis, `length` long: with all places as ticks where these are few.
    fn x(&self, length: f64) -> Axis {
        // Marks at the ends keep clear of the axis.
        const CLEAR: f64 = 8.0;
        let points = self.series.iter().flat_map(|series| &series.points);
        let mut places: Vec<f64> = points.map(|(x, _)| *x).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let first = places.first().copied().unwrap_or(1.0);
        let last = places.last().copied().unwrap_or(1.0);
        let share = CLEAR / (length - 2.0 * CLEAR);
        let axis = match self.x_axis {
            XAxis::Linear => {
                let clear = (last - first) * share;
                Axis::linear(first - clear..last + clear)
            }
            XAxis::Logarithmic => {
                let clear = (last / first).powf(share);
                Axis::logarithmic(first / clear..last * clear)
            }
        };
        let axis = axis.with_fitting_numbers(6, length);
        let few = match self.x_axis {
            XAxis::Linear => places.len() <= 8,
            XAxis::Logarithmic => axis.n_ticks() <= 2,
        };
        if few {
            axis.with_numbers(&places).thinned(length)
        } else {
            axis
        }
    }

    /// Gives charts that stand side by side one vertical axis.
    pub(crate) fn share_vertical_axis(charts: &mut [Self]) {
        let from = charts.iter().map(Self::least).reduce(f64::min);
        for chart in charts {
            chart.from = from;
        }
    }

    /// Where the vertical axis of this chart alone begins.
    fn least(&self) -> f64 {
        let ends = self
            .series
            .iter()
            .flat_map(|series| &series.points)
            .map(|(_, estimate)| estimate.mean - estimate.standard_error.unwrap_or(0.0));
        let least = ends.chain(self.chance).fold(1.0, f64::min);
        // The line of guessing keeps clear of the axis.
        (((least - 0.03) * 10.0).floor() / 10.0).clamp(0.0, 0.9)
    }
}
