//! Colours that readers with any colour vision tell apart, and that stay apart in grey.
//!
//! # References
//! Okabe and Ito, "Color Universal Design", 2008.

use plotters::style::colors::colormaps::{ColorMap, DerivedColorMap};
use plotters::style::{RGBColor, WHITE};

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);
/// What stands back: ticks, guide lines, notes.
pub(crate) const MUTED: RGBColor = RGBColor(102, 102, 102);
/// Lines that only guide the eye.
pub(crate) const GUIDE: RGBColor = RGBColor(227, 227, 227);

pub(crate) const BLACK: RGBColor = RGBColor(0, 0, 0);
pub(crate) const GREY: RGBColor = RGBColor(140, 140, 140);
pub(crate) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(crate) const SKY_BLUE: RGBColor = RGBColor(86, 180, 233);
pub(crate) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(crate) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(crate) const VERMILION: RGBColor = RGBColor(213, 94, 0);
pub(crate) const PURPLE: RGBColor = RGBColor(204, 121, 167);

/// Colours for series without one of their own, in the order of use.
const SERIES: [RGBColor; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK];

/// The colour of the series at `index`.
pub(crate) fn series(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// From white to dark blue: the colour of `share` in 0..=1.
pub(crate) fn ramp(share: f64) -> RGBColor {
    let stops = [
        RGBColor(247, 251, 255),
        RGBColor(158, 202, 225),
        RGBColor(49, 130, 189),
        RGBColor(8, 48, 107),
    ];
    DerivedColorMap::new(&stops).get_color(share.clamp(0.0, 1.0))
}

/// The colour of text on [`ramp`] of `share`.
pub(crate) fn ink_on_ramp(share: f64) -> RGBColor {
    if share > 0.5 { WHITE } else { INK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_goes_from_light_to_dark() {
        assert_eq!(ramp(0.0), RGBColor(247, 251, 255));
        assert_eq!(ramp(1.0), RGBColor(8, 48, 107));
        assert_eq!(ramp(2.0), RGBColor(8, 48, 107));
    }
}
