//! `||` of texts as a function, which has bounds as others do.

use std::sync::Arc;

use arrow::compute::kernels::concat_elements::concat_elements_dyn;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::utils::take_function_args;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::{Bounded, Unit, is_constant, sizes};

/// Its name, which nobody writes as one.
pub(crate) const NAME: &str = "||";

/// The function with its bounds.
pub(super) fn function() -> Arc<ScalarUDF> {
    let function = ScalarUDF::from(Concatenate::default());
    Arc::new(ScalarUDF::from(Bounded {
        function,
        unit: Unit::Bytes,
        size: sizes::concat,
    }))
}

/// Two texts of the same type, one behind the other; NULL where one of them is.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Concatenate {
    signature: Signature,
}

impl Default for Concatenate {
    fn default() -> Self {
        let signature = Signature::any(2, Volatility::Immutable);
        Self { signature }
    }
}

impl ScalarUDFImpl for Concatenate {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Utf8))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [left, right] = take_function_args(NAME, arrays)?;
        let joined = concat_elements_dyn(&left, &right)?;
        Ok(match is_constant(&args) {
            true => ColumnarValue::Scalar(ScalarValue::try_from_array(&joined, 0)?),
            false => ColumnarValue::Array(joined),
        })
    }
}
