//! `kurtosis_pearson(x)`: the fourth central moment over the squared variance.

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::Documentation;

use super::folded::{Fold, Folded};
use super::of_numbers::Aggregate;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct KurtosisPearson;

impl Aggregate for KurtosisPearson {
    const NAME: &'static str = "kurtosis_pearson";

    type Groups = Folded<Moments, 5>;

    fn groups() -> Self::Groups {
        Folded::new()
    }

    fn state_fields(name: &str) -> Vec<FieldRef> {
        Folded::<Moments, 5>::state_fields(name)
    }

    fn documentation() -> Option<&'static Documentation> {
        documentation!(
            "Pearson's kurtosis: the fourth central moment over the squared population variance, 3 for a normal distribution and \
             not in excess of it. NULLs are left out; no values give NULL, values that are all equal NaN.",
            "kurtosis_pearson(x)",
            "SELECT layer, kurtosis_pearson(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}

/// Count, mean, and sums of the powers of the distances from the mean.
///
/// # References
/// Pebay, "Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments",
/// 2008, equations 2.1 and 3.1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    n: f64,
    mean: f64,
    second: f64,
    third: f64,
    fourth: f64,
}

impl Fold<5> for Moments {
    fn push(&mut self, value: f64) {
        *self = self.merge(Self {
            n: 1.0,
            mean: value,
            ..Self::default()
        });
    }

    fn merge(self, other: Self) -> Self {
        if self.n == 0.0 {
            return other;
        }
        if other.n == 0.0 {
            return self;
        }
        let (a, b) = (self, other);
        let n = a.n + b.n;
        let distance = b.mean - a.mean;
        let step = distance / n;
        let product = a.n * b.n * distance * step;
        Self {
            n,
            mean: a.mean + b.n * step,
            second: a.second + b.second + product,
            third: a.third
                + b.third
                + product * (a.n - b.n) * step
                + 3.0 * step * (a.n * b.second - b.n * a.second),
            fourth: a.fourth
                + b.fourth
                + product * (a.n * a.n - a.n * b.n + b.n * b.n) * step * step
                + 6.0 * step * step * (a.n * a.n * b.second + b.n * b.n * a.second)
                + 4.0 * step * (a.n * b.third - b.n * a.third),
        }
    }

    fn to_array(self) -> [f64; 5] {
        [self.n, self.mean, self.second, self.third, self.fourth]
    }

    fn from_array([n, mean, second, third, fourth]: [f64; 5]) -> Self {
        Self {
            n,
            mean,
            second,
            third,
            fourth,
        }
    }

    fn result(self) -> f64 {
        self.n * self.fourth / (self.second * self.second)
    }
}
