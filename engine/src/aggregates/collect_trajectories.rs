//! `collect_trajectories(epoch, x, ...)`: from rows, one a checkpoint, to the course of each observed value.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::checkpoints::{self, Checkpoints};
use super::not_distinct;
use super::single_group::SingleGroup;
use crate::functions::documentation;

/// Its name in SQL.
const NAME: &str = "collect_trajectories";

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CollectTrajectories {
    signature: Signature,
}

impl Default for CollectTrajectories {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for CollectTrajectories {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        checkpoints::coerced(self.name(), arguments)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(checkpoints::returned()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(checkpoints::state_fields(&arguments))
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(collected(&arguments)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(collected(&arguments)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "Collects what was seen at each checkpoint to the course of each value: a struct of `epochs`, ascending, and \
             `trajectories`, for each value the list of it at those epochs. NULL values are NaN. An epoch that is NULL, or there \
             twice, is an error.",
            "collect_trajectories(epoch, x, ...)",
            "SELECT run_id, layer, collect_trajectories(epoch, weight_abs_median, activation_raw_norm) AS collected \
             FROM trajectories GROUP BY run_id, layer",
            "epoch" => "When the values were seen.",
            "x" => "The values."
        )
    }
}

fn collected(arguments: &AccumulatorArgs) -> Result<Checkpoints> {
    not_distinct(arguments)?;
    Ok(Checkpoints::all(NAME, arguments.exprs.len() - 1))
}
