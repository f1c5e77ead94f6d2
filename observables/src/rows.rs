//! The average over stimuli.

use std::error::Error;
use std::fmt;

use crate::{Observation, Scratch, observe, value::Value};

/// Values that do not fill rows of equal length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaggedRows {
    /// Number of values given.
    pub n_values: usize,
    /// Values a row.
    pub n_units: usize,
}

impl fmt::Display for RaggedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} values do not fill rows of {} units",
            self.n_values, self.n_units
        )
    }
}

impl Error for RaggedRows {}

/// Average over the rows of `values`, `[n_stimuli, n_units]` in row-major order, of each row's observation.
///
/// This is the study's reduction of activations: a statistic is of one stimulus over all units, and its value is the
/// mean over stimuli. No rows have NaN as the mean of every statistic, and a statistic that is NaN in one row is NaN.
///
/// # Errors
/// [`RaggedRows`] when `n_units` is 0 or does not divide the number of values.
pub fn mean_observation<T: Value>(
    values: &[T],
    n_units: usize,
    scratch: &mut Scratch,
) -> Result<Observation, RaggedRows> {
    if n_units == 0 || !values.len().is_multiple_of(n_units) {
        return Err(RaggedRows {
            n_values: values.len(),
            n_units,
        });
    }
    let rows = values.chunks_exact(n_units);
    let n_rows = rows.len() as f64;
    let mut sums = [0.0; Observation::COUNT];
    for row in rows {
        for (sum, statistic) in sums.iter_mut().zip(observe(row, scratch).to_array()) {
            *sum += statistic;
        }
    }
    Ok(Observation::from_array(sums.map(|sum| sum / n_rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_mean_of_the_rows() {
        let values = [1.0f32, 2.0, 6.0, -1.0, 0.0, 4.0];
        let mut scratch = Scratch::default();
        let mean = mean_observation(&values, 3, &mut scratch).unwrap();
        let rows = [
            observe(&values[..3], &mut scratch),
            observe(&values[3..], &mut scratch),
        ];
        let [first, second] = rows.map(Observation::to_array);
        for ((mean, first), second) in mean.to_array().into_iter().zip(first).zip(second) {
            assert_eq!(mean, (first + second) / 2.0);
        }
        assert_eq!(
            [mean.raw.mean, mean.raw.median, mean.abs.median],
            [2.0, 1.0, 1.5]
        );
    }

    #[test]
    fn rows_must_be_whole() {
        let scratch = &mut Scratch::default();
        let error = mean_observation(&[1.0; 7], 3, scratch).unwrap_err();
        assert_eq!(error.to_string(), "7 values do not fill rows of 3 units");
        assert!(mean_observation(&[0.0f32; 0], 0, scratch).is_err());
        assert!(
            mean_observation(&[0.0f32; 0], 3, scratch)
                .unwrap()
                .raw
                .norm
                .is_nan()
        );
    }
}
