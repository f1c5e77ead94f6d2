//! `collect_admissible(counts, epoch, x, ...)`: as `collect_trajectories`, without what is inadmissible anyway.
//!
//! What is admissible is known when the last example was collected, and until then all are kept: without a statistic from where
//! the first example shows that it is not finite, they take no more memory than what is given in the end.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::checkpoints::{self, Checkpoints};
use super::not_distinct;
use super::single_group::SingleGroup;
use crate::functions::documentation;

/// Its name in SQL.
const NAME: &str = "collect_admissible";

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CollectAdmissible {
    signature: Signature,
}

impl Default for CollectAdmissible {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for CollectAdmissible {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let Some((DataType::Boolean, arguments)) = arguments.split_first() else {
            return plan_err!("{NAME} takes first whether a row counts, true or false");
        };
        let rest = checkpoints::coerced(NAME, arguments)?;
        Ok([vec![DataType::Boolean], rest].concat())
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
            "As `collect_trajectories`, for groups that `admissible` is asked of afterwards: a trajectory that is not finite, in single \
             precision, is NULL, and so may be that of the same value in other groups of equal epochs, as no group's is admissible then. \
             Of a group with a row that does not count all are NULL, and it says nothing of others.",
            "collect_admissible(counts, epoch, x, ...)",
            "SELECT run_id, layer, collect_admissible((status = 'trained'), epoch, weight_raw_skew, weight_raw_mean) AS collected \
             FROM trajectories GROUP BY run_id, layer",
            "counts" => "Whether the row counts; NULL counts as false.",
            "epoch" => "When the values were seen.",
            "x" => "The values."
        )
    }
}

fn collected(arguments: &AccumulatorArgs) -> Result<Checkpoints> {
    not_distinct(arguments)?;
    Ok(Checkpoints::admissible(NAME, arguments.exprs.len() - 2))
}
