//! Sounds of any sampling rate at the rate that cochleagrams are made of.

use std::collections::BTreeMap;

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

use super::cochleagram::RATE_HZ;

/// Samples of the source that are transformed at once, at least. At 4,096 the filter before a lower rate begins to fall at
/// 98% of the highest frequency that the lower rate can hold, well above what cochleagrams show.
const N_AT_ONCE: usize = 4096;

/// Resamplers that are kept; a folder has one or two rates, or something is odd about it and it may be slow.
const N_KEPT: usize = 16;

/// What one thread resamples with: a resampler for each rate that it has met.
#[derive(Default)]
pub(super) struct Resampling {
    resamplers: BTreeMap<u32, Fft<f32>>,
    padded: Vec<f32>,
    delayed: Vec<f32>,
}

impl Resampling {
    /// Writes the sound `samples` of `rate_hz` into `resampled` at [`RATE_HZ`], as many seconds of it, rounded up to a
    /// sample. What a sound was before does not matter.
    ///
    /// # Errors
    /// What the resampler says of a rate that it cannot do.
    pub(super) fn resample(
        &mut self,
        samples: &[f32],
        rate_hz: u32,
        resampled: &mut Vec<f32>,
    ) -> Result<(), String> {
        resampled.clear();
        if rate_hz == RATE_HZ {
            resampled.extend_from_slice(samples);
            return Ok(());
        }
        if self.resamplers.len() >= N_KEPT && !self.resamplers.contains_key(&rate_hz) {
            self.resamplers.clear();
        }
        let (from, to) = (rate_hz as usize, RATE_HZ as usize);
        let resampler = match self.resamplers.entry(rate_hz) {
            std::collections::btree_map::Entry::Occupied(kept) => kept.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                // An even number of the shortest steps that are whole at both rates, so that the filter's delay is whole too.
                let shortest = from / greatest_common_divisor(from, to);
                let step = N_AT_ONCE.div_ceil(shortest).next_multiple_of(2) * shortest;
                let made = Fft::new(from, to, step, 1, 1, FixedSync::Both);
                place.insert(made.map_err(|error| error.to_string())?)
            }
        };
        resampler.reset();
        let (n_in, n_out) = (
            resampler.input_frames_next(),
            resampler.output_frames_next(),
        );
        let delay = resampler.output_delay();
        let length = (samples.len() * to).div_ceil(from);
        let n_steps = (length + delay).div_ceil(n_out);
        self.padded.clear();
        self.padded.extend_from_slice(samples);
        // The last output needs the silence after the sound.
        self.padded.resize(n_steps * n_in, 0.0);
        self.delayed.resize(n_steps * n_out, 0.0);
        for (input, output) in self
            .padded
            .chunks_exact(n_in)
            .zip(self.delayed.chunks_exact_mut(n_out))
        {
            let input = InterleavedSlice::new(input, 1, n_in).map_err(|error| error.to_string())?;
            let mut output =
                InterleavedSlice::new_mut(output, 1, n_out).map_err(|error| error.to_string())?;
            resampler
                .process_into_buffer(&input, &mut output, None)
                .map_err(|error| error.to_string())?;
        }
        resampled.extend_from_slice(&self.delayed[delay..delay + length]);
        Ok(())
    }
}

fn greatest_common_divisor(mut one: usize, mut other: usize) -> usize {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn tone(frequency: f64, rate_hz: u32, n_samples: usize) -> Vec<f32> {
        (0..n_samples)
            .map(|place| (0.5 * (TAU * frequency * place as f64 / f64::from(rate_hz)).sin()) as f32)
            .collect()
    }

    #[test]
    fn tones_keep_frequency_level_and_time() {
        let mut resampling = Resampling::default();
        let mut resampled = Vec::new();
        for rate_hz in [
            8_000, 11_025, 16_000, 20_000, 22_050, 44_100, 48_000, 96_000, 44_101,
        ] {
            for frequency in [100.0, 1000.0, 3000.0, 7500.0] {
                if frequency > f64::from(rate_hz) * 0.4 {
                    continue;
                }
                let samples = tone(frequency, rate_hz, rate_hz as usize * 2);
                resampling
                    .resample(&samples, rate_hz, &mut resampled)
                    .unwrap();
                assert_eq!(resampled.len(), 40_000);
                let expected = tone(frequency, RATE_HZ, 40_000);
                // Away from the ends, where the tone starts and stops.
                for place in 1000..39_000 {
                    let difference = (resampled[place] - expected[place]).abs();
                    assert!(
                        difference < 1e-3,
                        "{rate_hz} {frequency} {place}: {difference}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone() {
        let mut resampled = Vec::new();
        Resampling::default()
            .resample(&tone(11_000.0, 44_100, 88_200), 44_100, &mut resampled)
            .unwrap();
        for sample in &resampled[1000..39_000] {
            assert!(sample.abs() < 1e-3, "{sample}");
        }
    }

    #[test]
    fn short_sounds_and_sounds_before_do_not_matter() {
        let short = tone(440.0, 16_000, 100);
        let (mut first, mut again, mut other) = (Vec::new(), Vec::new(), Vec::new());
        let mut resampling = Resampling::default();
        resampling.resample(&short, 16_000, &mut first).unwrap();
        assert_eq!(first.len(), 125);
        let expected = tone(440.0, RATE_HZ, 125);
        for (sample, expected) in first.iter().zip(&expected).skip(10).take(100) {
            assert!((sample - expected).abs() < 0.02, "{sample} {expected}");
        }
        resampling
            .resample(&tone(900.0, 16_000, 9000), 16_000, &mut other)
            .unwrap();
        for rate_hz in 5000..5000 + N_KEPT as u32 {
            resampling.resample(&[0.5], rate_hz, &mut other).unwrap();
        }
        resampling.resample(&short, 16_000, &mut again).unwrap();
        assert_eq!(first, again);
    }
}
