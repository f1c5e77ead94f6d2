//! `median_nearest(x)`: the 50th percentile by nearest rank.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
};

use super::collected::{Collected, Told};
use super::numbers;
use super::single_group::SingleGroup;
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MedianNearest {
    signature: Signature,
}

const TOLD: Told = Told::One(|statistics| statistics.median);

impl Default for MedianNearest {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for MedianNearest {
    fn name(&self) -> &str {
        "median_nearest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
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
            "The median by nearest rank: the value of rank ceil(n / 2) in ascending order, so that it is one of the values. \
             NULLs are left out; no values give NULL, a NaN among them gives NaN.",
            "median_nearest(x)",
            "SELECT layer, median_nearest(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
