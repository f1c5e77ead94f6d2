//! The answer to a statement: rows that are computed when somebody takes them.

use std::sync::Mutex;

use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use engram_engine::Error;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use crate::errors;
use crate::libraries::Library;
use crate::stream::{Batch, Next, Rows, Stream, schema_capsule};
use crate::waiting::wait;

/// Names that a text shows before it only counts them.
const SHOWN_COLUMNS: usize = 8;

/// The answer to a statement: rows that are computed when they are taken.
///
/// Whatever takes Arrow streams takes an answer as it is, and shares its memory:
///
/// >>> import pyarrow, polars, duckdb
/// >>> answer = dataset.sql("SELECT learning_rule, count(*) AS n FROM runs GROUP BY 1 ORDER BY 1")
/// >>> pyarrow.table(answer).num_rows == len(polars.DataFrame(answer)) == len(duckdb.sql("FROM answer").fetchall())
/// True
///
/// ``arrow``, ``polars``, ``pandas`` and ``numpy`` do the same in a word, raise errors as :class:`SqlError`, and end at once
/// at Ctrl-C. Iteration gives the rows batch by batch while they are computed, for answers that are larger than memory.
///
/// An answer can be taken any number of times. It is computed anew each time and has the same rows, because a dataset is
/// seen as it was when it was opened; their order is the same where the statement has an ORDER BY. To keep rows, keep the
/// table.
#[pyclass(frozen, module = "engram")]
pub(crate) struct Answer(DataFrame);

impl Answer {
    /// The rows of a planned query.
    pub(crate) fn of(frame: DataFrame) -> Self {
        Self(frame)
    }

    fn names(&self) -> Vec<String> {
        let fields = self.arrow_schema().fields();
        fields.iter().map(|field| field.name().clone()).collect()
    }

    fn arrow_schema(&self) -> &SchemaRef {
        self.0.schema().inner()
    }

    /// All rows, for a library to take over.
    fn rows(&self, py: Python<'_>) -> PyResult<Rows> {
        let schema = SchemaRef::clone(self.arrow_schema());
        let batches = wait(py, self.0.clone().collect())?;
        let batches = batches.map_err(|error| errors::of_engine(Error::running(error)))?;
        Ok(Rows { schema, batches })
    }
}

#[pymethods]
impl Answer {
    /// The names of the columns.
    #[getter]
    fn columns(&self) -> Vec<String> {
        self.names()
    }

    /// Names and types of the columns, as a ``pyarrow.Schema``.
    #[getter]
    fn schema<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Library::PyArrow
            .import(slf.py())?
            .call_method1("schema", (slf,))
    }

    /// All rows as a ``pyarrow.Table``, without copies.
    ///
    /// >>> dataset.sql("SELECT 1 AS one").arrow().column_names
    /// ['one']
    fn arrow<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let pyarrow = Library::PyArrow.import(py)?;
        pyarrow.call_method1("table", (self.rows(py)?,))
    }

    /// All rows as a ``polars.DataFrame``, without copies.
    fn polars<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let polars = Library::Polars.import(py)?;
        polars.call_method1("DataFrame", (self.rows(py)?,))
    }

    /// All rows as a ``pandas.DataFrame`` with columns of ``pandas.ArrowDtype``, without copies.
    ///
    /// ``answer.arrow().to_pandas()`` gives columns of NumPy's types instead, and copies.
    fn pandas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let options = PyDict::new(py);
        options.set_item(
            "types_mapper",
            Library::Pandas.import(py)?.getattr("ArrowDtype")?,
        )?;
        let table = self.arrow(py)?;
        table.call_method("to_pandas", (), Some(&options))
    }

    /// All columns as NumPy arrays, by name.
    ///
    /// Numbers without NULL that came in one batch are not copied, and cannot be written to then. A NULL among numbers
    /// becomes NaN; texts and lists become arrays of objects.
    fn numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        Library::NumPy.import(py)?;
        let table = self.arrow(py)?;
        let columns = PyDict::new(py);
        let options = PyDict::new(py);
        options.set_item("zero_copy_only", false)?;
        for name in self.names() {
            let mut column = table.call_method1("column", (&name,))?;
            if column.getattr("num_chunks")?.extract::<usize>()? == 1 {
                column = column.call_method1("chunk", (0,))?;
            }
            columns.set_item(name, column.call_method("to_numpy", (), Some(&options))?)?;
        }
        Ok(columns)
    }

    /// The rows as ``pyarrow.RecordBatch`` after ``pyarrow.RecordBatch``, while they are computed.
    fn __iter__(&self) -> PyResult<Batches> {
        Ok(Batches(Mutex::new(Some(Stream::of(self.0.clone())?))))
    }

    /// The rows as Arrow's PyCapsule interface has them; see
    /// https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface asks for a cast where that is easy; libraries cast what they get.
        let _ = requested_schema;
        Stream::of(self.0.clone())?.into_capsule(py)
    }

    /// The columns as Arrow's PyCapsule interface has them.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, self.arrow_schema())
    }

    fn __repr__(&self) -> String {
        let names = self.names();
        let (shown, more) = names.split_at(names.len().min(SHOWN_COLUMNS));
        let more = match more.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        format!("<engram.Answer: columns {}{more}>", shown.join(", "))
    }
}

/// The batches of an answer, as they are computed.
#[pyclass(frozen, module = "engram")]
pub(crate) struct Batches(Mutex<Option<Stream>>);

#[pymethods]
impl Batches {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let pyarrow = Library::PyArrow.import(py)?;
        loop {
            let next = py.detach(|| {
                // A thread that died while it waited has left the stream as it was.
                let mut stream = self.0.lock().unwrap_or_else(|held| held.into_inner());
                let next = stream.as_mut().map_or(Some(Next::End), Stream::glance);
                if let Some(Next::End | Next::Failed(_) | Next::Died(_)) = &next {
                    *stream = None;
                }
                next
            });
            match next {
                Some(Next::Batch(batch)) => {
                    return pyarrow
                        .call_method1("record_batch", (Batch(batch),))
                        .map(Some);
                }
                Some(Next::End) => return Ok(None),
                Some(Next::Failed(error)) => return Err(errors::of_engine(error)),
                Some(Next::Died(error)) => return Err(errors::died(&error)),
                None => py.check_signals()?,
            }
        }
    }
}
