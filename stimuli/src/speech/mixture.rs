//! Two seconds of speech in background noise.

use std::path::Path;

use rand::RngExt;
use rand::seq::IndexedRandom;

use engram_schemas::randomness::ChaCha8Rng;

use super::cochleagram::{N_SAMPLES, N_SECONDS};
use super::folder::Sounds;
use super::resampling::Resampling;
use super::unusable;
use super::wave::{RESTORE, Wave};
use crate::Result;

/// Root mean square of a mixture. Levels of recordings say nothing about the words.
pub(super) const LEVEL: f64 = 0.1;

/// Mean square below which a recording is silent: 100 dB below full scale.
const SILENCE: f64 = 1e-10;

/// Parts of a long recording that are tried before it counts as silent.
const N_TRIES: usize = 8;

/// Where a clip goes in the two seconds, and which part of a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placing {
    /// In the middle.
    Middle,
    /// By chance.
    Random,
}

/// What one thread mixes in.
#[derive(Default)]
pub(super) struct Mixing {
    reading: Reading,
    speech: Vec<f32>,
    noise: Vec<f32>,
}

/// What one thread reads and resamples with.
#[derive(Default)]
struct Reading {
    bytes: Vec<u8>,
    recorded: Vec<f32>,
    resampling: Resampling,
}

impl Mixing {
    /// Writes clip `clip` of `sounds` in noise into `mixture`, `[N_SAMPLES]`. The noise's file, its part, the
    /// signal-to-noise ratio (one of `ratios_db`) and, with [`Placing::Random`], the clip's place are drawn from `random`.
    ///
    /// # Errors
    /// When the clip or the noise cannot be read, or is silent; the error names the file.
    pub(super) fn mix(
        &mut self,
        sounds: &Sounds,
        clip: usize,
        ratios_db: &[f64],
        placing: Placing,
        random: &mut ChaCha8Rng,
        mixture: &mut [f32],
    ) -> Result<()> {
        // A folder without noise and settings without ratios were refused before.
        let ratio_db = ratios_db.choose(random).copied().unwrap_or(0.0);
        let speech_power = self.read_speech(&sounds.clips[clip].path, placing, random)?;
        let free = N_SAMPLES - self.speech.len();
        let start = match placing {
            Placing::Middle => free / 2,
            Placing::Random => random.random_range(0..=free as u32) as usize,
        };
        let noise = random.random_range(0..sounds.noises.len() as u32) as usize;
        let noise_power = self.read_noise(&sounds.noises[noise], random)?;
        mixture.copy_from_slice(&self.noise);
        add_speech(
            &self.speech,
            speech_power,
            start,
            noise_power,
            ratio_db,
            mixture,
        );
        Ok(())
    }

    /// Reads a clip into `speech`, at most two seconds of it, and returns its power.
    fn read_speech(
        &mut self,
        path: &Path,
        placing: Placing,
        random: &mut ChaCha8Rng,
    ) -> Result<f64> {
        let mut wave = Wave::open(path)?;
        let longest = (wave.rate_hz() * N_SECONDS) as usize;
        let n_frames = wave.n_frames().min(longest);
        let free = wave.n_frames() - n_frames;
        let n_tries = match placing {
            Placing::Random if free > 0 => N_TRIES,
            _ => 1,
        };
        for _ in 0..n_tries {
            let first = match placing {
                Placing::Middle => free / 2,
                Placing::Random => random.random_range(0..=free as u64) as usize,
            };
            let power = self
                .reading
                .read(&mut wave, path, first, n_frames, &mut self.speech)?;
            if power > SILENCE {
                return Ok(power);
            }
        }
        let part = match (free, placing) {
            (0, _) => "it is silent",
            (_, Placing::Middle) => "its middle two seconds are silent",
            (_, Placing::Random) => "it is silent in most places",
        };
        let hint = "take the clip away, or cut it to the two seconds around its word";
        Err(unusable(path, part, hint))
    }

