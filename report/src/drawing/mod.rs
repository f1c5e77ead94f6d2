//! Drawing: shapes and measured text on a canvas of SVG, in units of a quarter of a millimetre in print.
//!
//! Plotting libraries for Rust snap shapes to whole pixels and guess how wide a text is. A figure for print needs neither:
//! here coordinates are numbers, and a text is measured in the font that it is drawn in, so that margins and legends fit.

mod canvas;
mod font;
pub(crate) mod palette;
mod png;
mod scale;

pub(crate) use canvas::{Anchor, Canvas, Marker, Point, Rect, Stroke, Text};
pub(crate) use font::{FAMILY, faces_css, width_of};
pub(crate) use png::encode;
#[cfg(test)]
pub(crate) use png::{parse, pixels};
pub(crate) use scale::{Scale, is_power, number, power};

/// Width of a figure of one column, 89 mm in print.
pub(crate) const COLUMN: f64 = 340.0;

/// Width of a figure of both columns, 183 mm in print.
pub(crate) const BOTH_COLUMNS: f64 = 700.0;

/// Size of most text; 6.3 points in print.
pub(crate) const TEXT_SIZE: f64 = 8.5;

/// Size of the text beside ticks and in legends.
pub(crate) const SMALL_TEXT_SIZE: f64 = 7.5;
