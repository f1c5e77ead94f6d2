//! Files that are compressed as a whole.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::format::Compression;
use crate::output::Output;

/// The output below a format of text, with what compresses it in between.
pub(super) enum Compressed {
    Plain(Output),
    Gzip(GzEncoder<Output>),
    Zstd(zstd::Encoder<'static, Output>),
}

impl Compressed {
    pub(super) fn try_new(compression: Compression, output: Output) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(output),
            Compression::Gzip => Self::Gzip(GzEncoder::new(output, flate2::Compression::default())),
            Compression::Zstd => {
                Self::Zstd(zstd::Encoder::new(output, zstd::DEFAULT_COMPRESSION_LEVEL)?)
            }
        })
    }

    pub(super) fn finish(self) -> io::Result<Output> {
        match self {
            Self::Plain(output) => Ok(output),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for Compressed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// A compressor that is flushed compresses less.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
