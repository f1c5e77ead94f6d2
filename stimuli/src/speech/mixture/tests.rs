use std::f64::consts::TAU;
use std::path::PathBuf;

use engram_schemas::randomness::generator;
use hound::{SampleFormat, WavSpec, WavWriter};
use tempfile::TempDir;

use super::super::folder::Clip;
use super::*;

const SPEECH_HZ: f64 = 1000.0;
const NOISE_HZ: f64 = 300.0;

fn tone(frequency: f64, rate_hz: u32, seconds: f64) -> Vec<f32> {
    (0..(seconds * f64::from(rate_hz)) as usize)
        .map(|place| (0.3 * (TAU * frequency * place as f64 / f64::from(rate_hz)).sin()) as f32)
        .collect()
}

fn write(folder: &TempDir, name: &str, rate_hz: u32, samples: &[f32]) -> PathBuf {
    let path = folder.path().join(name);
    let spec = WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 32,
        sample_format: SampleFormat::Float,
    };
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for &sample in samples {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
    path
}

fn sounds(clip: PathBuf, noise: PathBuf) -> Sounds {
    Sounds {
        clips: vec![Clip {
            path: clip,
            class: 0,
        }],
        noises: vec![noise],
    }
}

fn mix(sounds: &Sounds, ratio_db: f64, placing: Placing, seed: u64) -> Result<Vec<f32>> {
    let mut mixture = vec![f32::NAN; N_SAMPLES];
    let mut random = generator("test", seed, 0);
    Mixing::default().mix(sounds, 0, &[ratio_db], placing, &mut random, &mut mixture)?;
    Ok(mixture)
}

/// Power of the tone at `frequency` in `samples`.
fn power_at(frequency: f64, samples: &[f32]) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (place, &sample) in samples.iter().enumerate() {
        let angle = TAU * frequency * place as f64 / 20_000.0;
        real += f64::from(sample) * angle.cos();
        imaginary += f64::from(sample) * angle.sin();
    }
    2.0 * (real * real + imaginary * imaginary) / (samples.len() as f64).powi(2)
}

#[test]
fn the_ratio_is_the_one_asked_for() {
    let folder = TempDir::new().unwrap();
    let clip = write(&folder, "clip.wav", 16_000, &tone(SPEECH_HZ, 16_000, 2.0));
    let noise = write(&folder, "noise.wav", 44_100, &tone(NOISE_HZ, 44_100, 7.3));
    let sounds = sounds(clip, noise);
    for ratio_db in [-20.0, -10.0, -3.0, 0.0, 5.0, 10.0] {
        for placing in [Placing::Middle, Placing::Random] {
            let mixture = mix(&sounds, ratio_db, placing, 5).unwrap();
            let speech = power_at(SPEECH_HZ, &mixture);
            let noise = power_at(NOISE_HZ, &mixture);
            let found = 10.0 * (speech / noise).log10();
            assert!((found - ratio_db).abs() < 0.05, "{ratio_db} dB: {found}");
            assert!((mean_square(&mixture).sqrt() - LEVEL).abs() < 1e-6);
        }
    }
    for ratio_db in [-5000.0, 5000.0] {
        let mixture = mix(&sounds, ratio_db, Placing::Middle, 5).unwrap();
        let alone = if ratio_db > 0.0 { SPEECH_HZ } else { NOISE_HZ };
        assert!((power_at(alone, &mixture).sqrt() - LEVEL).abs() < 1e-4);
    }
}

#[test]
fn a_short_clip_lies_in_the_middle_or_anywhere() {
    let folder = TempDir::new().unwrap();
    let clip = write(&folder, "clip.wav", 20_000, &tone(SPEECH_HZ, 20_000, 0.5));
    let noise = write(&folder, "noise.wav", 20_000, &tone(NOISE_HZ, 20_000, 2.0));
    let sounds = sounds(clip, noise);
    let power = |mixture: &[f32], from: usize| power_at(SPEECH_HZ, &mixture[from..from + 10_000]);
    let middle = mix(&sounds, 10.0, Placing::Middle, 1).unwrap();
    // The ratio is of the clip's own half second.
    let noise = power_at(NOISE_HZ, &middle[20_000..30_000]);
    let found = 10.0 * (power(&middle, 15_000) / power_at(NOISE_HZ, &middle[..10_000])).log10();
    assert!((found - 10.0).abs() < 0.1, "{found} {noise}");
    assert!(power(&middle, 0) < 1e-6 && power(&middle, 30_000) < 1e-6);
    let starts: std::collections::BTreeSet<usize> = (0..20)
        .map(|seed| {
            let mixture = mix(&sounds, 60.0, Placing::Random, seed).unwrap();
            let start = mixture
                .iter()
                .position(|sample| sample.abs() > 0.01)
                .unwrap();
            assert!(start <= 30_001, "{start}");
            start
        })
        .collect();
    assert!(starts.len() > 15, "{starts:?}");
    assert!(*starts.first().unwrap() < 6_000 && *starts.last().unwrap() > 24_000);
}

