//! `kurtosis_pearson(x)`: the fourth central moment over the squared variance.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
};

use super::folded::{Fold, Folded};
use super::numbers;
use super::single_group::SingleGroup;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct KurtosisPearson {
    signature: Signature,
}

impl Default for KurtosisPearson {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for KurtosisPearson {
    fn name(&self) -> &str {
        "kurtosis_pearson"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(Folded::<Moments, 5>::state_fields(arguments.name))
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(Folded::<Moments, 5>::new())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Folded::<Moments, 5>::new()))
    }

    fn documentation(&self) -> Option<&Documentation> {
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
