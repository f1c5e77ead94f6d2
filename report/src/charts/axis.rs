//! An axis: a coordinate of plotters, with our words at its ticks.

use std::ops::Range;

use plotters::coord::ranged1d::{
    BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter,
};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

use crate::drawing::{SMALL_TEXT_SIZE, px, width_of};

/// An axis with its ticks, of which plotters' own axes know no names.
pub(super) struct Axis {
    coordinate: Coordinate,
    ticks: Vec<(f64, String)>,
}

enum Coordinate {
    Linear(RangedCoordf64),
    Logarithmic(LogCoord<f64>),
}

impl Axis {
    /// Equal differences are equally far apart. No ticks. A range of nothing becomes one of 1.
    pub(super) fn linear(Range { start, end }: Range<f64>) -> Self {
        let range = if start == end {
            start - 0.5..end + 0.5
        } else {
            start..end
        };
        Self {
            coordinate: Coordinate::Linear(range.into()),
            ticks: Vec::new(),
        }
    }

    /// Equal ratios are equally far apart. The range is positive. No ticks. A range of nothing becomes one of 4 times.
    pub(super) fn logarithmic(Range { start, end }: Range<f64>) -> Self {
        let range = if start == end {
            start / 2.0..end * 2.0
        } else {
            start..end
        };
        Self {
            coordinate: Coordinate::Logarithmic(range.log_scale().into()),
            ticks: Vec::new(),
        }
    }

    /// With names at places.
    pub(super) fn with_names(self, ticks: Vec<(f64, String)>) -> Self {
        Self { ticks, ..self }
    }

    /// With ticks where plotters finds round numbers, at most `n`.
    pub(super) fn with_round_numbers(self, n: usize) -> Self {
        let numbers = match &self.coordinate {
            Coordinate::Linear(coordinate) => coordinate.key_points(BoldPoints(n)),
            Coordinate::Logarithmic(coordinate) => coordinate.key_points(BoldPoints(n)),
        };
        self.with_numbers(&numbers)
    }

    /// With ticks at these numbers.
    pub(super) fn with_numbers(self, numbers: &[f64]) -> Self {
        let logarithmic = matches!(self.coordinate, Coordinate::Logarithmic(_));
        let powers = logarithmic && numbers.iter().all(|number| is_power(*number));
        let written = if powers { power } else { number };
        let ticks = numbers.iter().map(|value| (*value, written(*value)));
        self.with_names(ticks.collect())
    }

    /// With round numbers, at most `n`, and fewer where they would touch when it runs from left to right over `length`.
    pub(super) fn with_fitting_numbers(mut self, n: usize, length: f64) -> Self {
        for n in (2..=n).rev() {
            self = self.with_round_numbers(n);
            let n_ticks = self.ticks.len();
            self = self.thinned(length);
            if self.ticks.len() == n_ticks {
                break;
            }
        }
        self
    }

    /// Without the ticks whose numbers would touch the one before, when it runs from left to right over `length`.
    pub(super) fn thinned(mut self, length: f64) -> Self {
        const GAP: f64 = 3.0;
        let mut free_from = i32::MIN;
        let mut ticks = std::mem::take(&mut self.ticks);
        ticks.retain(|(value, label)| {
            let half = px(width_of(label, SMALL_TEXT_SIZE, false) / 2.0);
            let at = self.map(value, (0, px(length)));
            let fits = at - half >= free_from;
            if fits {
                free_from = at + half + px(GAP);
            }
            fits
        });
        Self { ticks, ..self }
    }

    pub(super) fn n_ticks(&self) -> usize {
        self.ticks.len()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match &self.coordinate {
            Coordinate::Linear(coordinate) => coordinate.map(value, limit),
            Coordinate::Logarithmic(coordinate) => coordinate.map(value, limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // plotters asks for its light guide lines too; there are none.
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        match &self.coordinate {
            Coordinate::Linear(coordinate) => coordinate.range(),
            Coordinate::Logarithmic(coordinate) => coordinate.range(),
        }
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(place, _)| place == value);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

/// A tick's number in few letters; a tiny one as a multiple of a power of ten.
fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.001 {
        let exponent = value.abs().log10().floor();
        let factor = number(value / 10f64.powf(exponent));
        return format!("{factor}×{}", power(10f64.powf(exponent)));
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('-', "−")
}

/// A power of ten as one, but for one itself.
fn power(value: f64) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let exponent = value.log10().round() as i32;
    if exponent == 0 {
        return "1".to_owned();
    }
    let letter = |letter: char| {
        letter
            .to_digit(10)
            .map_or('⁻', |digit| DIGITS[digit as usize])
    };
    let exponent: String = exponent.to_string().chars().map(letter).collect();
    format!("10{exponent}")
}

fn is_power(value: f64) -> bool {
    let exponent = value.log10();
    (exponent - exponent.round()).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn round_numbers_are_written_in_few_letters() {
        let axis = Axis::linear(0.0..1.0).with_round_numbers(6);
        assert_eq!(labels(&axis), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let axis = Axis::logarithmic(5e-4..2.0).with_round_numbers(6);
        assert_eq!(labels(&axis), ["10⁻³", "10⁻²", "10⁻¹", "1"]);
    }

    #[test]
    fn numbers_that_would_touch_are_left_out() {
        let axis = Axis::linear(0.0..0.11).with_fitting_numbers(6, 30.0);
        assert_eq!(labels(&axis), ["0", "0.1"]);
        let axis = Axis::linear(0.0..1.0).with_numbers(&[0.0, 0.01, 0.5, 1.0]);
        assert_eq!(labels(&axis.thinned(100.0)), ["0", "0.5", "1"]);
    }

    #[test]
    fn a_range_of_nothing_has_a_middle() {
        for axis in [Axis::linear(3.0..3.0), Axis::logarithmic(3.0..3.0)] {
            assert!((40..=60).contains(&axis.map(&3.0, (0, 100))));
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.25), "0.25");
        assert_eq!(number(1.0), "1");
        assert_eq!(number(-5.0), "−5");
        assert_eq!(number(3e-5), "3×10⁻⁵");
        assert_eq!(power(1e-4), "10⁻⁴");
        assert_eq!(power(0.1), "10⁻¹");
        assert_eq!(power(1.0), "1");
        assert!(is_power(1e-5) && !is_power(0.25) && !is_power(0.0));
    }
}
