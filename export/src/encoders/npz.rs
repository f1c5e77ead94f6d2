//! NumPy's archives: a zip file with an array for each column, which `numpy.load` reads without pickling.
//!
//! An array's header says how many rows there are, and how wide texts are, which is known at the end. So every column is
//! spooled to an unnamed file in the system's temporary folder, and the archive is written at the end.

mod header;
mod spool;

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::Encoder;
use crate::format::{Compression, Format};
use crate::output::Output;
use crate::{Error, Result};
use spool::Spool;

/// Columns on their way to an archive.
pub(super) struct NpzEncoder {
    spools: Vec<Spool>,
    options: SimpleFileOptions,
    output: Output,
}

impl NpzEncoder {
    pub(super) fn try_new(
        schema: &SchemaRef,
        compression: Compression,
        output: Output,
    ) -> Result<Self> {
        let method = match compression {
            Compression::None => CompressionMethod::Stored,
            Compression::Gzip | Compression::Zstd => CompressionMethod::Deflated,
        };
        let spools = schema.fields().iter().map(Spool::try_new);
        Ok(Self {
            spools: spools.collect::<Result<_>>()?,
            // Every member may have more than 4 GB, as NumPy has it too. The time is no part of the answer.
            options: SimpleFileOptions::DEFAULT
                .large_file(true)
                .compression_method(method),
            output,
        })
    }
}

impl Encoder for NpzEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut spools = self.spools.iter_mut().zip(rows.columns());
        spools.try_for_each(|(spool, column)| spool.write(column))
    }

    fn finish(self: Box<Self>) -> Result<Output> {
        let mut archive = ZipWriter::new_stream(self.output);
        for spool in self.spools {
            let name = format!("{}.npy", spool.name());
            archive
                .start_file(name, self.options)
                .map_err(Error::encode(Format::Npz))?;
            spool.pour(&mut archive)?;
        }
        let output: StreamWriter<Output> = archive.finish().map_err(Error::encode(Format::Npz))?;
        Ok(output.into_inner())
    }
}

/// What reading a spool or writing the archive failed with.
fn poured(result: io::Result<()>) -> Result<()> {
    result.map_err(Error::encode(Format::Npz))
}
