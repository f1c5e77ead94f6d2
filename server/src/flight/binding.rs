//! Values that clients bind to the placeholders of a statement: a table, with a row for each execution.

use arrow::array::{ArrayRef, RecordBatch};
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use datafusion::scalar::ScalarValue;
use engram_engine::session::Parameters;
use futures::{Stream, TryStreamExt};
use tonic::Status;

use super::status::malformed;

/// The most rows that may be bound: as many executions follow.
const MOST_ROWS: usize = 10_000;

/// The most bytes that may be bound. They are kept as long as the statement.
const MOST_BYTES: usize = 4 << 20;

/// Reads what is bound to placeholders of these names.
///
/// # Errors
/// For messages that are no table, and for a table that is too large.
pub(super) async fn rows(
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
    placeholders: &[String],
) -> Result<Vec<Parameters>, Status> {
    let messages = messages.map_err(FlightError::from);
    let mut batches = FlightRecordBatchStream::new_from_flight_data(messages);
    let mut rows = Vec::new();
    let mut n_bytes = 0;
    while let Some(batch) = batches.try_next().await.map_err(Status::from)? {
        n_bytes += batch.get_array_memory_size();
        if rows.len() + batch.num_rows() > MOST_ROWS || n_bytes > MOST_BYTES {
            return Err(Status::resource_exhausted(format!(
                "more than {MOST_ROWS} rows or {MOST_BYTES} bytes of parameters are bound\nhint: bind fewer at a time"
            )));
        }
        for row in 0..batch.num_rows() {
            rows.push(parameters(&batch, row, placeholders)?);
        }
    }
    Ok(rows)
}

/// The values of a row: by name where the columns are named as the placeholders are, in their order else.
fn parameters(
    batch: &RecordBatch,
    row: usize,
    placeholders: &[String],
) -> Result<Parameters, Status> {
    let value = |column: &ArrayRef| ScalarValue::try_from_array(column, row).map_err(malformed);
    let schema = batch.schema();
    let names = || schema.fields().iter().map(|field| field.name());
    let is_named = names().count() == placeholders.len()
        && placeholders.iter().all(|placeholder| {
            placeholder.parse::<usize>().is_err() && names().any(|name| name == placeholder)
        });
    let values = batch.columns().iter().map(value);
    if !is_named {
        return Ok(Parameters::InOrder(values.collect::<Result<_, _>>()?));
    }
    let named = names()
        .zip(values)
        .map(|(name, value)| Ok((name.clone(), value?)));
    Ok(Parameters::ByName(named.collect::<Result<_, Status>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn columns_of_the_placeholders_names_are_bound_by_name() {
        let batch = RecordBatch::try_from_iter([
            ("rule", Arc::new(StringArray::from(vec!["sgdm"])) as _),
            ("layer", Arc::new(Int64Array::from(vec![3])) as _),
        ])
        .unwrap();
        let named = ["layer", "rule"].map(str::to_owned);
        let Parameters::ByName(values) = parameters(&batch, 0, &named).unwrap() else {
            unreachable!("the names are the same");
        };
        assert_eq!(values["layer"], ScalarValue::from(3_i64));
        let numbered = ["1", "2"].map(str::to_owned);
        let Parameters::InOrder(values) = parameters(&batch, 0, &numbered).unwrap() else {
            unreachable!("numbers are no names");
        };
        assert_eq!(values[1], ScalarValue::from(3_i64));
    }
}
