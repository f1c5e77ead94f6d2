//! Avro object containers.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Fields, Schema, SchemaRef};
use arrow_avro::compression::CompressionCodec;
use arrow_avro::errors::AvroError;
use arrow_avro::writer::format::AvroOcfFormat;
use arrow_avro::writer::{AvroWriter, WriterBuilder};

use super::{Encoder, refused};
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result};

/// A block a batch.
pub(super) struct AvroEncoder(AvroWriter<Output>);

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
        WriterBuilder::new(Schema::clone(schema))
            .with_compression(codec)
            .build::<_, AvroOcfFormat>(output)
            .map(Self)
            .map_err(failed)
    }
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
        match rows.num_rows() {
            0 => Ok(()),
            _ => self.0.write(rows).map_err(failed),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        self.0.finish().map_err(failed)?;
        Ok(self.0.into_inner())
    }
}

fn failed(error: AvroError) -> Error {
    Error::encode(Format::Avro)(error)
}
