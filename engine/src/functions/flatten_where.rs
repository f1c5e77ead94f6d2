//! `flatten_where(lists, is_chosen)`: some lists, one behind the other.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MutableArrayData, NullBufferBuilder, make_array,
};
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
        let [outer, flags] = [once(&arguments.args[0])?, once(&arguments.args[1])?];
        let [outer, flags] = [Lists::of(&outer)?, Lists::of(&flags)?];
        let inner = Lists::of(outer.values())?;
        let is_chosen = flags.values().as_boolean();
        let mut chosen: Vec<&Range<usize>> = Vec::new();
        let (mut lengths, mut nulls) = (Vec::with_capacity(n_rows), NullBufferBuilder::new(n_rows));
        let rows = outer.rows().iter().cycle().zip(flags.rows().iter().cycle());
        for (lists, flags) in rows.take(n_rows) {
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
            let before = chosen.len();
            let flagged = lists.clone().zip(flags.clone());
            chosen.extend(
                flagged
                    .filter(|&(_, flag)| is_chosen.is_valid(flag) && is_chosen.value(flag))
                    .filter_map(|(list, _)| inner.rows()[list].as_ref()),
            );
            lengths.push(chosen[before..].iter().map(|values| values.len()).sum());
            nulls.append_non_null();
        }
        // No more room than is needed: answers are kept.
        let data = inner.values().to_data();
        let mut flat = MutableArrayData::new(vec![&data], false, lengths.iter().sum());
        for values in chosen {
            flat.try_extend(0, values.start, values.end)?;
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

/// A row for every row, or a single one where all are equal.
fn once(argument: &ColumnarValue) -> Result<ArrayRef> {
    match argument {
        ColumnarValue::Array(rows) => Ok(Arc::clone(rows)),
        ColumnarValue::Scalar(row) => row.to_array(),
    }
}