#[test]
fn a_long_clip_gives_its_middle_or_any_part() {
    let folder = TempDir::new().unwrap();
    // The frequency says where in the clip a part is from: 1,000 Hz in the middle two of six seconds.
    let mut long = tone(500.0, 20_000, 2.0);
    long.extend(tone(1000.0, 20_000, 2.0));
    long.extend(tone(2000.0, 20_000, 2.0));
    let clip = write(&folder, "clip.wav", 20_000, &long);
    let noise = write(&folder, "noise.wav", 20_000, &tone(NOISE_HZ, 20_000, 2.0));
    let sounds = sounds(clip, noise);
    let middle = mix(&sounds, 60.0, Placing::Middle, 1).unwrap();
    assert!((power_at(1000.0, &middle).sqrt() - LEVEL).abs() < 1e-3);
    let others = (0..10)
        .map(|seed| mix(&sounds, 60.0, Placing::Random, seed).unwrap())
        .filter(|mixture| power_at(500.0, mixture) + power_at(2000.0, mixture) > 1e-3);
    assert!(others.count() > 3);
}

#[test]
fn short_noise_is_repeated_and_long_noise_is_read_in_part() {
    let folder = TempDir::new().unwrap();
    let clip = write(&folder, "clip.wav", 20_000, &tone(SPEECH_HZ, 20_000, 1.0));
    let short: Vec<f32> = (0..777).map(|place| (place % 13) as f32 / 13.0).collect();
    let noise = write(&folder, "short.wav", 20_000, &short);
    let mixture = mix(&sounds(clip.clone(), noise), -80.0, Placing::Middle, 3).unwrap();
    for place in 0..N_SAMPLES - 777 {
        let difference = (mixture[place] - mixture[place + 777]).abs();
        assert!(difference < 1e-4, "{place}: {difference}");
    }
    // Ten seconds of silence before ten of noise: a silent part is not taken.
    let mut late = vec![0.0; 200_000];
    late.extend(tone(NOISE_HZ, 20_000, 10.0));
    let sounds = sounds(clip, write(&folder, "late.wav", 20_000, &late));
    for seed in 0..5 {
        let mixture = mix(&sounds, 0.0, Placing::Middle, seed).unwrap();
        assert!(power_at(NOISE_HZ, &mixture) > 1e-4);
    }
}

#[test]
fn silence_and_infinities_are_named() {
    let folder = TempDir::new().unwrap();
    let good = write(&folder, "good.wav", 20_000, &tone(SPEECH_HZ, 20_000, 1.0));
    let silent = write(&folder, "silent.wav", 20_000, &[0.0; 20_000]);
    let steady = write(&folder, "steady.wav", 16_000, &[0.25; 16_000]);
    let mut hole = tone(SPEECH_HZ, 20_000, 2.0);
    hole.extend([0.0; 40_000]);
    hole.extend(tone(SPEECH_HZ, 20_000, 2.0));
    let hole = write(&folder, "hole.wav", 20_000, &hole);
    let mut infinite = tone(SPEECH_HZ, 20_000, 1.0);
    infinite[500] = f32::INFINITY;
    let infinite = write(&folder, "infinite.wav", 20_000, &infinite);
    // At another rate they go through a transform first, and so do numbers that overflow in it.
    let mut resampled = tone(SPEECH_HZ, 16_000, 1.0);
    resampled[500] = f32::INFINITY;
    let resampled = write(&folder, "resampled.wav", 16_000, &resampled);
    let mut huge = tone(SPEECH_HZ, 16_000, 1.0);
    huge.iter_mut().for_each(|sample| *sample *= 1e38);
    let huge = write(&folder, "huge.wav", 16_000, &huge);
    for (clip, noise, bad, expected) in [
        (&resampled, &good, &resampled, "no finite numbers"),
        (&good, &resampled, &resampled, "no finite numbers"),
        (&huge, &good, &huge, "no finite numbers"),
        (&good, &huge, &huge, "no finite numbers"),
        (&silent, &good, &silent, "it is silent"),
        (&steady, &good, &steady, "it is silent"),
        (&hole, &good, &hole, "its middle two seconds are silent"),
        (&infinite, &good, &infinite, "no finite numbers"),
        (
            &good,
            &silent,
            &silent,
            "it is silent, and cannot be background noise",
        ),
        (&good, &infinite, &infinite, "no finite numbers"),
    ] {
        let error = mix(
            &sounds(clip.clone(), noise.clone()),
            0.0,
            Placing::Middle,
            1,
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        assert!(text.contains(&bad.display().to_string()), "{text}");
        assert!(error.hint().is_some_and(|hint| hint.contains("take")));
    }
    assert!(mix(&sounds(hole, good), 0.0, Placing::Random, 1).is_ok());
}
