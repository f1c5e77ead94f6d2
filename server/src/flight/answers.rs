//! Answers as the messages of Flight.

use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::writer::IpcWriteOptions;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, IpcMessage, SchemaAsIpc};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tonic::{Response, Status};

use super::plain;
use super::status::malformed;

/// The messages of an answer.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send + 'static>>;

/// A table as messages, each small enough for gRPC.
pub(super) fn messages(
    schema: &Schema,
    batches: BoxStream<'static, crate::Result<RecordBatch>>,
) -> Response<Messages> {
    let schema = plain::schema(schema);
    let columns = SchemaRef::clone(&schema);
    let batches = batches
        .map_err(|error| FlightError::from(Status::from(error)))
        .and_then(move |batch| {
            let batch = plain::batch(&batch, &columns).map_err(FlightError::from);
            futures::future::ready(batch)
        });
    let messages = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .build(batches)
        .map_err(Status::from);
    Response::new(Box::pin(messages))
}

/// A table of one batch as messages.
pub(super) fn table(batch: RecordBatch) -> Response<Messages> {
    let schema = batch.schema();
    messages(&schema, stream::iter([Ok(batch)]).boxed())
}

/// Columns as they are announced.
///
/// # Errors
/// When they cannot be written.
pub(super) fn announced(schema: &Schema) -> Result<Bytes, Status> {
    let options = IpcWriteOptions::default();
    let schema = plain::schema(schema);
    let IpcMessage(bytes) = SchemaAsIpc::new(&schema, &options)
        .try_into()
        .map_err(malformed)?;
    Ok(bytes)
}
