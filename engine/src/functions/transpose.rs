//! `transpose(rows)`: a list of equally long lists with rows and columns exchanged.
//!
//! Aggregation collects checkpoints, each with its observed values; a trajectory is one value over all checkpoints.
//! Collecting every value by itself instead costs an ordered aggregate for each, which is many times slower.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

/// `transpose(rows)`, where `transpose([[1, 2, 3], [4, 5, 6]])` is `[[1, 4], [2, 5], [3, 6]]`.
///
/// NULL gives NULL, a list of no lists gives one; NULL items keep their places. Lists of different lengths, and a NULL in
/// place of a list, are errors of the data.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Transpose {
    signature: Signature,
}

impl Default for Transpose {
    fn default() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Transpose {
    fn name(&self) -> &str {
        "transpose"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [rows] if row_field(rows).is_some() => Ok(rows.clone()),
            [other] => plan_err!("transpose takes a list of lists, not {other}"),
            _ => plan_err!("transpose takes one argument"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let transposed = transpose(arrays[0].as_list::<i32>())?;
        Ok(ColumnarValue::Array(transposed))
    }
}

/// The field of the rows in a list of lists.
fn row_field(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(row) if matches!(row.data_type(), DataType::List(_)) => Some(row),
        _ => None,
    }
}

fn transpose(matrices: &ListArray) -> Result<ArrayRef> {
    let rows = matrices.values().as_list::<i32>();
    let (DataType::List(row_field), DataType::List(item_field)) = (matrices.data_type(), rows.data_type()) else {
        return exec_err!("transpose takes a list of lists");
    };
    let (mut taken, mut lengths, mut counts) = (Vec::with_capacity(rows.values().len()), Vec::new(), Vec::new());
    for (matrix, window) in matrices.offsets().windows(2).enumerate() {
        let (first, end) = (window[0] as usize, window[1] as usize);
        if matrices.is_null(matrix) || first == end {
            counts.push(0);
            continue;
        }
        let width = rows.value_length(first);
        for row in first..end {
            if rows.is_null(row) {
                return exec_err!("transpose: one of the lists is NULL");
            }
            if rows.value_length(row) != width {
                return exec_err!("transpose: lists of {width} and of {} items", rows.value_length(row));
            }
        }
        let offsets = &rows.offsets()[first..end];
        for column in 0..width {
            taken.extend(offsets.iter().map(|offset| (offset + column) as u64));
        }
        counts.push(width as usize);
        lengths.extend(std::iter::repeat_n(end - first, width as usize));
    }
    let items = take(rows.values(), &UInt64Array::from(taken), None)?;
    let columns = ListArray::try_new(Arc::clone(item_field), OffsetBuffer::from_lengths(lengths), items, None)?;
    let nulls: Option<NullBuffer> = matrices.nulls().cloned();
    let offsets = OffsetBuffer::from_lengths(counts);
    Ok(Arc::new(ListArray::try_new(Arc::clone(row_field), offsets, Arc::new(columns), nulls)?))
}
