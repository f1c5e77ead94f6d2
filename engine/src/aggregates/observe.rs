//! `observe(x)`: the study's seven statistics.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
};

use super::collected::{Collected, Told};
use super::numbers;
use super::single_group::SingleGroup;
use crate::functions::{documentation, statistics};

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Observe {
    signature: Signature,
}

const TOLD: Told = Told::All;

impl Default for Observe {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for Observe {
    fn name(&self) -> &str {
        "observe"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(statistics::data_type())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(Collected::state_fields(arguments.name))
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(Collected::new(TOLD))))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Collected::new(TOLD)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The study's seven statistics in one pass, as a struct: norm (L2), mean, var (population), skew (3 (mean - median) / \
             standard deviation), kurtosis (normal = 3), median and third_quartile (nearest rank). NULLs are left out; no values \
             give NULL.",
            "observe(x)",
            "SELECT layer, observe(weight_raw_mean) AS observed FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
