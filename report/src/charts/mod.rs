//! Forms of charts, without knowledge of experiments: numbers and labels in, marks on a canvas out.

mod axes;
mod bars;
mod heat_map;
mod legend;
mod lines;
mod ranking;

pub(crate) use bars::{Bar, BarGroup, Bars};
pub(crate) use heat_map::HeatMap;
pub(crate) use legend::{Legend, Swatch};
pub(crate) use lines::{Lines, Series, XAxis};
pub(crate) use ranking::{Column, Form, RankedRow, Ranking, Section};
