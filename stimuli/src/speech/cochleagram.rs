//! From two seconds of sound to the envelopes of fifty frequency bands.
//!
//! The sound's spectrum is multiplied by each filter; the band's envelope is the magnitude of its analytic signal, low-passed
//! and resampled to 200 Hz, and raised to the power 0.3, which is about how the ear compresses. Everything is done in the
//! frequency domain, where the sound is one period of a periodic one, as in McDermott and Simoncelli's toolbox.
//!
//! A band's analytic signal holds few frequencies, so that it may be shifted down to zero, which its magnitude does not
//! see, and computed at a low rate without any loss. Only the magnitude is wider than the signal: it is sampled at no less
//! than [`OVERSAMPLING`] times the filter's width, where what folds back is some 1e-5 in values of up to 0.5 (root mean square),
//! and the whole takes a fifth of the operations.
//!
//! # References
//! * McDermott and Simoncelli, "Sound Texture Perception via Statistics of the Auditory Periphery", Neuron 71, 2011.
//! * The number of filters, their range, the envelopes' rate and the power are those of the study that is reproduced. It
//!   does not say what low-pass filter stands before the resampling; ours is flat to 75 Hz and falls as a squared cosine to
//!   zero at 100 Hz, the highest frequency that 200 Hz can hold.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, FftError, RealFftPlanner, RealToComplex};

use super::filter_bank::{Band, filter_bank};

/// Samples a second of the sounds.
pub(super) const RATE_HZ: u32 = 20_000;

/// Length of a sound, in seconds.
pub(super) const N_SECONDS: u32 = 2;

/// Samples of a sound.
pub(super) const N_SAMPLES: usize = (RATE_HZ * N_SECONDS) as usize;

/// Frequency bands of a cochleagram.
pub(super) const N_BANDS: usize = 50;

/// Samples a second of the envelopes.
const ENVELOPE_RATE_HZ: u32 = 200;

/// Times of a cochleagram.
pub(super) const N_TIMES: usize = (ENVELOPE_RATE_HZ * N_SECONDS) as usize;

/// Where the lowest filter begins and the highest ends.
const RANGE_HZ: (f64, f64) = (20.0, 8000.0);

/// The power that envelopes are raised to.
const COMPRESSION: f32 = 0.3;

/// From where on the low-pass filter before the envelopes' resampling falls; it ends at half their rate.
const FALLS_FROM_HZ: f64 = 75.0;

/// Rate of the envelopes before they are low-passed, over the width of their filter: at least this.
const OVERSAMPLING: usize = 8;

/// Lengths that a band's envelope is computed at: what transforms are fastest at.
const LENGTHS: [usize; 6] = [4096, 6144, 8192, 12_288, 16_384, 24_576];

/// Transforms of one length.
struct Transforms {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
}

/// The front end: filters and plans of the transforms, made once and shared by all threads.
pub(super) struct Cochleagram {
    spectrum: Arc<dyn RealToComplex<f32>>,
    /// Each filter and which of `transforms` computes its envelope.
    bands: Vec<(Band, usize)>,
    transforms: Vec<Transforms>,
    /// Response of the low-pass filter at the bins that the resampled envelope has.
    low_pass: Vec<f32>,
    resampled: Arc<dyn ComplexToReal<f32>>,
}

/// What one thread computes a cochleagram in.
pub(super) struct Scratch {
    spectrum: Vec<Complex<f32>>,
    narrow: Vec<Complex<f32>>,
    quadrature: Vec<Complex<f32>>,
    real: Vec<f32>,
    imaginary: Vec<f32>,
    work: Vec<Complex<f32>>,
}

