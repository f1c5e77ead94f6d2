use std::f64::consts::TAU;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use engram_plan::SpeechLabel;
use engram_schemas::Task;
use hound::{SampleFormat, WavSpec, WavWriter};
use rand::RngExt;
use tempfile::TempDir;

use super::*;
use crate::Batches;

mod hostile;

const WORDS: [&str; 6] = ["down", "left", "no", "right", "up", "yes"];
const SEEDS: Seeds = Seeds {
    dataset_seed: 3,
    model_seed: 4,
};

/// Words as two formants that move, speakers as pitches: voices enough to be told apart, where espeak-ng is missing.
fn synthesise(folder: &Path, words: &[&str]) {
    let mut random = randomness::generator("voices", 0, 0);
    for (place, word) in words.iter().enumerate() {
        fs::create_dir_all(folder.join("speech").join(word)).unwrap();
        for speaker in 0..12 {
            for version in 0..2 {
                let pitch = 90.0 + 12.0 * f64::from(speaker) + random.random_range(-3.0..3.0);
                let seconds = random.random_range(0.5..0.9);
                let rate_hz = [16_000, 22_050][version];
                let step = place as f64 / words.len() as f64;
                let samples = (0..(seconds * f64::from(rate_hz)) as usize).map(|sample| {
                    let time = sample as f64 / f64::from(rate_hz);
                    let moved = time / seconds;
                    let first = 300.0 + 600.0 * step + 200.0 * moved;
                    let second = 2400.0 - 1500.0 * ((step * 2.0 + moved) % 1.0);
                    let voice: f64 = (1..40)
                        .map(|harmonic| {
                            let frequency = pitch * f64::from(harmonic);
                            let near =
                                |formant: f64| (-((frequency - formant) / 120.0).powi(2)).exp();
                            let strength = 0.02 + near(first) + near(second);
                            strength * (TAU * frequency * time).cos()
                        })
                        .sum();
                    0.05 * voice * (TAU / 2.0 * moved).sin()
                });
                let name = format!("s{speaker}_{version}.wav");
                write(
                    &folder.join("speech").join(word).join(name),
                    rate_hz,
                    samples,
                );
            }
        }
    }
    fs::create_dir_all(folder.join("noise")).unwrap();
    for (name, n_seconds) in [("long.wav", 5), ("short.wav", 1)] {
        let noise = (0..n_seconds * 16_000).map(|_| random.random_range(-0.3..0.3));
        write(&folder.join("noise").join(name), 16_000, noise);
    }
}

