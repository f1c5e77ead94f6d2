//! Z-scores: every feature less its mean over the training examples, in units of its standard deviation there.
//!
//! Classifiers that weigh features against each other (linear machines, distances) apply it themselves, so that their
//! callers pass raw features. Trees need none of it. Beside trajectories, indicators (of a layer's depth), which are 0 or 1 in every
//! example, stay as they are: the study scales what is continuous.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Examples, Trajectories};

/// The least standard deviation that is divided by. A feature that is constant in training therefore stays small, as
/// zero where it keeps its value.
pub const DEVIATION_FLOOR: f64 = 1e-5;

/// Rows that one task sums up or scales: fixed, so that sums are the same on any number of threads.
const ROWS_AT_ONCE: usize = 512;

/// Mean and standard deviation of every feature of a training set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    means: Vec<f64>,
    /// Population standard deviations, at least [`DEVIATION_FLOOR`].
    deviations: Vec<f64>,
}

impl Scaler {
    /// Learns means and standard deviations (divided by n, not n - 1) from `examples`, summed in `f64` and in two passes:
    /// a deviation that is small beside its mean does not cancel. Of an indicator they are 0 and 1.
    pub fn fit(examples: &Examples<'_>) -> Self {
        let (features, width) = (examples.features(), examples.n_features());
        let n_examples = examples.n_examples() as f64;
        let mut means = column_sums(features, width, |_, value| value);
        for mean in &mut means {
            *mean /= n_examples;
        }
        let mut deviations = column_sums(features, width, |column, value| {
            (value - means[column]).powi(2)
        });
        for deviation in &mut deviations {
            *deviation = (*deviation / n_examples).sqrt().max(DEVIATION_FLOOR);
        }
        let trajectories = Trajectories::from_feature_names(examples.feature_names());
        let trajectories = trajectories
            .iter()
            .filter(|found| !found.channels().is_empty());
        for &column in trajectories.flat_map(Trajectories::others) {
            let mut values = features.iter().skip(column).step_by(width);
            if values.all(|&value| value == 0.0 || value == 1.0) {
                (means[column], deviations[column]) = (0.0, 1.0);
            }
        }
        Self { means, deviations }
    }

    /// Mean of every feature.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// Standard deviation of every feature, at least [`DEVIATION_FLOOR`].
    pub fn deviations(&self) -> &[f64] {
        &self.deviations
    }

    /// Z-scores of `features`: row-major, as wide as the training set, and so is what comes back.
    pub fn scale(&self, features: &[f32]) -> Vec<f64> {
        let width = self.means.len();
        let mut scaled = vec![0.0; features.len()];
        scaled
            .par_chunks_mut(width * ROWS_AT_ONCE)
            .zip(features.par_chunks(width * ROWS_AT_ONCE))
            .for_each(|(scaled, features)| {
                for (scaled, row) in scaled
                    .chunks_exact_mut(width)
                    .zip(features.chunks_exact(width))
                {
                    self.scale_row(row, scaled);
                }
            });
        scaled
    }

    /// Writes the z-scores of one row.
    pub(crate) fn scale_row(&self, row: &[f32], scaled: &mut [f64]) {
        for (((scaled, &value), mean), deviation) in scaled
            .iter_mut()
            .zip(row)
            .zip(&self.means)
            .zip(&self.deviations)
        {
            *scaled = (f64::from(value) - mean) / deviation;
        }
    }
}

/// Sum of `term(column, value)` down every column of a row-major matrix.
pub(crate) fn column_sums<T: Copy + Into<f64> + Sync>(
    values: &[T],
    width: usize,
    term: impl Fn(usize, f64) -> f64 + Sync,
) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = values
        .par_chunks(width * ROWS_AT_ONCE)
        .map(|rows| {
            let mut sums = vec![0.0; width];
            for row in rows.chunks_exact(width) {
                for (column, (sum, &value)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += term(column, value.into());
                }
            }
            sums
        })
        .collect();
    sum_in_order(parts, width)
}

/// Sum of equally long vectors, in their order, whichever thread made them.
pub(crate) fn sum_in_order(parts: Vec<Vec<f64>>, width: usize) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for part in parts {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Small, relative_difference};

    /// Of means and deviations against NumPy's: both sum in `f64`, in another order.
    const TOLERANCE: f64 = 1e-13;

    #[test]
    fn equals_numpy() {
        for small in Small::all() {
            let scaler = Scaler::fit(&small.examples());
            assert!(relative_difference(scaler.means(), &small.means) < TOLERANCE);
            assert!(relative_difference(scaler.deviations(), &small.deviations) < TOLERANCE);
        }
    }

    fn scaler(features: &[f32], names: &[&str]) -> Scaler {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let labels = vec![0; features.len() / names.len()];
        Scaler::fit(&Examples::try_new(features, &names, &labels, 1).unwrap())
    }

    #[test]
    fn z_scores_have_mean_zero_and_deviation_one() {
        // Deviations from 3: -2, 0, 2; population variance 8 / 3.
        let scaler = scaler(&[1.0, 3.0, 5.0], &["a"]);
        assert_eq!(scaler.means(), [3.0]);
        assert_eq!(scaler.deviations(), [(8.0_f64 / 3.0).sqrt()]);
        let expected = (3.0_f64 / 2.0).sqrt();
        let scaled = scaler.scale(&[1.0, 3.0, 5.0]);
        for (scaled, expected) in scaled.iter().zip([-expected, 0.0, expected]) {
            assert!((scaled - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn a_constant_feature_becomes_zero_and_its_deviation_the_floor() {
        let scaler = scaler(&[7.0, 1.0, 7.0, 2.0], &["constant", "other"]);
        assert_eq!(scaler.deviations()[0], DEVIATION_FLOOR);
        assert_eq!(scaler.scale(&[7.0, 1.5]), [0.0, 0.0]);
    }

    #[test]
    fn indicators_stay_as_they_are() {
        let values = [0.0, 1.0, 1.0, 2.0, 0.0, 3.0];
        let beside = scaler(&values, &["depth_early", "weight_raw_mean@0"]);
        assert_eq!((beside.means()[0], beside.deviations()[0]), (0.0, 1.0));
        assert_eq!(beside.scale(&[1.0, 2.0]), [1.0, 0.0]);
        assert!(scaler(&values, &["pixel 1", "pixel 2"]).means()[0] > 0.3);
    }

    #[test]
    fn a_small_deviation_beside_a_large_mean_does_not_cancel() {
        // In f32, 1e6 has neighbours 0.0625 apart, so these two values are exact.
        let scaler = scaler(&[1e6, 1e6 + 0.0625], &["a"]);
        assert_eq!(scaler.deviations(), [0.03125]);
    }

    #[test]
    fn the_same_scaler_on_any_number_of_threads() {
        let features: Vec<f32> = (0..3 * 5_000).map(|i| (i as f32 * 0.37).sin()).collect();
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap();
            pool.install(|| scaler(&features, &["a", "b", "c"]))
        };
        assert_eq!(on_threads(1), on_threads(3));
    }
}
