//! CSV, by the writer of polars.
//!
//! It tells NULL (nothing between the commas) from an empty text (`""`), writes numbers with the fewest digits that give
//! them back, and formats blocks of rows on several threads.

use std::collections::HashMap;
use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use engram_engine::polars_bridge::to_polars;
use polars::prelude::{CsvWriter as CsvWriterOfPolars, SerWriter};

use super::compressed::Compressed;
use super::{Encoder, refused};
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result, plain, text};

/// Rows to CSV, wherever it goes. Lists and structs become JSON. The header stands even above no rows; rows of no columns, as a
/// statement without an answer has them, are nothing.
pub struct CsvWriter<W: Write> {
    output: W,
    schema: SchemaRef,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`Error::Column`] for a column of bytes, which are no text; [`Error::Encode`] for an output that takes nothing.
    pub fn try_new(schema: &Schema, output: W) -> Result<Self> {
        let schema = plain::schema(schema, HashMap::new());
        for field in schema.fields() {
            if matches!(
                field.data_type(),
                DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_)
            ) {
                let hint = format!("write it as text: encode(\"{}\", 'base64')", field.name());
                return Err(refused(
                    Format::Csv,
                    field.name(),
                    "bytes are no text",
                    hint,
                ));
            }
        }
        let none = RecordBatch::new_empty(SchemaRef::clone(&schema));
        let mut writer = Self { output, schema };
        writer.write_table(&none, true)?;
        Ok(writer)
    }

    /// Writes rows of the schema that the writer was made for.
    ///
    /// # Errors
    /// [`Error::Encode`] for an output that takes no more.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        if self.schema.fields().is_empty() {
            return Ok(());
        }
        let rows = plain::batch(rows, &self.schema).map_err(Error::encode(Format::Csv))?;
        self.write_table(&rows, false)
    }

    /// What was written to.
    pub fn into_inner(self) -> W {
        self.output
    }

    fn write_table(&mut self, rows: &RecordBatch, is_first: bool) -> Result<()> {
        if rows.num_columns() == 0 {
            return Ok(());
        }
        let columns = text::columns(rows).map_err(Error::encode(Format::Csv))?;
        let schema = rows.schema();
        let fields = schema.fields().iter().zip(&columns);
        let fields = fields
            .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
        let simple = Schema::new(fields.collect::<Vec<_>>());
        let simple =
            RecordBatch::try_new(simple.into(), columns).map_err(Error::encode(Format::Csv))?;
        let mut table = to_polars(&[simple]).map_err(Error::encode(Format::Csv))?;
        CsvWriterOfPolars::new(&mut self.output)
            .include_header(is_first)
            .finish(&mut table)
            .map_err(|error| Error::encode(Format::Csv)(error.to_string()))
    }
}

/// A file of it, compressed or not.
pub(super) struct CsvEncoder(CsvWriter<Compressed>);

impl CsvEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
        let output =
            Compressed::try_new(compression, output).map_err(Error::encode(Format::Csv))?;
        CsvWriter::try_new(schema, output).map(Self)
    }
}

impl Encoder for CsvEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.0.write(rows)
    }

    fn finish(self: Box<Self>) -> Result<Output> {
        self.0
            .into_inner()
            .finish()
            .map_err(Error::encode(Format::Csv))
    }
}
