//! Norms and central moments of the values, of their absolute values and of their squares.
//!
//! Two passes: the first sums x, |x|, x^2 and x^4, the second the squared and fourth powers of the deviations from the
//! three means. Raw power sums up to x^8 would need one pass only and lose every digit of the variance once the mean is
//! far from zero.

use crate::{
    Statistics,
    lanes::{LANES, Lanes},
    value::Value,
};

/// Values that are summed before their sum joins the total. Rounding errors grow with the additions a value passes
/// through: so there are some hundred of them in a row of 65,536, where there would be 8,192.
const STRETCH: usize = 64 * LANES;

/// Statistics of one function, before the quantiles and what depends on them.
pub(crate) struct Moments {
    pub(crate) norm: f64,
    pub(crate) mean: f64,
    var: f64,
    kurtosis: f64,
}

impl Moments {
    /// Of the sums of `n` values' second and fourth powers of deviations from their mean.
    fn new(n: usize, norm: f64, mean: f64, second: f64, fourth: f64) -> Self {
        let n = n as f64;
        let var = second / n;
        Self {
            norm,
            mean,
            var,
            kurtosis: fourth / n / (var * var),
        }
    }

    /// Adds the quantiles, and the skewness that needs the median.
    pub(crate) fn with_quantiles(self, median: f64, third_quartile: f64) -> Statistics {
        let Self {
            norm,
            mean,
            var,
            kurtosis,
        } = self;
        let skew = 3.0 * (mean - median) / var.sqrt();
        Statistics {
            norm,
            mean,
            var,
            skew,
            kurtosis,
            median,
            third_quartile,
        }
    }
}

/// Moments under the three functions.
pub(crate) struct FunctionMoments {
    pub(crate) raw: Moments,
    pub(crate) abs: Moments,
    pub(crate) square: Moments,
}

/// Norms and central moments of `values` under the three functions.
pub(crate) fn moments<T: Value>(values: &[T]) -> FunctionMoments {
    let n = values.len() as f64;
    let [sum, abs_sum, square_sum, fourth_sum] = sums(values, |x| {
        let square = x.squared();
        [x, x.abs(), square, square.squared()]
    });
    let mut means = [sum / n, abs_sum / n, square_sum / n];
    // A mean of equal values may miss them by a rounding; the exact one makes their deviations vanish.
    if let Some(&first) = values.first() {
        let first = first.to_f64();
        if first.is_finite()
            && values
                .iter()
                .all(|value| value.to_f64().abs() == first.abs())
        {
            means[1] = first.abs();
            means[2] = first * first;
            if values.iter().all(|value| value.to_f64() == first) {
                means[0] = first;
            }
        }
    }
    let [mean, abs_mean, square_mean] = means;
    let deviations = sums(values, |x| {
        let raw = (x - Lanes::splat(mean)).squared();
        let abs = (x.abs() - Lanes::splat(abs_mean)).squared();
        let square = (x.squared() - Lanes::splat(square_mean)).squared();
        [
            raw,
            raw.squared(),
            abs,
            abs.squared(),
            square,
            square.squared(),
        ]
    });
    let [raw2, raw4, abs2, abs4, square2, square4] = deviations;
    let (n, norm, square_norm) = (values.len(), square_sum.sqrt(), fourth_sum.sqrt());
    FunctionMoments {
        raw: Moments::new(n, norm, mean, raw2, raw4),
        abs: Moments::new(n, norm, abs_mean, abs2, abs4),
        square: Moments::new(n, square_norm, square_mean, square2, square4),
    }
}

/// Norm and central moments of `values` themselves, to the bit as [`moments`] has them.
pub(crate) fn raw_moments<T: Value>(values: &[T]) -> Moments {
    let [sum, square_sum] = sums(values, |x| [x, x.squared()]);
    let mean = match values.first().map(|first| first.to_f64()) {
        Some(first) if first.is_finite() && values.iter().all(|value| value.to_f64() == first) => {
            first
        }
        _ => sum / values.len() as f64,
    };
    let [second, fourth] = sums(values, |x| {
        let square = (x - Lanes::splat(mean)).squared();
        [square, square.squared()]
    });
    Moments::new(values.len(), square_sum.sqrt(), mean, second, fourth)
}

/// Sums of terms over the values: value `i` goes to lane `i % LANES`, stretches are added in order, the lanes at the end.
#[inline(always)]
fn sums<T: Value, const SUMS: usize>(
    values: &[T],
    terms: impl Fn(Lanes) -> [Lanes; SUMS],
) -> [f64; SUMS] {
    let mut totals = [Lanes::default(); SUMS];
    for stretch in values.chunks(STRETCH) {
        let mut sums = [Lanes::default(); SUMS];
        let (blocks, rest) = stretch.as_chunks::<LANES>();
        for block in blocks {
            for (sum, term) in sums.iter_mut().zip(terms(Lanes(block.map(T::to_f64)))) {
                *sum += term;
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            for (sum, term) in sums.iter_mut().zip(terms(Lanes::splat(value.to_f64()))) {
                sum.0[lane] += term.0[lane];
            }
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += sum;
        }
    }
    totals.map(Lanes::sum)
}
