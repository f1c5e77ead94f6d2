//! Scales: from a quantity to a place along an axis.

/// A scale from `domain` to `range`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
    logarithmic: bool,
}

impl Scale {
    /// Equal differences are equally far apart.
    pub(crate) fn linear(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self {
            domain: widened(domain),
            range,
            logarithmic: false,
        }
    }

    /// Equal ratios are equally far apart. The domain is positive.
    pub(crate) fn logarithmic(domain: (f64, f64), range: (f64, f64)) -> Self {
        let least = domain.0.max(f64::MIN_POSITIVE);
        let (from, to) = widened((least.log10(), domain.1.max(least).log10()));
        Self {
            domain: (from, to),
            range,
            logarithmic: true,
        }
    }

    /// Whether equal ratios are equally far apart.
    pub(crate) fn is_logarithmic(self) -> bool {
        self.logarithmic
    }

    /// Where `value` lies; a value beyond the domain lies at its end.
    pub(crate) fn at(self, value: f64) -> f64 {
        let value = if self.logarithmic {
            value.max(f64::MIN_POSITIVE).log10()
        } else {
            value
        };
        let (from, to) = self.domain;
        let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Round numbers in the domain, about `n` of them; powers of ten on a logarithmic scale.
    pub(crate) fn ticks(self, n: usize) -> Vec<f64> {
        let (from, to) = self.domain;
        let tolerance = (to - from) * 1e-9;
        if self.logarithmic {
            let (first, last) = (
                (from - tolerance).ceil() as i32,
                (to + tolerance).floor() as i32,
            );
            return (first..=last).map(|power| 10f64.powi(power)).collect();
        }
        let raw = (to - from) / n.max(1) as f64;
        let magnitude = 10f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .map(|factor| factor * magnitude)
            .into_iter()
            .find(|step| *step >= raw * 0.999)
            .unwrap_or(raw);
        let first = ((from - tolerance) / step).ceil() as i64;
        let last = ((to + tolerance) / step).floor() as i64;
        (first..=last).map(|i| i as f64 * step).collect()
    }
}

/// A domain with an extent.
fn widened((from, to): (f64, f64)) -> (f64, f64) {
    if to - from > f64::EPSILON * from.abs().max(1.0) {
        (from, to)
    } else {
        (from - 0.5, from + 0.5)
    }
}

/// A tick's number in few letters; a tiny one as a multiple of a power of ten.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 0.001 {
        let exponent = value.abs().log10().floor();
        let factor = number(value / 10f64.powf(exponent));
        return format!("{factor}×10{}", superscript(exponent as i32));
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('-', "−")
}

/// A power of ten as one, but for one itself.
pub(crate) fn power(value: f64) -> String {
    match value.log10().round() as i32 {
        0 => "1".to_owned(),
        exponent => format!("10{}", superscript(exponent)),
    }
}

/// Whether `value` is a power of ten.
pub(crate) fn is_power(value: f64) -> bool {
    let exponent = value.log10();
    (exponent - exponent.round()).abs() < 1e-9
}

fn superscript(power: i32) -> String {
    power
        .to_string()
        .chars()
        .map(|letter| match letter {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => digit
                .to_digit(10)
                .and_then(|digit| char::from_u32(0x2070 + digit))
                .unwrap_or(letter),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let ticks = Scale::linear((0.0, 1.0), (0.0, 1.0)).ticks(4);
        assert_eq!(ticks, [0.0, 0.25, 0.5, 0.75, 1.0]);
        let ticks = Scale::logarithmic((1e-3, 1.0), (0.0, 1.0)).ticks(4);
        assert_eq!(ticks.len(), 4);
        assert!((ticks[0] - 1e-3).abs() < 1e-12);
    }

    #[test]
    fn a_value_lies_between_its_neighbours_and_within_the_range() {
        let scale = Scale::linear((0.0, 2.0), (10.0, 0.0));
        assert_eq!(
            (scale.at(0.0), scale.at(1.0), scale.at(5.0)),
            (10.0, 5.0, 0.0)
        );
        assert!(Scale::linear((3.0, 3.0), (0.0, 1.0)).at(3.0).is_finite());
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
