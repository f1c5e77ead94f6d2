//! `frobenius_norm(x)`: the square root of the sum of squares.

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
pub(super) struct FrobeniusNorm {
    signature: Signature,
}

impl Default for FrobeniusNorm {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for FrobeniusNorm {
    fn name(&self) -> &str {
        "frobenius_norm"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(Folded::<SumOfSquares, 2>::state_fields(arguments.name))
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(Folded::<SumOfSquares, 2>::new())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Folded::<SumOfSquares, 2>::new()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The Frobenius (L2) norm: the square root of the sum of squares. NULLs are left out; no values give NULL.",
            "frobenius_norm(x)",
            "SELECT layer, frobenius_norm(weight_raw_norm) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}

/// Count and sum of squares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SumOfSquares {
    n: f64,
    sum: f64,
}

impl Fold<2> for SumOfSquares {
    fn push(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value * value;
    }

    fn merge(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            sum: self.sum + other.sum,
        }
    }

    fn to_array(self) -> [f64; 2] {
        [self.n, self.sum]
    }

    fn from_array([n, sum]: [f64; 2]) -> Self {
        Self { n, sum }
    }

    fn result(self) -> f64 {
        self.sum.sqrt()
    }
}
