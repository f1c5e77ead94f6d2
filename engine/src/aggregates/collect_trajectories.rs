//! `collect_trajectories(epoch, x, ...)`: from rows, one a checkpoint, to the course of each observed value; and
//! `collect_admissible(counts, epoch, x, ...)`: the same without what is inadmissible anyway.
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

/// What is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kept {
    All,
    Admissible,
}

/// Either aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Collect {
    kept: Kept,
    signature: Signature,
}

impl Collect {
    /// `collect_trajectories`.
    pub(super) fn trajectories() -> Self {
        Self::new(Kept::All)
    }

    /// `collect_admissible`.
    pub(super) fn admissible() -> Self {
        Self::new(Kept::Admissible)
    }

    fn new(kept: Kept) -> Self {
        Self {
            kept,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    fn checkpoints(&self, arguments: &AccumulatorArgs) -> Result<Checkpoints> {
        not_distinct(arguments)?;
        let n_arguments = arguments.exprs.len();
        Ok(match self.kept {
            Kept::All => Checkpoints::all(NAME, n_arguments - 1),
            Kept::Admissible => Checkpoints::admissible(NAME_OF_ADMISSIBLE, n_arguments - 2),
        })
    }
}

/// Their names in SQL.
const NAME: &str = "collect_trajectories";
const NAME_OF_ADMISSIBLE: &str = "collect_admissible";

impl AggregateUDFImpl for Collect {
    fn name(&self) -> &str {
        match self.kept {
            Kept::All => NAME,
            Kept::Admissible => NAME_OF_ADMISSIBLE,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let name = self.name();
        match (self.kept, arguments) {
            (Kept::All, arguments) => checkpoints::coerced(name, arguments),
            (Kept::Admissible, [DataType::Boolean, arguments @ ..]) => {
                let rest = checkpoints::coerced(name, arguments)?;
                Ok([vec![DataType::Boolean], rest].concat())
            }
            (Kept::Admissible, _) => {
                plan_err!("{name} takes first whether a row counts, true or false")
            }
        }
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(checkpoints::returned()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(checkpoints::state_fields(&arguments))
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(SingleGroup::new(self.checkpoints(&arguments)?)))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.checkpoints(&arguments)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        match self.kept {
            Kept::All => documentation!(
                "Collects what was seen at each checkpoint to the course of each value: a struct of `epochs`, ascending, and \
                 `trajectories`, for each value the list of it at those epochs. NULL values are NaN. An epoch that is NULL, or there \
                 twice, is an error.",
                "collect_trajectories(epoch, x, ...)",
                "SELECT run_id, layer, collect_trajectories(epoch, weight_abs_median, activation_raw_norm) AS collected \
                 FROM trajectories GROUP BY run_id, layer",
                "epoch" => "When the values were seen.",
                "x" => "The values."
            ),
            Kept::Admissible => documentation!(
                "As `collect_trajectories`, for groups that `admissible` is asked of afterwards: a trajectory that is not finite, in \
                 single precision, is NULL, and so may be that of the same value in other groups of equal epochs, as no group's is \
                 admissible then. Of a group with a row that does not count all are NULL, and it says nothing of others.",
                "collect_admissible(counts, epoch, x, ...)",
                "SELECT run_id, layer, collect_admissible((status = 'trained'), epoch, weight_raw_skew, weight_raw_mean) AS collected \
                 FROM trajectories GROUP BY run_id, layer",
                "counts" => "Whether the row counts; NULL counts as false.",
                "epoch" => "When the values were seen.",
                "x" => "The values."
            ),
        }
    }
}
