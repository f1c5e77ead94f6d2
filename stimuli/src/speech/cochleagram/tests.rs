use std::f64::consts::TAU;

use super::*;

fn cochleagram(sound: &[f32]) -> Vec<f32> {
    let front_end = Cochleagram::new();
    let mut values = vec![f32::NAN; N_BANDS * N_TIMES];
    front_end
        .compute(&mut sound.to_vec(), &mut front_end.scratch(), &mut values)
        .unwrap();
    values
}

fn tone(frequency: f64, amplitude: f64) -> Vec<f32> {
    (0..N_SAMPLES)
        .map(|place| {
            let time = place as f64 / f64::from(RATE_HZ);
            (amplitude * (TAU * frequency * time).sin()) as f32
        })
        .collect()
}

/// As in scripts/reference_cochleagram.py.
fn noise() -> Vec<f64> {
    let mut state = 1_u64;
    (0..N_SAMPLES)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) / 2.0
        })
        .collect()
}

/// As in scripts/reference_cochleagram.py.
fn vowel() -> Vec<f64> {
    let bump = |distance: f64| (-distance * distance).exp();
    noise()
        .iter()
        .enumerate()
        .map(|(place, noise)| {
            let time = place as f64 / f64::from(RATE_HZ);
            let voice: f64 = (1..60)
                .map(|harmonic| {
                    let frequency = 120.0 * f64::from(harmonic);
                    let formants =
                        bump((frequency - 700.0) / 150.0) + bump((frequency - 1200.0) / 150.0);
                    (0.02 + formants) * (TAU * frequency * time).cos()
                })
                .sum();
            0.1 * voice * bump((time - 0.9) / 0.3) + 0.01 * noise
        })
        .collect()
}

#[test]
fn equals_numpy_at_the_full_rate() {
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("reference.json")).unwrap();
    let every = reference["every"].as_u64().unwrap() as usize;
    for (name, sound) in [("noise", noise()), ("vowel", vowel())] {
        let sound: Vec<f32> = sound.iter().map(|&sample| sample as f32).collect();
        let values = cochleagram(&sound);
        let rows = reference["cochleagrams"][name].as_array().unwrap();
        assert_eq!(rows.len(), N_BANDS);
        let (mut largest, mut squares, mut n) = (0.0_f64, 0.0, 0.0);
        for (row, values) in rows.iter().zip(values.chunks_exact(N_TIMES)) {
            let row = row.as_array().unwrap();
            assert_eq!(row.len(), N_TIMES.div_ceil(every));
            for (expected, &value) in row.iter().zip(values.iter().step_by(every)) {
                let difference = (expected.as_f64().unwrap() - f64::from(value)).abs();
                largest = largest.max(difference);
                squares += difference * difference;
                n += 1.0;
            }
        }
        // Values are up to 0.5. The difference is what folds back at the bands' lower rates.
        let root_mean_square = (squares / n).sqrt();
        println!("{name}: largest difference {largest:.1e}, rms {root_mean_square:.1e}");
        assert!(largest < 5e-4, "{name}: {largest}");
        assert!(root_mean_square < 2e-5, "{name}: {root_mean_square}");
    }
}

