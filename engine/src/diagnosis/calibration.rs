//! Whether a probability means what it says: measured on examples that were not learned from.
//!
//! A classifier's probabilities are raised to a power and scaled to add up to 1 again (temperature scaling). The power is that
//! under which the examples that were tested are the most likely; it makes a classifier more or less sure, and never
//! changes what it names first.
//!
//! # References
//! Guo et al., "On Calibration of Modern Neural Networks", ICML 2017: temperature scaling, and bins of confidence.

use serde::{Deserialize, Serialize};

/// The least probability that is taken for one: a forest of which no tree votes for a class has not ruled it out.
const FLOOR: f64 = 1e-3;
/// Powers that are considered, as logarithms.
const LOG_POWERS: (f64, f64) = (-3.0, 3.0);
/// Bins of confidence.
const N_BINS: usize = 5;

/// What is known of a classifier's probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The power: 1 leaves probabilities as they are, more makes them surer.
    pub power: f64,
    /// Tested examples by the calibrated probability of what they were named, in equal steps from 0 to 1.
    pub bins: Vec<Bin>,
}

/// Tested examples of like confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Examples, each counted as often as it was tested.
    pub n: usize,
    /// Sum of their probabilities.
    pub confidence: f64,
    /// Those that were named rightly.
    pub n_right: usize,
}

impl Calibration {
    /// Learns from tested examples: `probabilities`, row by row, and the true class of each.
    pub fn learn(probabilities: &[f32], truth: &[u32], n_classes: usize) -> Self {
        let loss = |log_power: f64| {
            let power = log_power.exp();
            let rows = probabilities.chunks_exact(n_classes).zip(truth);
            rows.map(|(row, &truth)| -raised(row, power)[truth as usize].ln())
                .sum::<f64>()
        };
        let power = least(loss, LOG_POWERS).exp();
        let mut bins = vec![Bin::default(); N_BINS];
        for (row, &truth) in probabilities.chunks_exact(n_classes).zip(truth) {
            let row = raised(row, power);
            let (named, confidence) = most(&row);
            let bin = &mut bins[bin_of(confidence)];
            bin.n += 1;
            bin.confidence += confidence;
            bin.n_right += usize::from(named == truth as usize);
        }
        Self { power, bins }
    }

    /// The calibrated probabilities of one example.
    pub fn apply(&self, probabilities: &[f32]) -> Vec<f64> {
        raised(probabilities, self.power)
    }

    /// The tested examples that were named with about this probability.
    pub fn bin(&self, confidence: f64) -> Bin {
        self.bins
            .get(bin_of(confidence))
            .copied()
            .unwrap_or_default()
    }

    /// Expected calibration error: by how much probabilities and shares of right names differ, over the tested examples.
    pub fn expected_error(&self) -> f64 {
        let n: usize = self.bins.iter().map(|bin| bin.n).sum();
        let apart = self
            .bins
            .iter()
            .map(|bin| (bin.confidence - bin.n_right as f64).abs());
        apart.sum::<f64>() / n as f64
    }
}

fn bin_of(confidence: f64) -> usize {
    ((confidence * N_BINS as f64) as usize).min(N_BINS - 1)
}

/// Probabilities to a power, adding up to 1.
fn raised(probabilities: &[f32], power: f64) -> Vec<f64> {
    let powers: Vec<f64> = probabilities
        .iter()
        .map(|&probability| f64::from(probability).max(FLOOR).powf(power))
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// Place and size of the largest.
pub(super) fn most(values: &[f64]) -> (usize, f64) {
    let start = (0, f64::NEG_INFINITY);
    values.iter().copied().enumerate().fold(
        start,
        |best, next| if next.1 > best.1 { next } else { best },
    )
}

/// Where a function with one valley is least (golden section search).
fn least(value: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    let golden = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut of_a, mut of_b) = (value(a), value(b));
    while high - low > 1e-4 {
        if of_a < of_b {
            (high, b, of_b) = (b, a, of_a);
            a = high - golden * (high - low);
            of_a = value(a);
        } else {
            (low, a, of_a) = (a, b, of_b);
            b = low + golden * (high - low);
            of_b = value(b);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of ten examples with these probabilities, `n_right` are of the first class.
    fn tested(probability: f32, n_right: usize) -> Calibration {
        let probabilities: Vec<f32> = (0..10)
            .flat_map(|_| [probability, 1.0 - probability])
            .collect();
        let truth: Vec<u32> = (0..10).map(|n| u32::from(n >= n_right)).collect();
        Calibration::learn(&probabilities, &truth, 2)
    }

    #[test]
    fn probabilities_become_shares() {
        for (probability, n_right) in [(0.95, 7), (0.6, 9), (0.8, 8)] {
            let calibration = tested(probability, n_right);
            let calibrated = calibration.apply(&[probability, 1.0 - probability]);
            let share = n_right as f64 / 10.0;
            assert!((calibrated[0] - share).abs() < 1e-3, "{calibrated:?}");
            assert!(calibration.expected_error() < 1e-3);
            assert_eq!(calibration.bin(calibrated[0]).n, 10);
            assert_eq!(calibration.bin(calibrated[0]).n_right, n_right);
        }
    }

    #[test]
    fn what_is_named_first_stays_first() {
        let calibration = tested(0.95, 6);
        let calibrated = calibration.apply(&[0.1, 0.5, 0.4]);
        assert_eq!(most(&calibrated).0, 1);
        assert!((calibrated.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
