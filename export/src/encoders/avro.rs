//! Avro object containers.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow_avro::compression::CompressionCodec;
use arrow_avro::errors::AvroError;
use arrow_avro::writer::format::AvroOcfFormat;
use arrow_avro::writer::{AvroWriter, WriterBuilder};

use super::{Encoder, refused};
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result, plain};

/// A block a batch.
pub(super) struct AvroEncoder {
    writer: AvroWriter<Output>,
    schema: SchemaRef,
}

impl AvroEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
        check_names(schema.fields())?;
        let codec = match compression {
            Compression::None => None,
            Compression::Gzip => Some(CompressionCodec::Deflate),
            Compression::Zstd => Some(CompressionCodec::ZStandard),
        };
        let schema = in_microseconds(schema);
        let writer = WriterBuilder::new(Schema::clone(&schema))
            .with_compression(codec)
            .build::<_, AvroOcfFormat>(output);
        Ok(Self {
            writer: writer.map_err(failed)?,
            schema,
        })
    }
}

/// Moments of nanoseconds as moments of microseconds: most readers know no finer ones.
fn in_microseconds(schema: &Schema) -> SchemaRef {
    let coarser = |field: &FieldRef| match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            let microseconds = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            Arc::new(Field::new(field.name(), microseconds, field.is_nullable()))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(
        schema.fields().iter().map(coarser).collect::<Vec<_>>(),
    ))
}

/// Refuses names that Avro does not have. The writer would give such columns other names, and two of them the same.
fn check_names(fields: &Fields) -> Result<()> {
    for field in fields {
        let name = field.name();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.starts_with(|first: char| first.is_ascii_digit())
            || name.is_empty()
            || !name.bytes().all(is_word)
        {
            let reason = "its names are letters, digits and `_`, and begin with no digit";
            return Err(refused(
                Format::Avro,
                name,
                reason,
                "give it such a name: SELECT ... AS name",
            ));
        }
        if let DataType::Struct(fields) = field.data_type() {
            check_names(fields)?;
        }
    }
    Ok(())
}

impl Encoder for AvroEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let rows = plain::batch(rows, &self.schema).map_err(Error::encode(Format::Avro))?;
        self.writer.write(&rows).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        self.writer.finish().map_err(failed)?;
        Ok(self.writer.into_inner())
    }
}

fn failed(error: AvroError) -> Error {
    Error::encode(Format::Avro)(error)
}
