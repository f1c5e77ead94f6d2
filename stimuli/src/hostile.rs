//! Data sets whose files were cut, changed or made up at random do no harm: they are opened and read, or refused.

use std::path::Path;

use engram_plan::TaskSettings;
use engram_schemas::Task;
use image::{DynamicImage, GrayAlphaImage, ImageBuffer, Luma, LumaA};
use proptest::prelude::*;

use crate::fixtures::{SEEDS, jpeg, photograph, png, tar, write, write_photographs};
use crate::mutation::{cases, mutated};
use crate::{Batches, Error, Set, View, open};

const CLASSES: [&str; 2] = ["n01440764", "n01443537"];
const META: &[u8] = include_bytes!("../fixtures/meta.mat");
const PLAIN_META: &[u8] = include_bytes!("../fixtures/meta_plain.mat");

fn task(name: Task) -> TaskSettings {
    TaskSettings {
        n_classes: Some(2),
        image_size: Some(16),
        ..TaskSettings::new(name)
    }
}

/// Opens a data set and reads it; whether that can be done.
fn is_read(task: &TaskSettings, data: &Path) -> bool {
    let Ok(stimuli) = open(task, Some(data.to_owned()), SEEDS) else {
        return false;
    };
    let mut whole = true;
    for set in [Set::Train, Set::Validation] {
        let indices: Vec<usize> = (0..stimuli.n_examples(set).min(20)).collect();
        let views = vec![View::Plain, View::Varied { epoch: 1, eye: 0 }];
        for batch in Batches::read(&stimuli, set, indices, 2, views, 1).unwrap() {
            match batch {
                Ok(batch) => assert!(batch.values.iter().all(|value| value.is_finite())),
                Err(Error::ReaderDied) => panic!("a thread that reads examples has panicked"),
                Err(_) => whole = false,
            }
        }
    }
    whole
}

fn pictures() -> Vec<Vec<u8>> {
    let photograph = photograph(24, 18, [10, 90, 170]);
    let grey = ImageBuffer::from_fn(9, 7, |x, y| Luma([(x * 7000 + y * 300) as u16]));
    let transparent = GrayAlphaImage::from_fn(5, 6, |x, y| LumaA([(x * 40) as u8, (y * 40) as u8]));
    vec![
        jpeg(&photograph),
        jpeg(&DynamicImage::ImageLuma8(photograph.to_luma8())),
        include_bytes!("../fixtures/cmyk.jpg").to_vec(),
        png(&photograph),
        png(&DynamicImage::ImageLuma16(grey)),
        png(&DynamicImage::ImageLumaA8(transparent)),
    ]
}

/// Class folders, split by a seed, with `picture` among them.
fn write_class_folders(root: &Path, picture: &[u8]) {
    write_photographs(root, &["a/1.jpg", "b/0.jpg", "b/1.jpg"]);
    write(root, "a/0.jpg", picture);
}

fn shard() -> Vec<u8> {
    let picture = jpeg(&photograph(12, 12, [10, 90, 170]));
    let long = format!("{}/c", "folder".repeat(30));
    tar(&[
        ("a.jpg", &picture),
        ("a.cls", b"0"),
        (&format!("{long}.jpg"), &picture),
        (&format!("{long}.cls"), b"1\n"),
        ("notes.json", b"{}"),
    ])
}

fn write_shards(root: &Path, shard: &[u8]) {
    write(root, "train-0.tar", shard);
    write(root, "val-0.tar", self::shard());
}

fn write_flat(root: &Path) {
    write_photographs(
        root,
        &[
            "train/n01440764/1.JPEG",
            "train/n01443537/1.JPEG",
            "val/ILSVRC2012_val_00000001.JPEG",
            "val/ILSVRC2012_val_00000002.JPEG",
        ],
    );
}

const NUMBERS: &str = "1\n3\n";

/// Files that say the classes of validation images.
fn lists() -> [(&'static str, Vec<u8>); 4] {
    let [first, second] = CLASSES;
    let name = "ILSVRC2012_val_0000000";
    [
        (
            "val.txt",
            format!("{name}1.JPEG 0\n{name}2.JPEG {second}\n").into(),
        ),
        (
            "LOC_val_solution.csv",
            format!(
                "ImageId,PredictionString\n{name}1,{first} 1 2 3 4\n{name}2,{second} 1 2 3 4\n"
            )
            .into(),
        ),
        ("ILSVRC2012_validation_ground_truth.txt", NUMBERS.into()),
        ("meta.mat", META.to_vec()),
    ]
}

fn is_list_read(name: &str, list: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    write_flat(folder.path());
    let [.., numbers, meta] = lists();
    if [numbers.0, meta.0].contains(&name) {
        write(folder.path(), numbers.0, numbers.1);
        write(folder.path(), meta.0, meta.1);
    }
    write(folder.path(), name, list);
    is_read(&task(Task::Imagenet), folder.path())
}

#[test]
fn what_is_changed_is_read_before() {
    for picture in pictures() {
        let folder = tempfile::tempdir().unwrap();
        write_class_folders(folder.path(), &picture);
        assert!(is_read(&task(Task::ImageFolder), folder.path()));
    }
    let folder = tempfile::tempdir().unwrap();
    write_shards(folder.path(), &shard());
    assert!(is_read(&task(Task::Imagenet), folder.path()));
    for (name, list) in lists() {
        assert!(is_list_read(name, &list), "{name}");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_picture_does_harm(picture in mutated(pictures()), contrastive in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        write_class_folders(folder.path(), &picture);
        let task = match contrastive {
            true => TaskSettings { images: Some(Task::ImageFolder), ..task(Task::Simclr) },
            false => task(Task::ImageFolder),
        };
        is_read(&task, folder.path());
    }

    #[test]
    fn no_shard_does_harm(shard in mutated(vec![shard()])) {
        let folder = tempfile::tempdir().unwrap();
        write_shards(folder.path(), &shard);
        is_read(&task(Task::Imagenet), folder.path());
    }

    #[test]
    fn no_list_of_classes_does_harm(
        (name, list) in proptest::sample::select(lists().to_vec())
            .prop_flat_map(|(name, list)| (Just(name), mutated(vec![list])))
    ) {
        is_list_read(name, &list);
    }

    #[test]
    fn no_structures_of_matlab_do_harm(meta in mutated(vec![META.to_vec(), PLAIN_META.to_vec()])) {
        is_list_read("meta.mat", &meta);
    }

    #[test]
    fn no_folders_do_harm(
        names in proptest::collection::vec("(train|val|a|b|\\.a|é|_|a b){1,2}(/(train|val|a|b|\\.c|1)){0,3}/[0a]\\.(jpg|PNG|txt|)", 1..8)
    ) {
        let folder = tempfile::tempdir().unwrap();
        for name in &names {
            // A name may be that of a folder that is there.
            let path = folder.path().join(name);
            if path.parent().is_some_and(|parent| std::fs::create_dir_all(parent).is_ok()) {
                let _ = std::fs::write(&path, jpeg(&photograph(4, 4, [9, 9, 9])));
            }
        }
        for name in [Task::ImageFolder, Task::Imagenet, Task::Wsn, Task::Cifar10] {
            is_read(&TaskSettings { validation_fraction: None, ..task(name) }, folder.path());
        }
    }
}
