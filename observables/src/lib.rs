//! The seven statistics of a set of observed units, under the three functions, in one call.
//!
//! [`observe`] turns the entries of a kernel, or the outputs of a layer for one stimulus, into 21 numbers: norm, mean,
//! variance, Pearson's second skewness, kurtosis, median and third quartile of the values themselves, of their absolute
//! values and of their squares. [`mean_observation`] averages them over stimuli, which is how the study reduces
//! activations.
//!
//! A layer's activations are observed at every checkpoint of every run, so the 21 are computed together: two passes for
//! all moments, one histogram for all four order statistics, and the quantiles of the squares taken from those of the
//! absolute values. Whatever the input's type, the arithmetic is in `f64`. The order of summation is fixed and depends
//! on nothing but the input, so equal inputs give equal bits on any machine that follows IEEE 754.
//!
//! Rows may be spread over threads; what comes out does not depend on their number. Working memory is at most one copy of
//! the row at hand a thread.
//!
//! [`observe_raw`] gives the seven of the values themselves alone, where nothing else is asked.
//!
//! Deliberately absent: tensors, sampling and noise (the observation's condition is applied before the values come
//! here).
//!
//! * [`statistics`]: the seven statistics and the result's shape.
//! * [`value`]: what can be observed, `f32` and `f64`.
//! * `moments`: norms and central moments.
//! * `quantile`: order statistics.
//! * [`gated_sum`]: what an activity change is the sum of.
//! * [`rows`]: the average over stimuli, and rows spread over threads.
//!
//! # References
//! Nayebi et al., "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020.

mod gated;
mod lanes;
mod moments;
mod quantile;
pub mod rows;
mod scratch;
pub mod statistics;
pub mod value;

pub use gated::gated_sum;
pub use rows::{RaggedRows, each_row, mean_observation};
pub use scratch::Scratch;
pub use statistics::{Observation, Statistics};
pub use value::Value;

/// The seven statistics of `values`, of their absolute values and of their squares.
///
/// `scratch` is working memory that a caller keeps between calls; its content is never read.
///
/// * Quantiles are nearest-rank: the value of rank `ceil(q n)`, counted from 1 in ascending order, which NumPy calls
///   `method="inverted_cdf"`. Nothing is interpolated, so a quantile is one of the values; a zero is reported as `+0`.
///   The quantiles of the squares are the squares, in `f64`, of the quantiles of the absolute values.
/// * Moments are central, taken in a second pass around the mean, so that a mean far from zero costs no digits.
/// * Finite values that are all equal have their value as the mean, variance exactly 0, and NaN (0/0) as skewness and
///   kurtosis. For the absolute values and the squares, what counts is whether the absolute values are equal.
/// * A NaN among the values makes all 21 NaN. Infinities follow IEEE arithmetic: they have a place in the order, and
///   means and norms may be infinite, but around an infinite mean the variance is NaN.
/// * No values at all: every statistic is NaN but the norm, which is 0.
pub fn observe<T: Value>(values: &[T], scratch: &mut Scratch) -> Observation {
    T::observe(values, scratch)
}

/// The seven statistics of `values` themselves: [`observe`]'s `raw`, to the bit, in a fraction of its time.
pub fn observe_raw<T: Value>(values: &[T], scratch: &mut Scratch) -> Statistics {
    T::observe_raw(values, scratch)
}

fn observe_raw_values<T: Value>(values: &[T], scratch: &mut Scratch) -> Statistics {
    let moments = moments::raw_moments(values);
    // A sum of squares is NaN only through a NaN, and NaNs have no place in the order.
    let [median, third_quartile] = if moments.norm.is_nan() {
        quantile::Quantiles::NAN.raw
    } else {
        quantile::raw_quantiles(values, scratch)
    };
    moments.with_quantiles(median, third_quartile)
}

