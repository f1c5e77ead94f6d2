use hound::{SampleFormat, WavSpec, WavWriter};
use tempfile::TempDir;

use super::*;

const TRUTH: [f32; 6] = [0.0, 0.5, -0.5, 0.25, -1.0, 0.75];

fn spec(channels: u16, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec {
        channels,
        sample_rate: 16_000,
        bits_per_sample,
        sample_format,
    }
}

/// A file of [`TRUTH`], every channel alike.
fn write(folder: &TempDir, spec: WavSpec) -> PathBuf {
    let path = folder.path().join("clip.wav");
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for sample in TRUTH {
        for _ in 0..spec.channels {
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(sample).unwrap(),
                SampleFormat::Int => {
                    let scale = 2.0_f64.powi(i32::from(spec.bits_per_sample) - 1);
                    let stored = (f64::from(sample) * scale) as i32;
                    writer.write_sample(stored).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
    path
}

fn all(path: &Path) -> Result<Vec<f32>> {
    let mut wave = Wave::open(path)?;
    let (mut bytes, mut samples) = (Vec::new(), Vec::new());
    let n_frames = wave.n_frames();
    wave.read(0, n_frames, &mut bytes, &mut samples)?;
    Ok(samples)
}

fn refusal(path: &Path) -> (String, String) {
    let error = all(path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    (text, error.hint().unwrap())
}

/// Puts `bytes` at `offset` of the file.
fn patch(path: &Path, offset: usize, bytes: &[u8]) {
    let mut all = std::fs::read(path).unwrap();
    all[offset..offset + bytes.len()].copy_from_slice(bytes);
    std::fs::write(path, all).unwrap();
}

fn assert_truth(samples: &[f32], what: &str) {
    let mean = TRUTH.iter().sum::<f32>() / TRUTH.len() as f32;
    assert_eq!(samples.len(), TRUTH.len(), "{what}");
    for (sample, truth) in samples.iter().zip(TRUTH) {
        assert!(
            (sample - (truth - mean)).abs() < 1e-6,
            "{what}: {sample} {truth}"
        );
    }
}

#[test]
fn integers_and_floats_of_every_width() {
    let folder = TempDir::new().unwrap();
    for channels in [1, 2, 3] {
        for (bits, format) in [
            (8, SampleFormat::Int),
            (16, SampleFormat::Int),
            (24, SampleFormat::Int),
            (32, SampleFormat::Int),
            (32, SampleFormat::Float),
        ] {
            let path = write(&folder, spec(channels, bits, format));
            let wave = Wave::open(&path).unwrap();
            assert_eq!((wave.rate_hz(), wave.n_frames()), (16_000, 6));
            assert_truth(
                &all(&path).unwrap(),
                &format!("{channels} x {bits} {format:?}"),
            );
        }
    }
}

#[test]
fn three_bytes_in_four() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("clip.wav");
    let spec_in_four = hound::WavSpecEx {
        spec: spec(1, 24, SampleFormat::Int),
        bytes_per_sample: 4,
    };
    let file = File::create(&path).unwrap();
    let mut writer = WavWriter::new_with_spec_ex(file, spec_in_four).unwrap();
    for sample in TRUTH {
        writer.write_sample((sample * 8_388_608.0) as i32).unwrap();
    }
    writer.finalize().unwrap();
    assert_truth(&all(&path).unwrap(), "24 bits in 32");
    let (mut bytes, mut samples) = (Vec::new(), Vec::new());
    Wave::open(&path)
        .unwrap()
        .read(3, 2, &mut bytes, &mut samples)
        .unwrap();
    assert!((samples[0] - samples[1] - 1.25).abs() < 1e-6);
}

#[test]
fn channels_are_averaged_and_parts_are_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("clip.wav");
    let mut writer = WavWriter::create(&path, spec(2, 16, SampleFormat::Int)).unwrap();
    for frame in 0..1000_i16 {
        writer.write_sample(frame * 20).unwrap();
        writer.write_sample(frame * 10).unwrap();
    }
    writer.finalize().unwrap();
    let (mut bytes, mut samples) = (Vec::new(), Vec::new());
    let mut wave = Wave::open(&path).unwrap();
    for (first, n_frames) in [(700, 300), (0, 10), (999, 1)] {
        wave.read(first, n_frames, &mut bytes, &mut samples)
            .unwrap();
        assert_eq!(samples.len(), n_frames);
        let middle = (n_frames as f32 - 1.0) / 2.0;
        for (place, sample) in samples.iter().enumerate() {
            let expected = (place as f32 - middle) * 15.0 / 32_768.0;
            assert!((sample - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn a_cut_file_is_named_wherever_it_is_cut() {
    let folder = TempDir::new().unwrap();
    let whole = std::fs::read(write(&folder, spec(1, 16, SampleFormat::Int))).unwrap();
    let path = folder.path().join("cut.wav");
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let (text, hint) = refusal(&path);
        let expected = if length < 44 {
            "it ends within its header"
        } else {
            "it is cut off"
        };
        assert!(text.contains(expected), "{length}: {text}");
        assert!(hint.contains("record it again"), "{hint}");
    }
    std::fs::write(&path, &whole[..50]).unwrap();
    let (text, _) = refusal(&path);
    assert!(
        text.contains("12 bytes of sound, and 6 are there"),
        "{text}"
    );
}

#[test]
fn rates_that_cannot_be_right_are_refused() {
    let folder = TempDir::new().unwrap();
    for rate in [0_u32, 1, 3_999, 384_001, 16_000_000] {
        let path = write(&folder, spec(1, 16, SampleFormat::Int));
        patch(&path, 24, &rate.to_le_bytes());
        patch(&path, 28, &(rate * 2).to_le_bytes());
        let (text, _) = refusal(&path);
        assert!(
            text.contains(&format!("its header says {rate} samples a second")),
            "{text}"
        );
    }
    for rate in [4_000_u32, 384_000] {
        let path = write(&folder, spec(1, 16, SampleFormat::Int));
        patch(&path, 24, &rate.to_le_bytes());
        patch(&path, 28, &(rate * 2).to_le_bytes());
        assert_truth(&all(&path).unwrap(), "extreme rate");
    }
}

#[test]
fn what_is_no_wave_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("clip.wav");
    std::fs::write(&path, "fLaC and then many bytes of another kind of file").unwrap();
    let (text, hint) = refusal(&path);
    assert!(
        text.contains("it is no sound WAV file: no RIFF tag found"),
        "{text}"
    );
    assert!(hint.contains("ffmpeg"), "{hint}");

    // Samples by the mu law, format 7.
    let path = write(&folder, spec(1, 8, SampleFormat::Int));
    patch(&path, 20, &7_u16.to_le_bytes());
    let (text, hint) = refusal(&path);
    assert!(
        text.contains("neither integers nor 32-bit floats"),
        "{text}"
    );
    assert!(hint.contains("ffmpeg"), "{hint}");

    let path = write(&folder, spec(1, 16, SampleFormat::Int));
    patch(&path, 40, &0_u32.to_le_bytes());
    let (text, _) = refusal(&path);
    assert!(text.contains("it holds no samples"), "{text}");

    let missing = folder.path().join("missing.wav");
    let text = all(&missing).unwrap_err().to_string();
    assert_eq!(text, format!("cannot read {}", missing.display()));
}

#[test]
fn no_header_makes_it_panic() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, spec(3, 24, SampleFormat::Int));
    let whole = std::fs::read(&path).unwrap();
    let n_header = whole.len() - TRUTH.len() * 9;
    for place in 0..n_header {
        for value in [0, 1, 2, 3, 8, 32, 127, 128, 255] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            std::fs::write(&path, bytes).unwrap();
            if let Err(error) = all(&path) {
                assert!(error.to_string().contains("clip.wav"), "{error}");
            }
        }
    }
}
