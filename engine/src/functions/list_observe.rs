//! `list_observe(values)`: the study's seven statistics of a list.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, PrimitiveArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use engram_observables::{Scratch, Statistics, Value, observe_raw};

use super::documented::documentation;
use super::lists::{Lists, item_type};
use super::statistics;

/// `list_observe(values)`, computed on the values where they lie, by the kernel that the generator observes networks
/// with. Lists with NULLs among their values are copied without them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ListObserve {
    signature: Signature,
}

impl Default for ListObserve {
    fn default() -> Self {
        Self {
            signature: Signature::any(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ListObserve {
    fn name(&self) -> &str {
        "list_observe"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.first() {
            Some(list) if item_type(list).is_some_and(DataType::is_numeric) => {
                Ok(statistics::data_type())
            }
            Some(other) => plan_err!("list_observe takes a list of numbers, not {other}"),
            None => plan_err!("list_observe takes a list of numbers"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let column = arguments.args[0].to_array(arguments.number_rows)?;
        let lists = Lists::of(&column)?;
        let observed = match lists.values().data_type() {
            DataType::Float32 => each::<Float32Type>(lists.rows(), lists.values().as_primitive()),
            DataType::Float64 => each::<Float64Type>(lists.rows(), lists.values().as_primitive()),
            _ => {
                let values = cast(lists.values(), &DataType::Float64)?;
                each::<Float64Type>(lists.rows(), values.as_primitive())
            }
        };
        Ok(ColumnarValue::Array(Arc::new(observed)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The seven statistics of a list's values, as a struct: norm, mean, var, skew, kurtosis, median, third_quartile; \
             defined as for `observe`. NULLs among the values are left out, a NULL list gives NULL, and a list of no values \
             has the norm 0 and NaN for the rest.",
            "list_observe(values)",
            "SELECT run_id, layer, epoch, list_observe(values)['median'] AS median FROM recordings WHERE measure = 'activation'",
            "values" => "A list of numbers, of any kind of list."
        )
    }
}

fn each<T: ArrowPrimitiveType>(
    rows: &[Option<Range<usize>>],
    values: &PrimitiveArray<T>,
) -> StructArray
where
    T::Native: Value,
{
    let mut scratch = Scratch::default();
    let mut present = Vec::new();
    let mut columns: [Vec<f64>; Statistics::COUNT] =
        std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for row in rows {
        let observed = match row {
            None => [f64::NAN; Statistics::COUNT],
            Some(row) => {
                let slice = &values.values()[row.clone()];
                let is_whole = values
                    .nulls()
                    .is_none_or(|nulls| nulls.slice(row.start, row.len()).null_count() == 0);
                let slice = if is_whole {
                    slice
                } else {
                    present.clear();
                    present.extend(
                        row.clone()
                            .filter(|&place| values.is_valid(place))
                            .map(|place| values.value(place)),
                    );
                    present.as_slice()
                };
                observe_raw(slice, &mut scratch).to_array()
            }
        };
        for (column, statistic) in columns.iter_mut().zip(observed) {
            column.push(statistic);
        }
    }
    let nulls = NullBuffer::from_iter(rows.iter().map(Option::is_some));
    statistics::to_structs(columns, Some(nulls))
}
