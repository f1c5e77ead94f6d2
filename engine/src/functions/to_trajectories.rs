//! `to_trajectories(checkpoints)`: from what was seen at each checkpoint to the course of each value.
//!
//! Aggregation collects checkpoints in no particular order, each with its observed values; a trajectory is one value over
//! all checkpoints in order. `array_agg(value ORDER BY epoch)` for every value says the same, but an ordered aggregate keeps
//! its groups one by one and takes many times longer than this and an unordered one.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// `to_trajectories(checkpoints)`, where `checkpoints` is a list of structs of an epoch and a list of values: for each value
/// a list of it at all checkpoints, in the order of the epochs. Of `[{5, [3, 4]}, {0, [1, 2]}]` it makes
/// `[[1, 3], [2, 4]]`.
///
/// NULL gives NULL, no checkpoints give no trajectories; NULL values keep their places. Checkpoints of different numbers of
/// values, with no epoch or with the same one are errors of the data.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ToTrajectories {
    signature: Signature,
}

impl Default for ToTrajectories {
    fn default() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ToTrajectories {
    fn name(&self) -> &str {
        "to_trajectories"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [checkpoints] => match value_type(checkpoints) {
                Some(value) => Ok(DataType::new_list(
                    DataType::new_list(value.clone(), true),
                    true,
                )),
                None => plan_err!(
                    "to_trajectories takes a list of structs of an epoch and a list of values, not {checkpoints}"
                ),
            },
            _ => plan_err!("to_trajectories takes one argument"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let checkpoints = arrays[0].as_list::<i32>();
        let Some(seen) = checkpoints.values().as_struct_opt() else {
            return internal_err!(
                "to_trajectories was planned for {}",
                checkpoints.data_type()
            );
        };
        Ok(ColumnarValue::Array(to_trajectories(checkpoints, seen)?))
    }
}

/// The type of a value in a list of structs of an epoch and a list of values.
fn value_type(checkpoints: &DataType) -> Option<&DataType> {
    let DataType::List(checkpoint) = checkpoints else {
        return None;
    };
    let DataType::Struct(fields) = checkpoint.data_type() else {
        return None;
    };
    match fields
        .iter()
        .map(|field| field.data_type())
        .collect::<Vec<_>>()
        .as_slice()
    {
        [epoch, DataType::List(value)] if epoch.is_integer() => Some(value.data_type()),
        _ => None,
    }
}

fn to_trajectories(checkpoints: &ListArray, seen: &StructArray) -> Result<ArrayRef> {
    let epochs = cast(seen.column(0), &DataType::Int64)?;
    let epochs = epochs.as_primitive::<Int64Type>();
    let values = seen.column(1).as_list::<i32>();
    let mut taken = Vec::with_capacity(values.values().len());
    let (mut lengths, mut counts, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for (example, window) in checkpoints.offsets().windows(2).enumerate() {
        if checkpoints.is_null(example) || window[0] == window[1] {
            counts.push(0);
            continue;
        }
        order.clear();
        order.extend(window[0] as usize..window[1] as usize);
        if order
            .iter()
            .any(|&checkpoint| epochs.is_null(checkpoint) || values.is_null(checkpoint))
        {
            return exec_err!("to_trajectories: a checkpoint has no epoch or no values");
        }
        order.sort_unstable_by_key(|&checkpoint| epochs.value(checkpoint));
        if let Some(twice) = order
            .windows(2)
            .find(|pair| epochs.value(pair[0]) == epochs.value(pair[1]))
        {
            return exec_err!(
                "to_trajectories: epoch {} is there twice",
                epochs.value(twice[0])
            );
        }
        let n_values = values.value_length(order[0]);
        if let Some(&other) = order
            .iter()
            .find(|&&checkpoint| values.value_length(checkpoint) != n_values)
        {
            let other = values.value_length(other);
            return exec_err!("to_trajectories: checkpoints of {n_values} and of {other} values");
        }
        let offsets = values.value_offsets();
        for value in 0..n_values {
            taken.extend(
                order
                    .iter()
                    .map(|&checkpoint| (offsets[checkpoint] + value) as u64),
            );
        }
        counts.push(n_values as usize);
        lengths.extend(std::iter::repeat_n(order.len(), n_values as usize));
    }
    let items = take(values.values(), &UInt64Array::from(taken), None)?;
    let item = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let trajectories = ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), items, None)?;
    let field = Arc::new(Field::new_list_field(
        trajectories.data_type().clone(),
        true,
    ));
    let (counts, nulls) = (
        OffsetBuffer::from_lengths(counts),
        checkpoints.nulls().cloned(),
    );
    Ok(Arc::new(ListArray::try_new(
        field,
        counts,
        Arc::new(trajectories),
        nulls,
    )?))
}