    /// Reads two seconds of noise into `noise` and returns their power. A shorter recording is repeated.
    fn read_noise(&mut self, path: &Path, random: &mut ChaCha8Rng) -> Result<f64> {
        let mut wave = Wave::open(path)?;
        let wanted = (wave.rate_hz() * N_SECONDS) as usize;
        let n_frames = wave.n_frames().min(wanted);
        let free = wave.n_frames() - n_frames;
        let n_tries = if free > 0 { N_TRIES } else { 1 };
        for _ in 0..n_tries {
            let first = random.random_range(0..=free as u64) as usize;
            let power = self
                .reading
                .read(&mut wave, path, first, n_frames, &mut self.noise)?;
            if power <= SILENCE {
                continue;
            }
            if n_frames == wanted {
                return Ok(power);
            }
            let n = self.noise.len();
            let turn = random.random_range(0..n as u32) as usize;
            self.noise.rotate_left(turn);
            while self.noise.len() < N_SAMPLES {
                let missing = N_SAMPLES - self.noise.len();
                self.noise.extend_from_within(..missing.min(n));
            }
            return Ok(mean_square(&self.noise));
        }
        let reason = "it is silent, and cannot be background noise";
        Err(unusable(path, reason, "take it away, or record it again"))
    }
}

/// The largest sample that is read. Full scale is 1; sums of some thousand samples and of their squares stay finite.
const LARGEST: f32 = 1e12;

impl Reading {
    /// Reads a part of `wave` into `sound`, resampled, and returns its power.
    fn read(
        &mut self,
        wave: &mut Wave,
        path: &Path,
        first: usize,
        n_frames: usize,
        sound: &mut Vec<f32>,
    ) -> Result<f64> {
        wave.read(first, n_frames, &mut self.bytes, &mut self.recorded)?;
        // A transform of what is not finite, or overflows in it, is no error of the resampler but the end of its thread.
        let is_sound = |sample: &f32| sample.abs() <= LARGEST;
        if !self.recorded.iter().all(is_sound) {
            let reason =
                "it holds samples that are no finite numbers, or far beyond those of any sound";
            return Err(unusable(path, reason, RESTORE));
        }
        let rate_hz = wave.rate_hz();
        self.resampling
            .resample(&self.recorded, rate_hz, sound)
            .map_err(|error| {
                let reason = format!("it cannot be resampled from {rate_hz} Hz: {error}");
                unusable(
                    path,
                    reason,
                    "resample it: ffmpeg -i FILE -ar 20000 NEW.wav",
                )
            })?;
        Ok(mean_square(sound))
    }
}

/// Adds `speech` from sample `start` on to the noise that `mixture` holds, so that their powers, each over its own
/// samples, are `ratio_db` apart, and brings the whole to [`LEVEL`].
fn add_speech(
    speech: &[f32],
    speech_power: f64,
    start: usize,
    noise_power: f64,
    ratio_db: f64,
    mixture: &mut [f32],
) {
    // The weaker of the two is scaled down, so that no ratio overflows.
    let speech_gain = 10_f64.powf(ratio_db.min(0.0) / 20.0) / speech_power.sqrt();
    let noise_gain = 10_f64.powf(-ratio_db.max(0.0) / 20.0) / noise_power.sqrt();
    for sample in &mut *mixture {
        *sample *= noise_gain as f32;
    }
    for (sample, speech) in mixture[start..].iter_mut().zip(speech) {
        *sample += speech * speech_gain as f32;
    }
    let power = mean_square(mixture);
    if power > 0.0 {
        let gain = (LEVEL / power.sqrt()) as f32;
        for sample in mixture {
            *sample *= gain;
        }
    }
}

/// Mean of the squares of `samples`; zero of none.
pub(super) fn mean_square(samples: &[f32]) -> f64 {
    let sum: f64 = samples
        .iter()
        .map(|&sample| f64::from(sample) * f64::from(sample))
        .sum();
    sum / samples.len().max(1) as f64
}

#[cfg(test)]
mod tests;