fn observe_values<T: Value>(values: &[T], scratch: &mut Scratch) -> Observation {
    let moments = moments::moments(values);
    // A sum of absolute values is NaN only through a NaN, and NaNs have no place in the order.
    let quantiles = if moments.abs.mean.is_nan() {
        quantile::Quantiles::NAN
    } else {
        quantile::quantiles(values, scratch)
    };
    let [raw_median, raw_third_quartile] = quantiles.raw;
    let [abs_median, abs_third_quartile] = quantiles.abs;
    Observation {
        raw: moments.raw.with_quantiles(raw_median, raw_third_quartile),
        abs: moments.abs.with_quantiles(abs_median, abs_third_quartile),
        square: moments.square.with_quantiles(
            abs_median * abs_median,
            abs_third_quartile * abs_third_quartile,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(values: &[f32]) -> Observation {
        observe(values, &mut Scratch::default())
    }

    #[test]
    fn a_hand_computed_example() {
        // Sorted -2 -1 3 4: mean 1, deviations -3 -2 2 3, ranks ceil(4/2) = 2 and ceil(12/4) = 3.
        let Observation { raw, abs, square } = observed(&[3.0, -1.0, 4.0, -2.0]);
        let skew = |mean: f64, median: f64, var: f64| 3.0 * (mean - median) / var.sqrt();
        assert_eq!(raw.to_array()[..3], [30f64.sqrt(), 1.0, 6.5]);
        assert_eq!(
            raw.to_array()[3..],
            [skew(1.0, -1.0, 6.5), 48.5 / 6.5 / 6.5, -1.0, 3.0]
        );
        // 1 2 3 4: mean 2.5, deviations of 1.5 and 0.5.
        assert_eq!(abs.to_array()[..3], [30f64.sqrt(), 2.5, 1.25]);
        assert_eq!(
            abs.to_array()[3..],
            [skew(2.5, 2.0, 1.25), 41.0 / 16.0 / 1.25 / 1.25, 2.0, 3.0]
        );
        // 1 4 9 16: mean 7.5, deviations -6.5 -3.5 1.5 8.5.
        assert_eq!(square.to_array()[..3], [354f64.sqrt(), 7.5, 32.25]);
        assert_eq!([square.median, square.third_quartile], [4.0, 9.0]);
    }

    #[test]
    fn equal_values_have_no_variance() {
        for n in [1, 2, 3, 1000, 5001] {
            let Observation { raw, abs, square } = observe(&vec![-0.1; n], &mut Scratch::default());
            let square_of_tenth = 0.1 * 0.1;
            for (statistics, value) in [(raw, -0.1), (abs, 0.1), (square, square_of_tenth)] {
                assert_eq!(statistics.mean, value, "{n}");
                assert_eq!(statistics.var, 0.0, "{n}");
                assert!(
                    statistics.skew.is_nan() && statistics.kurtosis.is_nan(),
                    "{n}"
                );
                assert_eq!(
                    [statistics.median, statistics.third_quartile],
                    [value, value],
                    "{n}"
                );
            }
        }
        let mirrored = observe(&[0.1, -0.1, -0.1], &mut Scratch::default());
        assert!(mirrored.raw.var > 0.0 && mirrored.abs.var == 0.0 && mirrored.square.var == 0.0);
    }

    #[test]
    fn no_values_have_a_norm_only() {
        for statistics in [observed(&[]).raw, observed(&[]).abs, observed(&[]).square] {
            let [norm, rest @ ..] = statistics.to_array();
            assert_eq!(norm, 0.0);
            assert!(rest.iter().all(|value| value.is_nan()));
        }
    }

    #[test]
    fn a_nan_spreads_to_every_statistic() {
        for n in [1, 5, 5001] {
            let mut values = vec![1.0; n];
            values[n / 2] = f32::NAN;
            let all = observed(&values).to_array();
            assert!(all.iter().all(|value| value.is_nan()), "{n}: {all:?}");
            let raw = observe_raw(&values, &mut Scratch::default()).to_array();
            assert!(raw.iter().all(|value| value.is_nan()), "{n}: {raw:?}");
        }
    }

    #[test]
    fn infinities_have_a_place_in_the_order() {
        let inf = f64::INFINITY;
        let one_sided = observed(&[f32::INFINITY, 1.0, 2.0, 3.0]);
        assert_eq!(
            [one_sided.raw.norm, one_sided.raw.mean, one_sided.raw.median],
            [inf, inf, 2.0]
        );
        assert!(
            one_sided.raw.var.is_nan()
                && one_sided.raw.skew.is_nan()
                && one_sided.raw.kurtosis.is_nan()
        );
        let both = observed(&[f32::NEG_INFINITY, f32::INFINITY, f32::INFINITY, 0.0]);
        assert!(both.raw.mean.is_nan());
        assert_eq!([both.raw.median, both.raw.third_quartile], [0.0, inf]);
        assert_eq!(
            [both.abs.mean, both.square.norm, both.square.median],
            [inf, inf, inf]
        );
        assert!(observed(&[f32::INFINITY; 3]).raw.var.is_nan());
        let alone = observe_raw(
            &[f32::NEG_INFINITY, f32::INFINITY, f32::INFINITY, 0.0],
            &mut Scratch::default(),
        );
        assert_eq!(
            [alone.norm, alone.median, alone.third_quartile],
            [inf, 0.0, inf]
        );
    }

    #[test]
    fn a_far_mean_costs_no_digits() {
        // Deviations of exactly 1/2 around 1e8 + 1/2: power sums in f64 would lose all of them.
        let values: Vec<f64> = (0..4096).map(|i| 1e8 + f64::from(i % 2)).collect();
        let raw = observe(&values, &mut Scratch::default()).raw;
        assert_eq!([raw.mean, raw.var, raw.kurtosis], [1e8 + 0.5, 0.25, 1.0]);
    }

    #[test]
    fn scratch_carries_nothing_over() {
        let mut scratch = Scratch::default();
        let long: Vec<f32> = (0..9000).map(|i| (i as f32 * 0.37).sin()).collect();
        let wide: Vec<f64> = long.iter().map(|&value| f64::from(value)).collect();
        let fresh = observe(&long[..7000], &mut Scratch::default());
        for _ in 0..2 {
            observe(&long, &mut scratch);
            assert_eq!(observe(&wide[..7000], &mut scratch), fresh);
            observe(&long[..5], &mut scratch);
            assert_eq!(observe(&long[..7000], &mut scratch), fresh);
        }
    }
}
