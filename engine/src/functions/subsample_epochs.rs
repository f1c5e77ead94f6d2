//! `subsample_epochs(epochs, samples, period_epochs, draw)`: the checkpoints of a sparse experiment that starts anywhere.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Int64Builder, ListArray, NullBufferBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::documented::documentation;
use super::lists::{Lists, item_type};

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SubsampleEpochs {
    signature: Signature,
}

impl Default for SubsampleEpochs {
    fn default() -> Self {
        Self {
            signature: Signature::any(4, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SubsampleEpochs {
    fn name(&self) -> &str {
        "subsample_epochs"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [epochs, samples, period, draw]
                if item_type(epochs).is_some_and(DataType::is_integer)
                    && samples.is_integer()
                    && period.is_integer()
                    && draw.is_numeric() =>
            {
                Ok(DataType::new_list(DataType::Int64, true))
            }
            _ => plan_err!(
                "subsample_epochs takes a list of epochs, a number of samples, a period and a draw from [0, 1)"
            ),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let column = |place: usize, data_type: &DataType| -> Result<_> {
            Ok(cast(&arguments.args[place].to_array(n_rows)?, data_type)?)
        };
        let epochs = arguments.args[0].to_array(n_rows)?;
        let lists = Lists::of(&epochs)?;
        let values = cast(lists.values(), &DataType::Int64)?;
        let values = values.as_primitive::<Int64Type>().values();
        let (samples, periods) = (column(1, &DataType::Int64)?, column(2, &DataType::Int64)?);
        let (samples, periods) = (
            samples.as_primitive::<Int64Type>(),
            periods.as_primitive::<Int64Type>(),
        );
        let draws = column(3, &DataType::Float64)?;
        let draws = draws.as_primitive::<Float64Type>();
        let mut chosen = Int64Builder::new();
        let (mut lengths, mut nulls) = (Vec::new(), NullBufferBuilder::new(n_rows));
        for (row, range) in lists.rows().iter().enumerate() {
            let whole = samples.is_valid(row) && periods.is_valid(row) && draws.is_valid(row);
            let start = match range.clone().filter(|_| whole) {
                None => None,
                Some(range) => {
                    let (samples, period) = (samples.value(row), periods.value(row));
                    if samples < 1 || period < 1 {
                        return exec_err!(
                            "subsample_epochs: {samples} samples and a period of {period} epochs; both must be at least 1"
                        );
                    }
                    start(&values[range], samples, period, draws.value(row))
                }
            };
            nulls.append(start.is_some());
            let Some(start) = start else {
                lengths.push(0);
                continue;
            };
            lengths.push(samples.value(row) as usize);
            for sample in 0..samples.value(row) {
                chosen.append_value(start + sample * periods.value(row));
            }
        }
        let item = Arc::new(Field::new_list_field(DataType::Int64, true));
        let lists = ListArray::try_new(
            item,
            OffsetBuffer::from_lengths(lengths),
            Arc::new(chosen.finish()),
            nulls.finish(),
        )?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "The epochs of so many samples at a fixed period from a start that `draw` chooses among the epochs of the list, \
             each as likely, from which all samples are in the list. NULL when there is none.",
            "subsample_epochs(epochs, samples, period_epochs, draw)",
            "SELECT run_id, subsample_epochs(epochs, 2, 5, uniform(1, run_id)) AS chosen FROM series",
            "epochs" => "Ascending list of integers.",
            "samples" => "Number of samples, at least 1.",
            "period_epochs" => "Epochs from one sample to the next, at least 1.",
            "draw" => "Number from [0, 1), as `uniform` gives."
        )
    }
}

/// The start that `draw` chooses among those from which every sample is one of `epochs`.
fn start(epochs: &[i64], samples: i64, period: i64, draw: f64) -> Option<i64> {
    let fits = |start: &&i64| {
        (1..samples).all(|sample| epochs.binary_search(&(*start + sample * period)).is_ok())
    };
    let starts: Vec<i64> = epochs.iter().filter(fits).copied().collect();
    starts.get((draw * starts.len() as f64) as usize).copied()
}