impl Cochleagram {
    /// Makes the filters and plans the transforms.
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let bands = filter_bank(
            N_BANDS,
            RANGE_HZ.0,
            RANGE_HZ.1,
            N_SAMPLES,
            f64::from(RATE_HZ),
        );
        let length_of = |band: &Band| {
            LENGTHS
                .iter()
                .position(|&length| length >= OVERSAMPLING * band.gains.len())
                .unwrap_or(LENGTHS.len() - 1)
        };
        let nyquist_hz = f64::from(ENVELOPE_RATE_HZ) / 2.0;
        let low_pass = (0..=N_TIMES / 2)
            .map(|bin| {
                let frequency = bin as f64 / f64::from(N_SECONDS);
                let fallen = (frequency - FALLS_FROM_HZ) / (nyquist_hz - FALLS_FROM_HZ);
                (fallen.clamp(0.0, 1.0) * PI / 2.0).cos().powi(2) as f32
            })
            .collect();
        Self {
            spectrum: planner.plan_fft_forward(N_SAMPLES),
            bands: bands
                .into_iter()
                .map(|band| (band.clone(), length_of(&band)))
                .collect(),
            transforms: LENGTHS
                .iter()
                .map(|&length| Transforms {
                    forward: planner.plan_fft_forward(length),
                    inverse: planner.plan_fft_inverse(length),
                })
                .collect(),
            low_pass,
            resampled: planner.plan_fft_inverse(N_TIMES),
        }
    }

    /// Room for one thread's computations.
    pub(super) fn scratch(&self) -> Scratch {
        let zero = Complex::new(0.0, 0.0);
        let work = self
            .transforms
            .iter()
            .flat_map(|both| {
                [
                    both.forward.get_scratch_len(),
                    both.inverse.get_scratch_len(),
                ]
            })
            .chain([
                self.spectrum.get_scratch_len(),
                self.resampled.get_scratch_len(),
            ])
            .max();
        Scratch {
            spectrum: vec![zero; N_SAMPLES / 2 + 1],
            narrow: vec![zero; N_SAMPLES / 2 + 1],
            quadrature: vec![zero; N_SAMPLES / 2 + 1],
            real: vec![0.0; N_SAMPLES],
            imaginary: vec![0.0; N_SAMPLES],
            work: vec![zero; work.unwrap_or(0)],
        }
    }

    /// Writes the cochleagram of `samples` (`[N_SAMPLES]`, overwritten) into `values`, `[N_BANDS, N_TIMES]`: lowest band
    /// first, envelopes to the power 0.3. A sound at amplitude 1 in the middle of a band has values of about 1 there.
    ///
    /// # Errors
    /// When a buffer has another length.
    pub(super) fn compute(
        &self,
        samples: &mut [f32],
        scratch: &mut Scratch,
        values: &mut [f32],
    ) -> Result<(), FftError> {
        self.spectrum
            .process_with_scratch(samples, &mut scratch.spectrum, &mut scratch.work)?;
        for ((band, length), values) in self.bands.iter().zip(values.chunks_exact_mut(N_TIMES)) {
            let transforms = &self.transforms[*length];
            self.envelope(band, transforms, scratch, values)?;
        }
        Ok(())
    }

    fn envelope(
        &self,
        band: &Band,
        transforms: &Transforms,
        scratch: &mut Scratch,
        values: &mut [f32],
    ) -> Result<(), FftError> {
        let length = transforms.forward.len();
        let zero = Complex::new(0.0, 0.0);
        let narrow = &mut scratch.narrow[..=length / 2];
        let quadrature = &mut scratch.quadrature[..=length / 2];
        narrow.fill(zero);
        quadrature.fill(zero);
        // From bin 1 on, because the bin at zero of a real signal has no phase. Two real signals a quarter of a period
        // apart are the two parts of the analytic one.
        let spectrum = &scratch.spectrum[band.first_bin..];
        for (((narrow, quadrature), value), gain) in narrow[1..]
            .iter_mut()
            .zip(&mut quadrature[1..])
            .zip(spectrum)
            .zip(&band.gains)
        {
            *narrow = value * gain;
            *quadrature = Complex::new(narrow.im, -narrow.re);
        }
        let (real, imaginary) = (
            &mut scratch.real[..length],
            &mut scratch.imaginary[..length],
        );
        let work = &mut scratch.work;
        transforms
            .inverse
            .process_with_scratch(narrow, real, work)?;
        transforms
            .inverse
            .process_with_scratch(quadrature, imaginary, work)?;
        for (real, imaginary) in real.iter_mut().zip(&*imaginary) {
            *real = (*real * *real + imaginary * imaginary).sqrt();
        }
        transforms
            .forward
            .process_with_scratch(real, narrow, work)?;
        let scale = 1.0 / (N_SAMPLES as f32 * length as f32);
        let narrow = &mut narrow[..=N_TIMES / 2];
        for (value, gain) in narrow.iter_mut().zip(&self.low_pass) {
            *value *= gain * scale;
        }
        // What rounding leaves there is no part of a real signal.
        narrow[0].im = 0.0;
        narrow[N_TIMES / 2] = zero;
        self.resampled.process_with_scratch(narrow, values, work)?;
        for value in values {
            *value = value.max(0.0).powf(COMPRESSION);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
