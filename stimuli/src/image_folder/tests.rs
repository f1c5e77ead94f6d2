use engram_schemas::Task;

use super::*;
use crate::fixtures::{assert_refused, write_photographs};

fn task(n_classes: usize) -> TaskSettings {
    TaskSettings {
        n_classes: Some(n_classes),
        image_size: Some(16),
        ..TaskSettings::new(Task::ImageFolder)
    }
}

fn names(folders: &[(&str, usize)]) -> Vec<String> {
    folders
        .iter()
        .flat_map(|(folder, n)| (0..*n).map(move |index| format!("{folder}/{index:03}.jpg")))
        .collect()
}

fn write_all(root: &Path, folders: &[(&str, usize)]) {
    let names = names(folders);
    write_photographs(root, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

fn indices(folder: &ImageFolder) -> (Vec<usize>, Vec<usize>) {
    match folder {
        ImageFolder::Split {
            train, validation, ..
        } => (train.clone(), validation.clone()),
        ImageFolder::Apart { .. } => panic!("it has no split of its own"),
    }
}

#[test]
fn one_folder_is_split_class_by_class_by_its_seed() {
    let folder = tempfile::tempdir().unwrap();
    // A class may be called like a set.
    write_all(folder.path(), &[("bus", 10), ("car", 20), ("train", 2)]);
    let open = |seed| ImageFolder::open(&task(3), folder.path(), seed).unwrap();
    let first = open(1);
    assert_eq!(
        (
            first.n_examples(Set::Train),
            first.n_examples(Set::Validation)
        ),
        (25, 7)
    );
    let (train, validation) = indices(&first);
    for (class, n) in [(0..10, 2), (10..30, 4), (30..32, 1)] {
        assert_eq!(
            validation
                .iter()
                .filter(|&&index| class.contains(&index))
                .count(),
            n
        );
    }
    let mut all = [train.clone(), validation].concat();
    all.sort_unstable();
    assert_eq!(all, (0..32).collect::<Vec<_>>());
    assert_eq!(indices(&open(1)), indices(&first));
    assert_ne!(indices(&open(2)), indices(&first));
    let (picture, class) = first.picture(Set::Train, 0).unwrap();
    assert_eq!((picture.width, class), (40, 0));
    assert_eq!(first.picture(Set::Validation, 6).unwrap().1, 2);
}

#[test]
fn a_split_of_its_own_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    write_all(
        folder.path(),
        &[("train/a", 3), ("train/b", 2), ("val/a", 1), ("val/b", 4)],
    );
    let images = ImageFolder::open(&task(2), folder.path(), 0).unwrap();
    assert_eq!(
        (
            images.n_examples(Set::Train),
            images.n_examples(Set::Validation)
        ),
        (5, 5)
    );
    assert_eq!(images.picture(Set::Validation, 0).unwrap().1, 0);
    assert_eq!(images.picture(Set::Validation, 1).unwrap().1, 1);

    let fraction = TaskSettings {
        validation_fraction: Some(0.3),
        ..task(2)
    };
    assert_refused(
        ImageFolder::open(&fraction, folder.path(), 0),
        &["`val` folder of its own", "validation_fraction"],
    );
    assert_refused(
        ImageFolder::open(&task(5), folder.path(), 0),
        &["train", "2 class folders", "5 classes"],
    );
}

#[test]
fn half_a_split_and_lonely_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), &[("train/a", 2), ("train/b", 2)]);
    assert_refused(
        ImageFolder::open(&task(2), folder.path(), 0),
        &["class folders in `train`", "none in `val`"],
    );
    let folder = tempfile::tempdir().unwrap();
    write_all(folder.path(), &[("a", 1), ("b", 2)]);
    assert_refused(
        ImageFolder::open(&task(2), folder.path(), 0),
        &["a", "one image"],
    );
}
