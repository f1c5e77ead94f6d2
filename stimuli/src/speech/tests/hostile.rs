//! Recordings and lists of them that were cut, changed or made up at random do no harm.

use proptest::prelude::*;

use super::*;
use crate::mutation::{cases, mutated};

/// A short tone in each encoding that is read.
fn recordings() -> Vec<Vec<u8>> {
    let encodings = [
        (8, SampleFormat::Int, 1),
        (16, SampleFormat::Int, 2),
        (24, SampleFormat::Int, 1),
        (32, SampleFormat::Int, 1),
        (32, SampleFormat::Float, 1),
    ];
    encodings
        .into_iter()
        .map(|(bits_per_sample, sample_format, channels)| {
            let spec = WavSpec {
                channels,
                sample_rate: 8000,
                bits_per_sample,
                sample_format,
            };
            let mut bytes = std::io::Cursor::new(Vec::new());
            let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
            for place in 0..400 * u32::from(channels) {
                let sample = f64::from(place / u32::from(channels) % 20) / 20.0 - 0.5;
                let full = f64::from(2_u32.pow(u32::from(bits_per_sample) - 1) - 1);
                match sample_format {
                    SampleFormat::Int => writer.write_sample((sample * full) as i32).unwrap(),
                    SampleFormat::Float => writer.write_sample(sample as f32).unwrap(),
                }
            }
            writer.finalize().unwrap();
            bytes.into_inner()
        })
        .collect()
}

const LIST: &str = "file,word,speaker\nspeech/no/a_1.wav,no,a\n\"speech/no/b_1.wav\", no,b\n\
                    speech/yes/a_1.wav,yes,a\nspeech/yes/b_1.wav,yes,b\n";

/// A folder of four clips, the first of them `clip`, and one noise.
fn write_folder(clip: &[u8], noise: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let whole = recordings().swap_remove(1);
    for (name, bytes) in [
        ("speech/no/a_1.wav", clip),
        ("speech/no/b_1.wav", &whole),
        ("speech/yes/a_1.wav", &whole),
        ("speech/yes/b_1.wav", &whole),
        ("noise/noise.wav", noise),
    ] {
        crate::fixtures::write(folder.path(), name, bytes);
    }
    folder
}

/// Opens the folder and reads its examples; whether all can be read.
fn is_read(folder: &TempDir) -> bool {
    let task = task(SpeechLabel::Word, 2);
    let Ok(speech) = crate::open(&task, Some(folder.path().to_owned()), SEEDS) else {
        return false;
    };
    let mut whole = true;
    let mut values = vec![0.0; speech.shape().iter().product()];
    for set in [Set::Train, Set::Validation] {
        for index in 0..speech.n_examples(set) {
            for view in [View::Plain, varied(1)] {
                match speech.load(set, index, view, &mut values) {
                    Ok(_) => assert!(values.iter().all(|value| value.is_finite())),
                    Err(_) => whole = false,
                }
            }
        }
    }
    whole
}

#[test]
fn what_is_changed_is_read_before() {
    for recording in recordings() {
        assert!(is_read(&write_folder(&recording, &recording)));
    }
    let folder = write_folder(&recordings()[0], &recordings()[0]);
    crate::fixtures::write(folder.path(), LABELS, LIST);
    assert!(is_read(&folder));
}

/// The name of the list of clips.
const LABELS: &str = "labels.csv";

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn no_clip_does_harm(clip in mutated(recordings())) {
        is_read(&write_folder(&clip, &recordings()[0]));
    }

    #[test]
    fn no_noise_does_harm(noise in mutated(recordings())) {
        is_read(&write_folder(&recordings()[0], &noise));
    }

    #[test]
    fn no_list_of_clips_does_harm(list in mutated(vec![LIST.as_bytes().to_vec()])) {
        let folder = write_folder(&recordings()[0], &recordings()[0]);
        crate::fixtures::write(folder.path(), LABELS, list);
        is_read(&folder);
    }
}
