//! Band-pass filters spaced as the cochlea spaces its frequencies.
//!
//! A filter is half a period of a cosine over the number of equivalent rectangular bandwidths (ERB) below a frequency. The
//! filters' edges and centres are equally spaced on that scale, and each filter reaches from its lower neighbour's centre to
//! its upper neighbour's, so that between the first and the last centre the squared responses sum to one.
//!
//! The low-pass and the high-pass filter with which the original bank can rebuild the sound are absent: nothing is rebuilt
//! here.
//!
//! # References
//! * McDermott and Simoncelli, "Sound Texture Perception via Statistics of the Auditory Periphery", Neuron 71, 2011: the
//!   bank.
//! * Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data", Hearing Research 47, 1990: the
//!   scale.

use std::f64::consts::PI;

/// Quality of the ear's filters at high frequencies: centre frequency over bandwidth.
const EAR_QUALITY: f64 = 9.265;

/// Bandwidth of the ear's filters at low frequencies, in Hz.
const LEAST_BANDWIDTH_HZ: f64 = 24.7;

/// Number of equivalent rectangular bandwidths below a frequency in Hz.
pub(super) fn erb_number(frequency_hz: f64) -> f64 {
    EAR_QUALITY * (1.0 + frequency_hz / (LEAST_BANDWIDTH_HZ * EAR_QUALITY)).ln()
}

/// The frequency in Hz with `erb_number` equivalent rectangular bandwidths below it.
pub(super) fn frequency_hz(erb_number: f64) -> f64 {
    LEAST_BANDWIDTH_HZ * EAR_QUALITY * ((erb_number / EAR_QUALITY).exp() - 1.0)
}

/// A filter as its response at the bins of a discrete Fourier transform.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Band {
    /// The frequency of the largest response.
    pub(super) centre_hz: f64,
    /// The bin of the first of `gains`; zero below it.
    pub(super) first_bin: usize,
    /// Response at successive bins, real and in (0, 1]; zero above them.
    pub(super) gains: Vec<f32>,
}

/// The filters for sounds of `n_samples` at `rate_hz`, from the lowest to the highest: `n_bands` whose edges lie between
/// `lowest_hz` and `highest_hz`. The transform's bins are `rate_hz / n_samples` apart and must be narrower than the filters.
pub(super) fn filter_bank(
    n_bands: usize,
    lowest_hz: f64,
    highest_hz: f64,
    n_samples: usize,
    rate_hz: f64,
) -> Vec<Band> {
    let spacing = (erb_number(highest_hz) - erb_number(lowest_hz)) / (n_bands + 1) as f64;
    let bin_hz = rate_hz / n_samples as f64;
    (1..=n_bands)
        .map(|place| {
            let centre = erb_number(lowest_hz) + spacing * place as f64;
            let mut band = Band {
                centre_hz: frequency_hz(centre),
                first_bin: 0,
                gains: Vec::new(),
            };
            let below = (frequency_hz(centre - spacing) / bin_hz).max(0.0) as usize;
            for bin in below..=n_samples / 2 {
                let distance = (erb_number(bin as f64 * bin_hz) - centre) / spacing;
                if distance >= 1.0 {
                    break;
                }
                if distance > -1.0 {
                    if band.gains.is_empty() {
                        band.first_bin = bin;
                    }
                    band.gains.push((distance * PI / 2.0).cos() as f32);
                }
            }
            band
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 20_000.0;
    const N_SAMPLES: usize = 40_000;

    fn bank() -> Vec<Band> {
        filter_bank(50, 20.0, 8000.0, N_SAMPLES, RATE_HZ)
    }

    #[test]
    fn squared_responses_sum_to_one_in_the_pass_band() {
        let bank = bank();
        let mut sums = vec![0.0; N_SAMPLES / 2 + 1];
        for band in &bank {
            for (sum, gain) in sums[band.first_bin..].iter_mut().zip(&band.gains) {
                *sum += f64::from(gain * gain);
            }
        }
        for (bin, &sum) in sums.iter().enumerate() {
            let frequency = bin as f64 * RATE_HZ / N_SAMPLES as f64;
            if (bank[0].centre_hz..=bank[49].centre_hz).contains(&frequency) {
                assert!((sum - 1.0).abs() < 1e-6, "{sum} at {frequency} Hz");
            } else {
                assert!(sum <= 1.0 + 1e-6, "{sum} at {frequency} Hz");
            }
            if !(20.0..8000.0).contains(&frequency) {
                assert_eq!(sum, 0.0, "at {frequency} Hz");
            }
        }
    }

    #[test]
    fn centres_follow_the_formula() {
        // 9.265 ln(1 + 1000 / 228.8455), with a pocket calculator.
        assert!((erb_number(1000.0) - 15.572_457).abs() < 1e-5);
        assert!((frequency_hz(erb_number(440.0)) - 440.0).abs() < 1e-9);
        let bank = bank();
        assert_eq!(bank.len(), 50);
        let erbs: Vec<f64> = bank.iter().map(|band| erb_number(band.centre_hz)).collect();
        let spacing = (erb_number(8000.0) - erb_number(20.0)) / 51.0;
        for pair in erbs.windows(2) {
            assert!((pair[1] - pair[0] - spacing).abs() < 1e-9);
        }
        assert!((erbs[0] - erb_number(20.0) - spacing).abs() < 1e-9);
        assert!((erb_number(8000.0) - erbs[49] - spacing).abs() < 1e-9);
    }

    #[test]
    fn filters_reach_to_their_neighbours_centres() {
        let bank = bank();
        let bin_hz = RATE_HZ / N_SAMPLES as f64;
        for three in bank.windows(3) {
            let first = three[1].first_bin as f64 * bin_hz;
            let last = first + (three[1].gains.len() - 1) as f64 * bin_hz;
            assert!((0.0..=bin_hz).contains(&(first - three[0].centre_hz)));
            assert!((0.0..=bin_hz).contains(&(three[2].centre_hz - last)));
            let top = three[1].gains.iter().copied().fold(0.0, f32::max);
            assert!((0.99..=1.0).contains(&top), "{top}");
        }
    }
}
