//! `pearson_skewness(x)`: Pearson's second coefficient of skewness.

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
pub(super) struct PearsonSkewness {
    signature: Signature,
}

const TOLD: Told = Told::One(|statistics| statistics.skew);

impl Default for PearsonSkewness {
    fn default() -> Self {
        Self {
            signature: numbers::signature(),
        }
    }
}

impl AggregateUDFImpl for PearsonSkewness {
    fn name(&self) -> &str {
        "pearson_skewness"
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
            "Pearson's second coefficient of skewness, 3 (mean - median) / standard deviation, with the median by nearest rank and \
             the population's standard deviation. NULLs are left out; no values give NULL, values that are all equal NaN.",
            "pearson_skewness(x)",
            "SELECT layer, pearson_skewness(weight_raw_mean) FROM trajectories GROUP BY layer",
            "x" => "Numbers."
        )
    }
}
