//! Arrow IPC files, also called Feather.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};

use super::Encoder;
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result};

/// Batches as they come. Uncompressed, a file can be mapped into memory and used as it lies there.
pub(super) struct ArrowEncoder(FileWriter<Output>);

impl ArrowEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
        let codec = match compression {
            Compression::Zstd => Some(CompressionType::ZSTD),
            Compression::None | Compression::Gzip => None,
        };
        let writer = IpcWriteOptions::default()
            .try_with_compression(codec)
            .and_then(|options| FileWriter::try_new_with_options(output, schema, options));
        writer.map(Self).map_err(failed)
    }
}

impl Encoder for ArrowEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.0.write(rows).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        self.0.finish().map_err(failed)?;
        self.0.into_inner().map_err(failed)
    }
}

fn failed(error: ArrowError) -> Error {
    Error::encode(Format::Arrow)(error)
}
