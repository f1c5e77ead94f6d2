//! `flatten_where(lists, is_chosen)`: some lists, one behind the other.

use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, MutableArrayData, NullBufferBuilder, make_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::documented::documentation;
use super::lists::{Lists, item_type};

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FlattenWhere {
    signature: Signature,
}

impl Default for FlattenWhere {
    fn default() -> Self {
        Self {
            signature: Signature::any(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for FlattenWhere {
    fn name(&self) -> &str {
        "flatten_where"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let [lists, is_chosen] = arguments else {
            return plan_err!("flatten_where takes a list of lists and a list of which are chosen");
        };
        match (item_type(lists).and_then(item_type), item_type(is_chosen)) {
            (Some(item), Some(DataType::Boolean)) => Ok(DataType::new_list(item.clone(), true)),
            _ => plan_err!(
                "flatten_where takes a list of lists and a list of booleans, not {lists} and {is_chosen}"
            ),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let outer = arguments.args[0].to_array(n_rows)?;
        let outer = Lists::of(&outer)?;
        let inner = Lists::of(outer.values())?;
        let flags = arguments.args[1].to_array(n_rows)?;
        let flags = Lists::of(&flags)?;
        let is_chosen = flags.values().as_boolean();
        let data = inner.values().to_data();
        let mut flat = MutableArrayData::new(vec![&data], true, data.len());
        let (mut lengths, mut nulls) = (Vec::with_capacity(n_rows), NullBufferBuilder::new(n_rows));
        for (lists, flags) in outer.rows().iter().zip(flags.rows()) {
            let (Some(lists), Some(flags)) = (lists, flags) else {
                lengths.push(0);
                nulls.append_null();
                continue;
            };
            if lists.len() != flags.len() {
                return exec_err!(
                    "flatten_where: {} lists and {} choices",
                    lists.len(),
                    flags.len()
                );
            }
            let mut length = 0;
            for (list, flag) in lists.clone().zip(flags.clone()) {
                let chosen = is_chosen.is_valid(flag) && is_chosen.value(flag);
                if let Some(values) = inner.rows()[list].as_ref().filter(|_| chosen) {
                    flat.try_extend(0, values.start, values.end)?;
                    length += values.len();
                }
            }
            lengths.push(length);
            nulls.append_non_null();
        }
        let values = make_array(flat.freeze());
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let flattened = ListArray::try_new(
            item,
            OffsetBuffer::from_lengths(lengths),
            values,
            nulls.finish(),
        )?;
        Ok(ColumnarValue::Array(Arc::new(flattened)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The chosen ones of a row's lists, one behind the other, in their own order. NULL when an argument is.",
            "flatten_where(lists, is_chosen)",
            "SELECT run_id, layer, flatten_where([epochs, epochs], [true, false]) AS first FROM series",
            "lists" => "A list of lists.",
            "is_chosen" => "As many booleans; NULL counts as false."
        )
    }
}
