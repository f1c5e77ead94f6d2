//! CSV, by the writer of polars.
//!
//! It tells NULL (nothing between the commas) from an empty text (`""`), writes numbers with the fewest digits that give
//! them back, and formats blocks of rows on several threads.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use engram_engine::polars_bridge::to_polars;
use polars::prelude::{CsvWriter, SerWriter};

use super::compressed::Compressed;
use super::{Encoder, refused};
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result, text};

/// Lists and structs become JSON. The header stands even above no rows.
pub(super) struct CsvEncoder {
    output: Compressed,
}

impl CsvEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
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
        let output =
            Compressed::try_new(compression, output).map_err(Error::encode(Format::Csv))?;
        let mut encoder = Self { output };
        encoder.write_table(&RecordBatch::new_empty(SchemaRef::clone(schema)), true)?;
        Ok(encoder)
    }

    fn write_table(&mut self, rows: &RecordBatch, is_first: bool) -> Result<()> {
        let columns = text::columns(rows).map_err(Error::encode(Format::Csv))?;
        let schema = rows.schema();
        let fields = schema.fields().iter().zip(&columns);
        let fields = fields
            .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
        let simple = Schema::new(fields.collect::<Vec<_>>());
        let simple =
            RecordBatch::try_new(simple.into(), columns).map_err(Error::encode(Format::Csv))?;
        let mut table = to_polars(&[simple]).map_err(Error::encode(Format::Csv))?;
        CsvWriter::new(&mut self.output)
            .include_header(is_first)
            .finish(&mut table)
            .map_err(|error| Error::encode(Format::Csv)(error.to_string()))
    }
}

impl Encoder for CsvEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.write_table(rows, false)
    }

    fn finish(self: Box<Self>) -> Result<Output> {
        self.output.finish().map_err(Error::encode(Format::Csv))
    }
}
