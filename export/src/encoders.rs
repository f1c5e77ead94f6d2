//! Rows to bytes, a file for each format.

mod arrow;
mod avro;
mod compressed;
mod csv;
pub(crate) mod lr_identify;
mod ndjson;
mod npz;
mod parquet;
mod sqlite;

pub use csv::CsvWriter;

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;

use crate::format::Format;
use crate::output::Output;
use crate::settings::Form;
use crate::{Error, Result};

/// Writes the rows of one file.
pub(crate) trait Encoder: Send {
    /// Writes rows of the schema that the encoder was made for.
    ///
    /// # Errors
    /// [`Error::Column`] for values that the format has no place for, [`Error::Encode`] for what else its writer refuses.
    fn write(&mut self, rows: &RecordBatch) -> Result<()>;

    /// Writes what belongs to the end, and gives the output back, to be committed.
    ///
    /// # Errors
    /// As [`Encoder::write`].
    fn finish(self: Box<Self>) -> Result<Output>;
}

/// The encoder of a form, for rows of a plain schema ([`crate::plain`]).
///
/// # Errors
/// [`Error::Column`] for a column that the format has no place for.
pub(crate) fn encoder(form: &Form, schema: &SchemaRef, output: Output) -> Result<Box<dyn Encoder>> {
    let compression = form.compression;
    Ok(match form.format {
        Format::Parquet => Box::new(parquet::ParquetEncoder::try_new(
            schema,
            compression,
            output,
        )?),
        Format::Csv => Box::new(csv::CsvEncoder::try_new(schema, compression, output)?),
        Format::Ndjson => Box::new(ndjson::NdjsonEncoder::try_new(compression, output)?),
        Format::Arrow => Box::new(arrow::ArrowEncoder::try_new(schema, compression, output)?),
        Format::Npz => Box::new(npz::NpzEncoder::try_new(schema, compression, output)?),
        Format::Avro => Box::new(avro::AvroEncoder::try_new(schema, compression, output)?),
        Format::LrIdentify => Box::new(lr_identify::LrIdentifyEncoder::try_new(schema, output)?),
        Format::Sqlite => Box::new(sqlite::SqliteEncoder::try_new(
            schema,
            &form.table_name,
            output,
        )?),
    })
}

/// A column that a format has no place for, with what can be done in the query.
fn refused(
    format: Format,
    column: &str,
    reason: impl Into<String>,
    hint: impl Into<String>,
) -> Error {
    Error::Column {
        column: column.to_owned(),
        format,
        reason: reason.into(),
        hint: hint.into(),
    }
}
