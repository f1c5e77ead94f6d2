//! `third_quartile(x)`: the 75th percentile by nearest rank.

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
pub(super) struct ThirdQuartile {
    signature: Signature,
}

const TOLD: Told = Told::One(|statistics| statistics.third_quartile);

impl Default for ThirdQuartile {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for ThirdQuartile {
    fn name(&self) -> &str {
        "third_quartile"
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
            "The third quartile by nearest rank: the value of rank ceil(3 n / 4) in ascending order. NULLs are left out; no values \
             give NULL, a NaN among them gives NaN.",
            "third_quartile(x)",
            "SELECT layer, third_quartile(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
