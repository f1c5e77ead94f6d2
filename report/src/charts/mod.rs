//! Forms of charts, without knowledge of experiments: numbers and labels in, marks drawn by plotters out.
//!
//! Axes, ticks, guide lines, bars, lines, error bars and cells are plotters'. Ours is what it has no form for: a legend
//! that runs from left to right above the plots (plotters stacks its own inside a plot, where it covers data), names and powers
//! of ten at ticks, and columns of plots that share their rows.

mod axis;
mod bars;
mod frame;
mod heat_map;
mod legend;
mod lines;
mod marker;
mod ranking;

pub(crate) use bars::{Bar, BarGroup, Bars};
pub(crate) use heat_map::HeatMap;
pub(crate) use legend::{Legend, Swatch};
pub(crate) use lines::{Lines, Series, XAxis};
pub(crate) use marker::Marker;
pub(crate) use ranking::{Column, Form, RankedRow, Ranking, Section};

use crate::drawing::{Area, Outcome};

/// Something that fills a part of a figure.
pub(crate) trait Chart {
    /// Draws into `area`.
    fn draw(&self, area: &Area<'_>) -> Outcome;
}
