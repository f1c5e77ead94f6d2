//! `usual_epochs(epochs)`: the checkpoints that most trajectories have.

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, Signature, Volatility,
};

use super::not_distinct;
use super::usual::{Asked, Usual, epochs_type};
use crate::functions::documentation;

/// The aggregate.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct UsualEpochs {
    signature: Signature,
}

impl Default for UsualEpochs {
    fn default() -> Self {
        Self {
            signature: Signature::exact(vec![epochs_type()], Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for UsualEpochs {
    fn name(&self) -> &str {
        "usual_epochs"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(epochs_type())
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(Usual::state_fields(&arguments))
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_distinct(&arguments)?;
        Ok(Box::new(Usual::new(Asked::Epochs)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The list of checkpoints that most rows have; of equally frequent ones the longest, and of these the earliest. Rows of \
             NULL do not count.",
            "usual_epochs(epochs)",
            "SELECT usual_epochs(epochs) AS usual FROM series",
            "epochs" => "A list of integers."
        )
    }
}
