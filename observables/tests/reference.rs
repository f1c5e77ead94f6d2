//! Every statistic against the values that NumPy and SciPy give, made by `scripts/reference_statistics.py`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use engram_observables::{Observation, Scratch, Statistics, observe};
use serde_json::Value;

/// Largest relative difference of norms, means, variances and kurtoses: two correct sums of some thousand rounded terms
/// in different orders differ by less.
const RELATIVE_TOLERANCE: f64 = 1e-12;

/// Largest difference of skewnesses, which are differences of two close numbers over a deviation: the rounding of a mean
/// of 1e8, in units of a deviation of 1, tripled.
const SKEW_TOLERANCE: f64 = 1e-7;

/// Largest difference of skewnesses where the mean is at most 1e4 deviations from zero.
const NEAR_SKEW_TOLERANCE: f64 = 1e-11;

/// The generator of the script.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f64 / 16_777_216.0
    }

    fn bell(&mut self) -> f64 {
        let mut total = 0.0;
        for _ in 0..12 {
            total += self.next();
        }
        total - 6.0
    }

    fn shape(&mut self, shape: &str) -> f64 {
        match shape {
            "bell" => self.bell(),
            "rectified" => (self.bell() - 0.25).max(0.0),
            "negative" => -self.bell().abs() - 0.5,
            "coarse" => (self.bell() * 2.0).floor(),
            "heavy_tailed" => {
                let value = self.bell();
                value / (self.next() + 1.0 / 16_777_216.0)
            }
            other => panic!("no formula for {other}"),
        }
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a number in a string: {value}"))
        .parse()
        .unwrap()
}

/// The case's input, in f64 and before it is rounded to its type.
fn inputs(case: &Value) -> Vec<f64> {
    if let Some(values) = case["values"].as_array() {
        return values.iter().map(number).collect();
    }
    let formula = &case["formula"];
    let shape = formula["shape"].as_str().unwrap();
    let (scale, shift) = (number(&formula["scale"]), number(&formula["shift"]));
    let mut uniform = Uniform(formula["seed"].as_u64().unwrap());
    (0..formula["n"].as_u64().unwrap())
        .map(|_| uniform.shape(shape) * scale + shift)
        .collect()
}

fn observed(case: &Value, scratch: &mut Scratch) -> Observation {
    let wide = inputs(case);
    let (observation, last) = match case["dtype"].as_str().unwrap() {
        "float32" => {
            let narrow: Vec<f32> = wide.iter().map(|&value| value as f32).collect();
            (
                observe(&narrow, scratch),
                narrow.last().copied().map(f64::from),
            )
        }
        "float64" => (observe(&wide, scratch), wide.last().copied()),
        other => panic!("no type {other}"),
    };
    if !case["last"].is_null() {
        assert_eq!(
            last,
            Some(number(&case["last"])),
            "{}: the script's inputs were others",
            case["name"]
        );
    }
    observation
}

fn check(found: Statistics, expected: &Value, skew_tolerance: f64, what: &str) {
    let names = [
        "norm",
        "mean",
        "var",
        "skew",
        "kurtosis",
        "median",
        "third_quartile",
    ];
    for (name, found) in names.into_iter().zip(found.to_array()) {
        let expected = number(&expected[name]);
        let tolerance = match name {
            "median" | "third_quartile" => 0.0,
            "skew" => skew_tolerance,
            _ => RELATIVE_TOLERANCE * expected.abs(),
        };
        let equal = (found - expected).abs() <= tolerance || (found.is_nan() && expected.is_nan());
        assert!(
            equal,
            "{what} {name}: {found:e}, and the reference is {expected:e}"
        );
    }
}

#[test]
fn statistics_equal_those_of_numpy_and_scipy() {
    let reference: Value = serde_json::from_str(include_str!("reference.json")).unwrap();
    let cases = reference["cases"].as_array().unwrap();
    assert!(cases.len() > 40);
    let mut scratch = Scratch::default();
    for case in cases {
        let what = format!("{} ({})", case["name"], case["dtype"]);
        let Observation { raw, abs, square } = observed(case, &mut scratch);
        let far = raw.mean.abs() > 1e5 * raw.var.sqrt();
        let skew_tolerance = if far {
            SKEW_TOLERANCE
        } else {
            NEAR_SKEW_TOLERANCE
        };
        check(raw, &case["raw"], skew_tolerance, &format!("{what} raw"));
        check(abs, &case["abs"], skew_tolerance, &format!("{what} abs"));
        check(
            square,
            &case["square"],
            skew_tolerance,
            &format!("{what} square"),
        );
    }
}
