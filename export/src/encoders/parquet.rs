//! Parquet.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression as Codec, GzipLevel, Type, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::Encoder;
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result};

/// How much of a row group is held in memory, encoded, before it is written.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// Row groups of bounded size, so that memory is flat.
pub(super) struct ParquetEncoder(ArrowWriter<Output>);

impl ParquetEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
        let writer = || {
            let properties = properties(schema, compression)?;
            ArrowWriter::try_new(output, SchemaRef::clone(schema), Some(properties))
        };
        writer().map(Self).map_err(failed)
    }
}

/// Dictionaries are for values that repeat, which floating-point numbers hardly do. Nor have these bounds: Parquet's pass
/// over NaN, and a reader that trusts them takes a column of one number and NaNs for that number.
fn properties(
    schema: &SchemaRef,
    compression: Compression,
) -> std::result::Result<WriterProperties, ParquetError> {
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Gzip => Codec::GZIP(GzipLevel::default()),
        Compression::Zstd => Codec::ZSTD(ZstdLevel::try_new(3)?),
    };
    // Readers of Arrow look into the schema, which is stored as a whole; the others look here.
    let mut metadata: Vec<KeyValue> = schema
        .metadata()
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    metadata.sort_by(|one, other| one.key.cmp(&other.key));
    let mut properties = WriterProperties::builder()
        .set_compression(codec)
        .set_key_value_metadata(Some(metadata));
    for column in ArrowSchemaConverter::new().convert(schema)?.columns() {
        if matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE) {
            properties = properties
                .set_column_dictionary_enabled(column.path().clone(), false)
                .set_column_statistics_enabled(column.path().clone(), EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

impl Encoder for ParquetEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.0.write(rows).map_err(failed)?;
        if self.0.memory_size() >= ROW_GROUP_BYTES {
            self.0.flush().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Output> {
        self.0.into_inner().map_err(failed)
    }
}

fn failed(error: ParquetError) -> Error {
    Error::encode(Format::Parquet)(error)
}
