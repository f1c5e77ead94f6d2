//! `admissible(epochs, trajectories)`: which statistics are finite wherever they are needed.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, Signature, Volatility,
};

use super::not_distinct;
use super::usual::{Asked, Usual, choices_type, epochs_type, trajectories_type};
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Admissible {
    signature: Signature,
}

impl Default for Admissible {
    fn default() -> Self {
        let arguments = vec![epochs_type(), trajectories_type()];
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for Admissible {
    fn name(&self) -> &str {
        "admissible"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(choices_type())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(Usual::state_fields(&arguments))
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_distinct(&arguments)?;
        Ok(Box::new(Usual::new(Asked::Admissible)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "For each of the trajectories' statistics whether it is finite, in single precision, at every checkpoint of every row that has the usual \
             checkpoints (see `usual_epochs`): a list of booleans. A row where either argument is NULL does not count; \
             a trajectory that is NULL is not finite.",
            "admissible(epochs, trajectories)",
            "SELECT admissible(epochs, trajectories) AS is_admissible FROM series WHERE status = 'trained'",
            "epochs" => "A list of integers.",
            "trajectories" => "A list of as many lists of numbers in every row."
        )
    }
}
