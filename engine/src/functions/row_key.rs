//! `row_key(x, ...)`: some values of a row as one, for joins.
//!
//! DataFusion's hash join (55.2) looks through every number of a joined floating-point column for negative zeros, for each batch
//! that it joins with: that grows with the square of a dataset. Bytes are compared as they are.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::documented::documentation;
use super::keyed;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct RowKey {
    signature: Signature,
}

impl Default for RowKey {
    fn default() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for RowKey {
    fn name(&self) -> &str {
        "row_key"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match keyed::unknown(arguments) {
            Some(other) => plan_err!("row_key cannot tell rows by a value of type {other}"),
            None => Ok(DataType::Binary),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let columns = keyed::canonical(&arguments.args, n_rows);
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        let (mut keys, mut key) = (BinaryBuilder::new(), Vec::new());
        for row in 0..n_rows {
            key.clear();
            for column in &columns {
                keyed::write(column, row, &mut key);
            }
            keys.append_value(&key);
        }
        Ok(ColumnarValue::Array(Arc::new(keys.finish())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "Bytes that are equal where all values are, and nowhere else, NULL and NaN among them. To join by several columns at \
             once, by columns that may be NULL, and by numbers in large tables.",
            "row_key(x, ...)",
            "SELECT count(DISTINCT row_key(unit_fraction, noise_stddev)) AS n_conditions FROM examples",
            "x" => "Text, numbers, booleans. The type's width does not matter."
        )
    }
}
