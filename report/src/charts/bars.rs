//! Grouped bars: an estimate for each of a few things in each of a few groups.

use plotters::prelude::*;

use super::Chart;
use super::axis::Axis;
use super::frame::{self, Frame, Guides};
use crate::Estimate;
use crate::drawing::{Area, Outcome, SMALL_TEXT_SIZE, width_of};

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) color: RGBColor,
    pub(crate) estimate: Estimate,
}

/// Bars beside each other, with a name below.
#[derive(Clone, Debug)]
pub(crate) struct BarGroup {
    pub(crate) label: String,
    pub(crate) bars: Vec<Bar>,
}

/// The chart, from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bars<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) groups: &'a [BarGroup],
    pub(crate) y_label: &'a str,
    pub(crate) chance: Option<f64>,
}

impl Chart for Bars<'_> {
    fn draw(&self, area: &Area<'_>) -> Outcome {
        // A bar is one wide, and so is the gap between groups.
        let mut end = 0.0;
        let mut groups = Vec::new();
        for group in self.groups {
            let width = group.bars.len() as f64 + 1.0;
            groups.push((end + 0.5, width, group));
            end += width;
        }
        let slot = (frame::size_of(area).0 - frame::LEFT - frame::RIGHT) / end;
        let fit = groups.iter().map(|(_, width, group)| {
            (width * slot - 4.0) / width_of(&group.label, SMALL_TEXT_SIZE, false)
        });
        let names = groups.iter().map(|(left, width, group)| {
            let middle = left + (width - 1.0) / 2.0;
            (middle, group.label.clone())
        });
        let mut plot = Frame {
            title: self.title,
            x: Axis::linear(0.0..end).with_names(names.collect()),
            y: Axis::linear(0.0..1.0).with_round_numbers(6),
            x_label: "",
            y_label: self.y_label,
            left: frame::LEFT,
            bottom: 22.0,
            right: frame::RIGHT,
            guides: Guides::Level,
            x_text_size: SMALL_TEXT_SIZE * fit.fold(1.0, f64::min).max(0.75),
        }
        .draw(area)?;
        for (left, _, group) in &groups {
            for (i, bar) in group.bars.iter().enumerate() {
                let left = left + i as f64;
                let corners = [(left + 0.06, 0.0), (left + 0.94, bar.estimate.mean)];
                plot.draw_series([Rectangle::new(corners, bar.color.filled())])?;
                frame::upright_error(&plot, left + 0.5, bar.estimate)?;
            }
        }
        match self.chance {
            Some(accuracy) => frame::chance(&mut plot, accuracy),
            None => Ok(()),
        }
    }
}
