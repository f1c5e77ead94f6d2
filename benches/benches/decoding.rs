//! From a JPEG file to a network's input, on one thread: what a reading thread gives a second.
//!
//! The picture has a photograph's size, 500 x 375, and its file about ImageNet's usual length.

#![allow(
    clippy::expect_used,
    reason = "a benchmark of wrong results should stop"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engram_plan::TaskSettings;
use engram_schemas::Task;
use engram_stimuli::{Seeds, Set, View, open};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

/// Images a class; two classes.
const N_IMAGES: usize = 4;

fn decoding(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for class in ["a", "b"] {
        for index in 0..N_IMAGES {
            write(&folder.path().join(class), index as u32);
        }
    }
    let mut group = c.benchmark_group("decoding");
    group.throughput(Throughput::Elements(1));
    let varied = View::Varied { epoch: 1, eye: 0 };
    for (name, task, view) in [
        ("plain", Task::ImageFolder, View::Plain),
        ("crop_and_flip", Task::ImageFolder, varied),
        ("contrastive", Task::Simclr, varied),
    ] {
        let mut task = TaskSettings {
            n_classes: Some(2),
            ..TaskSettings::new(task)
        };
        if task.is_contrastive() {
            task.images = Some(Task::ImageFolder);
        }
        let seeds = Seeds {
            dataset_seed: 0,
            model_seed: 0,
        };
        let stimuli = open(&task, Some(folder.path().to_owned()), seeds).expect("a task's images");
        let mut values = vec![0.0; stimuli.shape().iter().product()];
        let n_examples = stimuli.n_examples(Set::Train);
        let mut index = 0;
        group.bench_function(name, |b| {
            b.iter(|| {
                index = (index + 1) % n_examples;
                let class = stimuli.load(Set::Train, index, view, &mut values);
                black_box((class.expect("an image"), &values));
            });
        });
    }
    group.finish();
}

/// Waves of several lengths and a little noise: as hard to compress as a photograph.
fn write(folder: &Path, seed: u32) {
    fs::create_dir_all(folder).expect("a class folder");
    let mut state = u64::from(seed);
    let picture = RgbImage::from_fn(500, 375, |x, y| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 60) as f32;
        let wave =
            |length: f32| ((x as f32 / length).sin() * (y as f32 / length).cos() + 1.0) * 38.0;
        let shade = wave(31.0) + wave(7.0) + wave(2.3) + noise;
        Rgb([
            shade,
            shade * 0.8 + wave(90.0) * 0.4,
            shade * 0.6 + wave(50.0),
        ]
        .map(|v| v as u8))
    });
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 95)
        .encode_image(&picture)
        .expect("a JPEG file");
    fs::write(folder.join(format!("{seed}.jpg")), file).expect("a file");
}

criterion_group!(benches, decoding);
criterion_main!(benches);
