//! WAV files: what their headers say, checked, and parts of them as one channel of numbers.
//!
//! The header is hound's to read. The samples are read here, because a part of a long recording is wanted without the rest,
//! and hound's seeking assumes that a sample of 24 bits takes three bytes, which can be four.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader};

use super::unusable;
use crate::{Error, Result};

/// Sampling rates that a recording of speech or noise can have, in Hz. Below, no word is left; above, no recorder goes.
const RATES_HZ: RangeInclusive<u32> = 4_000..=384_000;

const CONVERT: &str = "convert it, for example: ffmpeg -i FILE -c:a pcm_s16le NEW.wav";
pub(super) const RESTORE: &str = "fetch or record it again, or take it away";

/// How a sample is stored, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// 8 bits, 128 for zero.
    Unsigned8,
    Signed16,
    Signed24,
    /// 24 bits in the lower three of four bytes.
    Signed24Of32,
    Signed32,
    Float32,
}

/// An open WAV file.
pub(super) struct Wave {
    path: PathBuf,
    file: BufReader<File>,
    rate_hz: u32,
    n_channels: usize,
    n_frames: usize,
    encoding: Encoding,
    n_bytes_per_sample: usize,
    /// Where the first sample lies in the file.
    start: u64,
}

impl Wave {
    /// Opens `path` and checks its header against itself, against the file's length, and against what a recording can be.
    ///
    /// # Errors
    /// When it cannot be read, is no WAV, is encoded in another way than 8, 16, 24 or 32-bit integers or 32-bit floats,
    /// is empty or cut off, or names a sampling rate outside 4 to 384 kHz.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let failed = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let reader =
            WavReader::new(BufReader::new(file)).map_err(|error| not_a_wave(path, error))?;
        let spec = reader.spec();
        if !RATES_HZ.contains(&spec.sample_rate) {
            let reason = format!(
                "its header says {} samples a second, and a recording has {} to {}",
                spec.sample_rate,
                RATES_HZ.start(),
                RATES_HZ.end()
            );
            return Err(unusable(path, reason, RESTORE));
        }
        let n_samples = u64::from(reader.len());
        let n_frames = reader.duration() as usize;
        if n_frames == 0 {
            return Err(unusable(path, "it holds no samples", RESTORE));
        }
        let mut file = reader.into_inner();
        // The data chunk's length stands right before its first byte.
        let start = file.stream_position().map_err(failed)?;
        file.seek(SeekFrom::Start(start - 4)).map_err(failed)?;
        let mut n_bytes = [0; 4];
        file.read_exact(&mut n_bytes).map_err(failed)?;
        let n_bytes = u64::from(u32::from_le_bytes(n_bytes));
        if length < start + n_bytes {
            let reason = format!(
                "it is cut off: its header says {n_bytes} bytes of sound, and {} are there",
                length - start
            );
            let hint = format!(
                "{RESTORE}; a file that was written through a pipe is put right by: ffmpeg -i FILE NEW.wav"
            );
            return Err(unusable(path, reason, hint));
        }
        let n_bytes_per_sample = (n_bytes / n_samples) as usize;
        let bits = spec.bits_per_sample;
        let encoding = match (spec.sample_format, n_bytes_per_sample, bits) {
            (SampleFormat::Int, 1, 8) => Encoding::Unsigned8,
            (SampleFormat::Int, 2, 16) => Encoding::Signed16,
            (SampleFormat::Int, 3, 24) => Encoding::Signed24,
            (SampleFormat::Int, 4, 24) => Encoding::Signed24Of32,
            (SampleFormat::Int, 4, 32) => Encoding::Signed32,
            (SampleFormat::Float, 4, 32) => Encoding::Float32,
            _ => {
                let reason =
                    format!("{bits} bits in {n_bytes_per_sample} bytes a sample are not read here");
                return Err(unusable(path, reason, CONVERT));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            rate_hz: spec.sample_rate,
            n_channels: usize::from(spec.channels),
            n_frames,
            encoding,
            n_bytes_per_sample,
            start,
        })
    }

    /// Samples a second.
    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Samples of each channel.
    pub(super) fn n_frames(&self) -> usize {
        self.n_frames
    }

    /// Reads `n_frames` from frame `first` on into `samples`, `[n_frames]`: the mean of the channels, full scale at 1, less
    /// the mean over the frames, which carries no sound. `bytes` is room to work in.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(
        &mut self,
        first: usize,
        n_frames: usize,
        bytes: &mut Vec<u8>,
        samples: &mut Vec<f32>,
    ) -> Result<()> {
        let n_bytes_per_frame = self.n_bytes_per_sample * self.n_channels;
        let from = self.start + (first * n_bytes_per_frame) as u64;
        bytes.resize(n_frames * n_bytes_per_frame, 0);
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| self.file.read_exact(bytes))
            .map_err(|source| Error::Read {
                path: self.path.clone(),
                source,
            })?;
        samples.clear();
        match self.encoding {
            Encoding::Unsigned8 => {
                self.decode(bytes, samples, |[byte]: [u8; 1]| {
                    (f32::from(byte) - 128.0) / 128.0
                });
            }
            Encoding::Signed16 => self.decode(bytes, samples, |bytes| {
                f32::from(i16::from_le_bytes(bytes)) / 32_768.0
            }),
            Encoding::Signed24 => self.decode(bytes, samples, |[a, b, c]: [u8; 3]| {
                i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0
            }),
            Encoding::Signed24Of32 => self.decode(bytes, samples, |[a, b, c, _]: [u8; 4]| {
                i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0
            }),
            Encoding::Signed32 => self.decode(bytes, samples, |bytes| {
                i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
            }),
            Encoding::Float32 => self.decode(bytes, samples, f32::from_le_bytes),
        }
        let n = samples.len() as f64;
        let mean = samples.iter().map(|&sample| f64::from(sample)).sum::<f64>() / n;
        for sample in samples {
            *sample -= mean as f32;
        }
        Ok(())
    }

    /// Appends the means over channels of the samples in `bytes`, each decoded by `sample`.
    fn decode<const N: usize>(
        &self,
        bytes: &[u8],
        samples: &mut Vec<f32>,
        sample: impl Fn([u8; N]) -> f32,
    ) {
        let (stored, _) = bytes.as_chunks::<N>();
        let scale = 1.0 / self.n_channels as f32;
        samples.extend(
            stored
                .chunks_exact(self.n_channels)
                .map(|channels| channels.iter().map(|&bytes| sample(bytes)).sum::<f32>() * scale),
        );
    }
}

fn not_a_wave(path: &Path, error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            // hound reports the end of the file by a kind of its own.
            if source.kind() == std::io::ErrorKind::Other {
                unusable(path, "it ends within its header", RESTORE)
            } else {
                Error::Read {
                    path: path.to_owned(),
                    source,
                }
            }
        }
        hound::Error::IoError(_) => unusable(path, "it ends within its header", RESTORE),
        hound::Error::FormatError(what) => {
            unusable(path, format!("it is no sound WAV file: {what}"), CONVERT)
        }
        _ => {
            let reason = "it is a WAV file whose samples are neither integers nor 32-bit floats";
            unusable(path, reason, CONVERT)
        }
    }
}

#[cfg(test)]
mod tests;
