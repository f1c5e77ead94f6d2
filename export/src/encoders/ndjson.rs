//! Newline-delimited JSON.

use arrow::array::RecordBatch;
use arrow::json::WriterBuilder;
use arrow::json::writer::{LineDelimited, Writer};

use super::Encoder;
use super::compressed::Compressed;
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result};

/// Every line has every column, NULL as `null`. So are NaN and infinity, which JSON does not have.
pub(super) struct NdjsonEncoder(Writer<Compressed, LineDelimited>);

impl NdjsonEncoder {
    pub(super) fn try_new(compression: Compression, output: Output) -> Result<Self> {
        let output =
            Compressed::try_new(compression, output).map_err(Error::encode(Format::Ndjson))?;
        Ok(Self(
            WriterBuilder::new().with_explicit_nulls(true).build(output),
        ))
    }
}

impl Encoder for NdjsonEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.0.write(rows).map_err(Error::encode(Format::Ndjson))
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        self.0.finish().map_err(Error::encode(Format::Ndjson))?;
        self.0
            .into_inner()
            .finish()
            .map_err(Error::encode(Format::Ndjson))
    }
}
