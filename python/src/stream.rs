//! Rows on their way to another library, by Arrow's PyCapsule interface: structs of addresses, which change hands without the
//! rows being touched.
//!
//! # References
//! <https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html>

use std::thread::{self, ThreadId};

use arrow::array::{Array, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow::ffi_stream::FFI_ArrowArrayStream;
use datafusion::dataframe::DataFrame;
use engram_engine::Error;
use futures::StreamExt;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinError;

use crate::errors;
use crate::waiting::{Task, glance, runtime};

/// Batches that are computed ahead of whoever takes them.
const AHEAD: usize = 1;

/// Rows as they are computed.
pub(crate) struct Stream {
    schema: SchemaRef,
    runtime: &'static Runtime,
    batches: Receiver<Result<RecordBatch, Error>>,
    task: Task<()>,
    thread: ThreadId,
}

/// What became of a wait for the next batch.
pub(crate) enum Next {
    /// It came.
    Batch(RecordBatch),
    /// There is none: the rows are complete.
    End,
    /// The rows cannot be computed.
    Failed(Error),
    /// A defect.
    Died(JoinError),
}

impl Stream {
    /// Begins to compute the rows of a planned query.
    ///
    /// # Errors
    /// Those of [`runtime`].
    pub(crate) fn of(frame: DataFrame) -> PyResult<Self> {
        let runtime = runtime()?;
        let schema = SchemaRef::clone(frame.schema().inner());
        let (sender, batches) = channel(AHEAD);
        let task = Task::of(runtime, async move {
            let mut rows = match frame.execute_stream().await {
                Ok(rows) => rows,
                Err(error) => {
                    let _ = sender.send(Err(Error::running(error))).await;
                    return;
                }
            };
            while let Some(batch) = rows.next().await {
                // A receiver that is gone has seen enough.
                if sender.send(batch.map_err(Error::running)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            schema,
            runtime,
            batches,
            task,
            thread: thread::current().id(),
        })
    }

    /// Waits for the next batch for a moment; nothing when it has not come.
    pub(crate) fn glance(&mut self) -> Option<Next> {
        let (batches, task) = (&mut self.batches, &mut self.task);
        glance(self.runtime, async {
            match batches.recv().await {
                Some(Ok(batch)) => Next::Batch(batch),
                Some(Err(error)) => Next::Failed(error),
                // What looks like the end of the rows is one only if the work came to its own.
                None => match task.end().await {
                    Ok(()) => Next::End,
                    Err(error) => Next::Died(error),
                },
            }
        })
    }

    /// The rows as a capsule.
    ///
    /// # Errors
    /// When Python has no memory for it.
    pub(crate) fn into_capsule(self, py: Python<'_>) -> PyResult<Bound<'_, PyCapsule>> {
        let schema = SchemaRef::clone(&self.schema);
        let consumed = Consumed {
            schema,
            stream: Some(self),
        };
        stream_capsule(py, Box::new(consumed))
    }
}

/// A stream that another library takes from, which knows nothing of Python's signals.
struct Consumed {
    schema: SchemaRef,
    /// Gone once it has failed.
    stream: Option<Stream>,
}

impl Iterator for Consumed {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let stream = self.stream.as_mut()?;
        let failure = loop {
            match stream.glance_without_lock() {
                Some(Next::Batch(batch)) => return Some(Ok(batch)),
                Some(Next::End) => return None,
                Some(Next::Failed(error)) => {
                    let hint = errors::hint(&error).map(|hint| format!("\nhint: {hint}"));
                    break errors::text(&error) + &hint.unwrap_or_default();
                }
                Some(Next::Died(error)) => break error.to_string(),
                None if stream.is_interrupted() => break "the query was interrupted".to_owned(),
                None => {}
            }
        };
        self.stream = None;
        Some(Err(ArrowError::ComputeError(failure)))
    }
}

impl RecordBatchReader for Consumed {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

impl Stream {
    /// Whether this is the thread that the stream was given to. Another must not wait for Python's lock: one that has it may
    /// be waiting for that thread.
    fn is_at_home(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Waits for the next batch for a moment, and leaves Python's lock to others if the library that takes it has not.
    fn glance_without_lock(&mut self) -> Option<Next> {
        if !self.is_at_home() {
            return self.glance();
        }
        match Python::try_attach(|py| py.detach(|| self.glance())) {
            Some(next) => next,
            // Python is ending.
            None => self.glance(),
        }
    }

    /// Whether a signal's handler raised something.
    fn is_interrupted(&self) -> bool {
        let raised = |py: Python<'_>| {
            let raised = py.check_signals().is_err();
            if raised {
                // The library that takes the rows raises an error of its own. What was raised here comes after it.
                let thread = py.import("_thread");
                let _ = thread.and_then(|thread| thread.call_method0("interrupt_main"));
            }
            raised
        };
        self.is_at_home() && Python::try_attach(raised).unwrap_or(false)
    }
}

/// Rows in memory, which any library takes over.
#[pyclass(frozen, module = "engram._engram")]
pub(crate) struct Rows {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

#[pymethods]
impl Rows {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface asks for a cast where that is easy; libraries cast what they get.
        let _ = requested_schema;
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        let schema = SchemaRef::clone(&self.schema);
        stream_capsule(py, Box::new(RecordBatchIterator::new(batches, schema)))
    }
}

/// One batch, which any library takes over.
#[pyclass(frozen, module = "engram._engram")]
pub(crate) struct Batch(pub(crate) RecordBatch);

#[pymethods]
impl Batch {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema;
        let rows = StructArray::from(self.0.clone());
        let array = FFI_ArrowArray::new(&rows.to_data());
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        Ok((schema_capsule(py, &self.0.schema())?, array))
    }
}

/// The names and types of columns as a capsule.
///
/// # Errors
/// For a type that the interface has no word for.
pub(crate) fn schema_capsule<'py>(
    py: Python<'py>,
    schema: &SchemaRef,
) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema.as_ref())
        .map_err(|error| errors::of_engine(Error::running(error.into())))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

fn stream_capsule(
    py: Python<'_>,
    reader: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")
}
