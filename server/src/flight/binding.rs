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

/// The most bytes that may be bound, counted as they are kept: a value that many rows share counts for each.
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
        if rows.len() + batch.num_rows() > MOST_ROWS {
            return Err(too_much());
        }
        for row in 0..batch.num_rows() {
            let values = parameters(&batch, row, placeholders)?;
            n_bytes += values.values().map(ScalarValue::size).sum::<usize>();
            if n_bytes > MOST_BYTES {
                return Err(too_much());
            }
            rows.push(values);
        }
    }
    Ok(rows)
}

fn too_much() -> Status {
    Status::resource_exhausted(format!(
        "more than {MOST_ROWS} rows or {MOST_BYTES} bytes of parameters are bound\nhint: bind fewer at a time"
    ))
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
    use arrow::array::{DictionaryArray, Int8Array, Int64Array, StringArray};
    use arrow::datatypes::Int8Type;
    use arrow_flight::encode::FlightDataEncoderBuilder;
    use futures::stream;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_value_that_rows_share_counts_for_each() {
        let long = StringArray::from(vec!["x".repeat(1 << 20)]);
        let shared = |n_rows: usize| {
            let keys = Int8Array::from(vec![0; n_rows]);
            let column = DictionaryArray::<Int8Type>::new(keys, Arc::new(long.clone()));
            let batch = RecordBatch::try_from_iter([("text", Arc::new(column) as _)]).unwrap();
            let messages = FlightDataEncoderBuilder::new().build(stream::iter([Ok(batch)]));
            messages.map_err(Status::from)
        };
        assert_eq!(rows(shared(2), &["1".to_owned()]).await.unwrap().len(), 2);
        let refused = rows(shared(100), &["1".to_owned()]).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    }

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
