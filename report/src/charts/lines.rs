//! Lines: estimates along a quantity, a line for each of a few series.

use super::axes;
use crate::Estimate;
use crate::drawing::{Canvas, Marker, Point, Rect, Scale, Stroke};

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) color: &'static str,
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

/// The chart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) series: &'a [Series],
    pub(crate) x_axis: XAxis,
    pub(crate) x_label: &'a str,
    pub(crate) y_label: &'a str,
    pub(crate) chance: Option<f64>,
}

impl Lines<'_> {
    /// Draws into `area`, up to 1, from a tenth that is below everything.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: Rect) {
        let top = if self.title.is_some() {
            axes::TITLE
        } else {
            axes::TOP
        };
        let plot = area.inset(axes::LEFT, top, axes::RIGHT, axes::BOTTOM);
        let y_scale = Scale::linear((self.least(), 1.0), (plot.bottom(), plot.top));
        let mut places: Vec<f64> = self
            .series
            .iter()
            .flat_map(|series| series.points.iter().map(|(x, _)| *x))
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let domain = (
            places.first().copied().unwrap_or(0.0),
            places.last().copied().unwrap_or(1.0),
        );
        // Marks at the ends keep clear of the axis.
        let range = (plot.left + 8.0, plot.right() - 8.0);
        let x_scale = match self.x_axis {
            XAxis::Linear => Scale::linear(domain, range),
            XAxis::Logarithmic => Scale::logarithmic(domain, range),
        };
        let round = x_scale.ticks(5);
        let ticks = match self.x_axis {
            XAxis::Linear if places.len() > 8 => round,
            XAxis::Logarithmic if round.len() > 2 => round,
            _ => places,
        };
        axes::vertical(canvas, plot, y_scale, self.y_label);
        axes::horizontal(canvas, plot, x_scale, &ticks, self.x_label);
        if let Some(title) = self.title {
            axes::title(canvas, plot, title);
        }
        if let Some(chance) = self.chance {
            axes::chance(canvas, plot, y_scale.at(chance));
        }
        for series in self.series {
            let at = |(x, estimate): &(f64, Estimate)| Point {
                x: x_scale.at(*x),
                y: y_scale.at(estimate.mean),
            };
            let points: Vec<Point> = series.points.iter().map(at).collect();
            canvas.path(&points, Stroke::solid(series.color, 1.4));
            for (point, (_, estimate)) in points.iter().zip(&series.points) {
                axes::upright_error(canvas, point.x, *estimate, y_scale);
                canvas.marker(series.marker, *point, 2.6, series.color);
            }
        }
    }

    /// Where the vertical axis begins.
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