fn write(path: &Path, sample_rate: u32, samples: impl Iterator<Item = f64>) {
    let spec = WavSpec {
        channels: 1,
        sample_rate,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut writer = WavWriter::create(path, spec).unwrap();
    for sample in samples {
        writer.write_sample((sample * 32_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn task(label: SpeechLabel, n_classes: usize) -> TaskSettings {
    TaskSettings {
        label: Some(label),
        n_classes: Some(n_classes),
        image_size: Some(32),
        ..TaskSettings::new(Task::Wsn)
    }
}

fn open(folder: &TempDir, task: &TaskSettings, seeds: Seeds) -> Arc<dyn Stimuli> {
    crate::open(task, Some(folder.path().to_owned()), seeds).unwrap()
}

fn example(speech: &dyn Stimuli, set: Set, index: usize, view: View) -> (Vec<f32>, usize) {
    let mut values = vec![f32::NAN; speech.shape().iter().product()];
    let class = speech.load(set, index, view, &mut values).unwrap();
    assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
    (values, class)
}

fn varied(epoch: u64) -> View {
    View::Varied { epoch, eye: 0 }
}

#[test]
fn examples_follow_from_seeds_and_places_alone() {
    let folder = TempDir::new().unwrap();
    synthesise(folder.path(), &WORDS[..2]);
    let task = task(SpeechLabel::Word, 2);
    let one = open(&folder, &task, SEEDS);
    assert_eq!(one.shape(), [1, 32, 32]);
    assert_eq!(
        (one.n_examples(Set::Train), one.n_examples(Set::Validation)),
        (38, 10)
    );

    let other = open(
        &folder,
        &task,
        Seeds {
            model_seed: 9,
            ..SEEDS
        },
    );
    let first = |speech: &Arc<dyn Stimuli>, view| example(speech.as_ref(), Set::Train, 5, view);
    assert_eq!(first(&one, View::Plain), first(&other, View::Plain));
    assert_ne!(first(&one, varied(1)), first(&other, varied(1)));
    assert_ne!(first(&one, varied(1)), first(&one, varied(2)));
    assert_ne!(
        first(&one, varied(1)),
        first(&one, View::Varied { epoch: 1, eye: 1 })
    );
    assert_ne!(first(&one, varied(1)), first(&one, View::Plain));

    // Neither the order nor the threads matter.
    let again = open(&folder, &task, SEEDS);
    let indices: Vec<usize> = (0..38).rev().collect();
    let read = |speech, n_threads| -> Vec<_> {
        let views = vec![View::Plain, varied(3)];
        Batches::read(speech, Set::Train, indices.clone(), 8, views, n_threads)
            .unwrap()
            .map(|batch| batch.unwrap())
            .collect()
    };
    let batches = read(&one, 1);
    assert_eq!(batches, read(&again, 3));
    let (values, class) = first(&again, View::Plain);
    let place = 37 - 5;
    assert_eq!(batches[place / 8].labels[place % 8], class as i64);
    assert_eq!(
        batches[place / 8].values[place % 8 * 1024..][..1024],
        values
    );
}

#[test]
fn labels_are_words_or_speakers() {
    let folder = TempDir::new().unwrap();
    synthesise(folder.path(), &WORDS[..2]);
    for (label, n_classes) in [(SpeechLabel::Word, 2), (SpeechLabel::Speaker, 12)] {
        let speech = open(&folder, &task(label, n_classes), SEEDS);
        for set in [Set::Train, Set::Validation] {
            let classes: std::collections::BTreeSet<usize> = (0..speech.n_examples(set))
                .map(|index| example(speech.as_ref(), set, index, View::Plain).1)
                .collect();
            assert_eq!(classes, (0..n_classes).collect());
        }
    }
}

#[test]
fn a_bad_file_is_named_when_it_is_read_and_the_others_are_read_on() {
    let folder = TempDir::new().unwrap();
    synthesise(folder.path(), &WORDS[..2]);
    let cut = folder.path().join("speech").join("left").join("s3_1.wav");
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let speech = open(&folder, &task(SpeechLabel::Word, 2), SEEDS);
    let mut values = vec![0.0; 1024];
    let mut errors = Vec::new();
    for set in [Set::Train, Set::Validation] {
        for index in 0..speech.n_examples(set) {
            for view in [View::Plain, varied(1)] {
                errors.extend(speech.load(set, index, view, &mut values).err());
            }
        }
    }
    assert_eq!(errors.len(), 2);
    for error in errors {
        let expected = format!("{} cannot be used: it is cut off", cut.display());
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn without_a_folder_it_says_how_to_name_one() {
    let error = crate::open(&TaskSettings::new(Task::Wsn), None, SEEDS)
        .err()
        .unwrap();
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("--data wsn=FOLDER"))
    );
}

/// Words that espeak-ng speaks in twelve voices, or made up ones where it is missing, are told from their cochleagrams
/// by the nearest example, and worse in louder noise.
#[test]
fn words_are_told_by_their_nearest_example() {
    let folder = TempDir::new().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/make-speech.sh");
    let spoken = Command::new("espeak-ng").arg("--version").output().is_ok();
    if spoken {
        let made = Command::new(script)
            .arg(folder.path())
            .args(WORDS)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    } else {
        synthesise(folder.path(), &WORDS);
    }
    let told = |ratio_db: f64| {
        let task = TaskSettings {
            signal_to_noise_db: Some(vec![ratio_db]),
            validation_fraction: Some(0.25),
            ..task(SpeechLabel::Word, WORDS.len())
        };
        let speech = open(&folder, &task, SEEDS);
        let all = |set| -> Vec<_> {
            (0..speech.n_examples(set))
                .map(|index| example(speech.as_ref(), set, index, View::Plain))
                .collect()
        };
        let started = Instant::now();
        let (train, validation) = (all(Set::Train), all(Set::Validation));
        let n_clips = train.len() + validation.len();
        println!(
            "{:.0} clips a second",
            n_clips as f64 / started.elapsed().as_secs_f64()
        );
        assert_eq!((train.len(), validation.len()), (108, 36));
        let top = train.iter().flat_map(|(values, _)| values);
        println!("largest value {}", top.copied().fold(0.0, f32::max));
        let distance = |one: &[f32], other: &[f32]| -> f32 {
            one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let right = validation.iter().filter(|(values, class)| {
            let nearest = train.iter().min_by(|one, other| {
                distance(values, &one.0).total_cmp(&distance(values, &other.0))
            });
            nearest.is_some_and(|(_, told)| told == class)
        });
        right.count() as f64 / validation.len() as f64
    };
    let (clear, noisy) = (told(30.0), told(-30.0));
    println!("spoken by espeak-ng: {spoken}; told at 30 dB: {clear:.2}, at -30 dB: {noisy:.2}");
    assert!(clear > 0.8, "{clear}");
    assert!(noisy < clear - 0.2, "{noisy}");
}
