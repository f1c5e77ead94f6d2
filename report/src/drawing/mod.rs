//! Drawing: what plotters needs to draw a figure for print, and what becomes of its SVG.
//!
//! Lengths are in units of a quarter of a millimetre in print. plotters rounds coordinates to whole pixels, so a
//! unit is ten of them, and the SVG's view box is ten times its size. plotters without a font library guesses how wide a
//! text is; where that matters to us, for margins and legends, a text is measured in the bundled font.

mod font;
pub(crate) mod palette;
mod png;
mod svg;

pub(crate) use font::{faces_css, text, width_of};
pub(crate) use png::encode;
#[cfg(test)]
pub(crate) use png::{parse, pixels};
pub(crate) use svg::{Area, Outcome, px, svg};

/// Width of a figure of one column, 89 mm in print.
pub(crate) const COLUMN: f64 = 340.0;

/// Width of a figure of both columns, 183 mm in print.
pub(crate) const BOTH_COLUMNS: f64 = 700.0;

/// Size of most text; 6.3 points in print.
pub(crate) const TEXT_SIZE: f64 = 8.5;

/// Size of the text beside ticks and in legends.
pub(crate) const SMALL_TEXT_SIZE: f64 = 7.5;
