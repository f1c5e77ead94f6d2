//! The argument of an aggregate over numbers.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{Signature, Volatility};

/// One real number; integers become real.
pub(super) fn signature() -> Signature {
    Signature::uniform(
        1,
        vec![DataType::Float64, DataType::Float32],
        Volatility::Immutable,
    )
}

/// Calls `take` with the group and the value of every row that counts.
pub(super) fn for_each(
    values: &ArrayRef,
    groups: &[usize],
    filter: Option<&BooleanArray>,
    mut take: impl FnMut(usize, f64),
) -> Result<()> {
    let values = cast(values, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    for (row, &group) in groups.iter().enumerate() {
        if values.is_valid(row) && counts(filter, row) {
            take(group, values.value(row));
        }
    }
    Ok(())
}

/// Whether a row passes an aggregate's FILTER.
pub(super) fn counts(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
