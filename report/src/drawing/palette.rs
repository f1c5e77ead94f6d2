//! Colours that readers with any colour vision tell apart, and that stay apart in grey.
//!
//! # References
//! Okabe and Ito, "Color Universal Design", 2008.

/// Text and axes.
pub(crate) const INK: &str = "#222222";
/// What stands back: ticks, guide lines, notes.
pub(crate) const MUTED: &str = "#666666";
/// Lines that only guide the eye.
pub(crate) const GUIDE: &str = "#E3E3E3";

pub(crate) const BLACK: &str = "#000000";
pub(crate) const GREY: &str = "#8C8C8C";
pub(crate) const ORANGE: &str = "#E69F00";
pub(crate) const SKY_BLUE: &str = "#56B4E9";
pub(crate) const GREEN: &str = "#009E73";
pub(crate) const BLUE: &str = "#0072B2";
pub(crate) const VERMILION: &str = "#D55E00";
pub(crate) const PURPLE: &str = "#CC79A7";

/// Colours for series without one of their own, in the order of use.
pub(crate) const SERIES: [&str; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY_BLUE, BLACK];

/// The colour of the series at `index`.
pub(crate) fn series(index: usize) -> &'static str {
    SERIES[index % SERIES.len()]
}

/// From white to dark blue: the colour of `share` in 0..=1.
pub(crate) fn ramp(share: f64) -> String {
    const STOPS: [[f64; 3]; 4] = [
        [247.0, 251.0, 255.0],
        [158.0, 202.0, 225.0],
        [49.0, 130.0, 189.0],
        [8.0, 48.0, 107.0],
    ];
    let position = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let first = (position.floor() as usize).min(STOPS.len() - 2);
    let rest = position - first as f64;
    let [red, green, blue] = std::array::from_fn(|channel| {
        let (from, to) = (STOPS[first][channel], STOPS[first + 1][channel]);
        (from + (to - from) * rest).round() as u8
    });
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The colour of text on [`ramp`] of `share`.
pub(crate) fn ink_on_ramp(share: f64) -> &'static str {
    if share > 0.5 { "#FFFFFF" } else { INK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_goes_from_light_to_dark() {
        assert_eq!(ramp(0.0), "#F7FBFF");
        assert_eq!(ramp(1.0), "#08306B");
        assert_eq!(ramp(f64::NAN.max(2.0)), "#08306B");
    }
}