/// One band by sums over samples, without any fast transform.
#[test]
fn equals_plain_sums() {
    let sound = noise();
    let values = cochleagram(
        &sound
            .iter()
            .map(|&sample| sample as f32)
            .collect::<Vec<_>>(),
    );
    let bank = filter_bank(N_BANDS, 20.0, 8000.0, N_SAMPLES, f64::from(RATE_HZ));
    let angle =
        |bin: usize, place: usize| TAU * (bin * place % N_SAMPLES) as f64 / N_SAMPLES as f64;
    let band = &bank[4];
    let spectrum: Vec<(f64, f64)> = (0..band.gains.len())
        .map(|place| {
            let bin = band.first_bin + place;
            let gain = f64::from(band.gains[place]) * 2.0 / N_SAMPLES as f64;
            sound
                .iter()
                .enumerate()
                .fold((0.0, 0.0), |(real, imaginary), (time, sample)| {
                    let angle = angle(bin, time);
                    let sample = gain * sample;
                    (
                        real + sample * angle.cos(),
                        imaginary - sample * angle.sin(),
                    )
                })
        })
        .collect();
    // The envelope, at a rate of 4 kHz to save time.
    let step = 5;
    let envelope: Vec<f64> = (0..N_SAMPLES / step)
        .map(|place| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (offset, (a, b)) in spectrum.iter().enumerate() {
                let (sin, cos) = angle(band.first_bin + offset, place * step).sin_cos();
                real += a * cos - b * sin;
                imaginary += a * sin + b * cos;
            }
            real.hypot(imaginary)
        })
        .collect();
    // The low-pass filter as a sum over time: its impulse response, once around.
    let n = envelope.len();
    let response = |bin: usize| {
        let fallen = ((bin as f64 / 2.0 - 75.0) / 25.0).clamp(0.0, 1.0);
        (fallen * PI / 2.0).cos().powi(2)
    };
    let impulse: Vec<f64> = (0..n)
        .map(|lag| {
            let sum: f64 = (1..200)
                .map(|bin| 2.0 * response(bin) * (TAU * (bin * lag % n) as f64 / n as f64).cos())
                .sum();
            (1.0 + sum) / n as f64
        })
        .collect();
    for time in (0..N_TIMES).step_by(23) {
        let at = time * n / N_TIMES;
        let smooth: f64 = (0..n)
            .map(|place| envelope[place] * impulse[(at + n - place) % n])
            .sum();
        let expected = smooth.max(0.0).powf(0.3);
        let value = f64::from(values[4 * N_TIMES + time]);
        assert!(
            (value - expected).abs() < 2e-4,
            "{time}: {value} {expected}"
        );
    }
}

#[test]
fn a_tone_lights_its_own_band() {
    let bank = filter_bank(N_BANDS, 20.0, 8000.0, N_SAMPLES, f64::from(RATE_HZ));
    for (place, band) in bank.iter().enumerate() {
        // A whole number of periods, so that the tone has no beginning.
        let frequency = (band.centre_hz * 2.0).round() / 2.0;
        let values = cochleagram(&tone(frequency, 0.5));
        for (row, values) in values.chunks_exact(N_TIMES).enumerate() {
            for &value in values {
                if row == place {
                    let expected = 0.5_f32.powf(0.3);
                    assert!((value - expected).abs() < 0.01, "{frequency} Hz: {value}");
                } else if row.abs_diff(place) > 1 {
                    assert!(value < 0.02, "{frequency} Hz in row {row}: {value}");
                }
            }
        }
    }
}

#[test]
fn loudness_is_compressed_and_beats_are_kept() {
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let row = |values: &[f32]| values[20 * N_TIMES..21 * N_TIMES].to_vec();
    let frequency = filter_bank(N_BANDS, 20.0, 8000.0, N_SAMPLES, 20_000.0)[20]
        .centre_hz
        .round();
    let quiet = mean(&row(&cochleagram(&tone(frequency, 0.01))));
    let loud = mean(&row(&cochleagram(&tone(frequency, 0.1))));
    assert!((loud / quiet - 10.0_f32.powf(0.3)).abs() < 1e-3);
    // An amplitude that swings ten times a second: the envelope has twenty valleys.
    let beating: Vec<f32> = tone(frequency, 0.4)
        .iter()
        .enumerate()
        .map(|(place, sample)| {
            let swing = 0.5 - 0.5 * (TAU * 10.0 * place as f64 / f64::from(RATE_HZ)).cos();
            sample * swing as f32
        })
        .collect();
    let values = row(&cochleagram(&beating));
    let valleys = (0..N_TIMES)
        .filter(|&time| {
            let before = values[(time + N_TIMES - 1) % N_TIMES];
            let after = values[(time + 1) % N_TIMES];
            values[time] < before && values[time] <= after
        })
        .count();
    assert_eq!(valleys, 20);
}

#[test]
fn silence_is_zero_and_wrong_lengths_are_errors() {
    assert!(
        cochleagram(&vec![0.0; N_SAMPLES])
            .iter()
            .all(|&value| value == 0.0)
    );
    let front_end = Cochleagram::new();
    let mut values = vec![0.0; N_BANDS * N_TIMES];
    let short = &mut vec![0.0; N_SAMPLES - 1];
    let answer = front_end.compute(short, &mut front_end.scratch(), &mut values);
    assert!(answer.is_err());
}
