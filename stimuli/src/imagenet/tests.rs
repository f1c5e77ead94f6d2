use std::fs;

use engram_schemas::Task;

use super::*;
use crate::fixtures::{assert_refused, jpeg, photograph, tar, write, write_photographs};

const CLASSES: [&str; 2] = ["n01440764", "n01443537"];

fn task(n_classes: usize) -> TaskSettings {
    TaskSettings {
        n_classes: Some(n_classes),
        ..TaskSettings::new(Task::Imagenet)
    }
}

fn open(data: &Path) -> Result<Imagenet> {
    Imagenet::open(&task(2), data)
}

fn write_train(root: &Path) {
    let names = ["1", "2", "3"].map(|name| {
        let class = CLASSES[usize::from(name == "3")];
        format!("train/{class}/{class}_{name}.JPEG")
    });
    write_photographs(root, &names.each_ref().map(String::as_str));
}

fn write_flat(root: &Path) {
    let names = ["1", "2", "3"].map(|name| format!("val/ILSVRC2012_val_0000000{name}.JPEG"));
    write_photographs(root, &names.each_ref().map(String::as_str));
}

fn validation_classes(images: &Imagenet) -> Vec<usize> {
    (0..images.n_examples(Set::Validation))
        .map(|index| images.picture(Set::Validation, index).unwrap().1)
        .collect()
}

#[test]
fn class_folders_of_both_sets_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_train(root);
    write_photographs(root, &["val/n01440764/a.JPEG", "val/n01443537/b.JPEG"]);
    let images = open(root).unwrap();
    assert_eq!(
        (
            images.n_examples(Set::Train),
            images.n_examples(Set::Validation)
        ),
        (3, 2)
    );
    assert_eq!(images.picture(Set::Train, 2).unwrap().1, 1);
    assert_eq!(validation_classes(&images), [0, 1]);

    let thousand = TaskSettings::new(Task::Imagenet);
    assert_refused(
        Imagenet::open(&thousand, root),
        &["train", "2 class folders", "1000 classes"],
    );
    fs::rename(root.join("val/n01443537"), root.join("val/n09999999")).unwrap();
    assert_refused(open(root), &["val", "lacks the class folder `n01443537`"]);
}

#[test]
fn flat_validation_images_get_their_classes_from_any_of_the_usual_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_train(root);
    write_flat(root);
    assert_refused(open(root), &["val", "nothing says which class"]);

    // The development kit's numbers are not in the order of folders: 1 is n01443537, and 3 n01440764.
    let kit = "ILSVRC2012_devkit_t12/data";
    write(
        root,
        &format!("{kit}/ILSVRC2012_validation_ground_truth.txt"),
        "1\n3\n1\n",
    );
    assert_refused(open(root), &["meta.mat", "missing"]);
    let meta = format!("{kit}/meta.mat");
    write(root, &meta, include_bytes!("../../fixtures/meta.mat"));
    assert_eq!(validation_classes(&open(root).unwrap()), [1, 0, 1]);

    let table = "ImageId,PredictionString\nILSVRC2012_val_00000003,n01440764 1 2 3 4 n01440764 5 6 7 8 \nILSVRC2012_val_00000001,n01440764 1 2 3 4\nILSVRC2012_val_00000002,n01443537 1 2 3 4\n";
    write(root, "LOC_val_solution.csv", table);
    assert_eq!(validation_classes(&open(root).unwrap()), [0, 1, 0]);

    let list = "ILSVRC2012_val_00000001.JPEG 1\nval/ILSVRC2012_val_00000002.JPEG 1\nILSVRC2012_val_00000003.JPEG n01440764\n";
    write(root, "val.txt", list);
    assert_eq!(validation_classes(&open(root).unwrap()), [1, 1, 0]);
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_train(root);
    write_flat(root);
    let line = |place: usize, class: &str| format!("ILSVRC2012_val_0000000{place}.JPEG {class}\n");
    let list = |lines: &[(usize, &str)]| {
        let text: String = lines
            .iter()
            .map(|(place, class)| line(*place, class))
            .collect();
        write(root, "val.txt", text);
        open(root)
    };
    assert_refused(
        list(&[(1, "0"), (2, "2")]),
        &["val.txt", "line 2", "`2`", "0 to 1"],
    );
    assert_refused(
        list(&[(1, "n09999999")]),
        &["val.txt", "line 1", "`n09999999`"],
    );
    assert_refused(
        list(&[(1, "0"), (2, "1")]),
        &["_00000003.JPEG", "val.txt does not say"],
    );
    let four = list(&[(1, "0"), (2, "1"), (3, "1"), (4, "1")]);
    assert_refused(four, &["val", "lacks 1", "`ILSVRC2012_val_00000004`"]);
    write(root, "val.txt", "a.JPEG\n");
    assert_refused(
        open(root),
        &["val.txt", "line 1", "not a file's name and a class"],
    );
    fs::remove_file(root.join("val.txt")).unwrap();

    write(
        root,
        "LOC_val_solution.csv",
        "ImageId,PredictionString\na,n09999999 1 2 3 4\n",
    );
    assert_refused(
        open(root),
        &["LOC_val_solution.csv", "line 2", "`n09999999`"],
    );
    write(
        root,
        "LOC_val_solution.csv",
        "ImageId,PredictionString\na\n",
    );
    assert_refused(open(root), &["LOC_val_solution.csv", "line 2", "a comma"]);
    fs::remove_file(root.join("LOC_val_solution.csv")).unwrap();

    write(root, "meta.mat", include_bytes!("../../fixtures/meta.mat"));
    let truth = "ILSVRC2012_validation_ground_truth.txt";
    write(root, truth, "1\n7\n1\n");
    assert_refused(open(root), &[truth, "line 2", "`7` is no class"]);
    write(root, truth, "1\n1001\n1\n");
    assert_refused(
        open(root),
        &[truth, "line 2", "`n00000001`, which is not there"],
    );
    write(root, truth, "1\n1\n");
    assert_refused(open(root), &["_00000003.JPEG", "does not say"]);
    write(root, "meta.mat", "");
    assert_refused(open(root), &["meta.mat", "MATLAB 5.0"]);

    fs::remove_dir_all(root.join("val")).unwrap();
    fs::create_dir(root.join("val")).unwrap();
    assert_refused(open(root), &["val", "neither class folders nor images"]);
    fs::remove_dir_all(root.join("val")).unwrap();
    assert_refused(open(root), &["neither the folders `train` and `val`"]);
    assert_refused(open(&root.join("nowhere")), &["nowhere"]);
}

/// A shard of images of the given classes, the first of them called `first`.
fn shard(first: usize, classes: &[&str]) -> Vec<u8> {
    let members: Vec<(String, Vec<u8>)> = classes
        .iter()
        .enumerate()
        .flat_map(|(place, class)| {
            let picture = jpeg(&photograph(50, 40, [(first + place) as u8 * 40, 9, 9]));
            let name = format!("{:06}", first + place);
            [
                (format!("{name}.cls"), class.as_bytes().to_vec()),
                (format!("{name}.jpg"), picture),
                (format!("{name}.json"), b"{}".to_vec()),
            ]
        })
        .collect();
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    tar(&members)
}

#[test]
fn shards_are_read_by_offset() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "imagenet-train-000001.tar", shard(2, &["0\n"]));
    write(root, "imagenet-train-000000.tar", shard(0, &["1", "0"]));
    write(root, "imagenet-validation-000000.tar", shard(3, &["1"]));
    write(root, "notes.tar", b"nothing");
    let images = open(root).unwrap();
    assert_eq!(
        (
            images.n_examples(Set::Train),
            images.n_examples(Set::Validation)
        ),
        (3, 1)
    );
    for (index, class) in [1, 0, 0].into_iter().enumerate() {
        let (picture, found) = images.picture(Set::Train, index).unwrap();
        assert_eq!((picture.width, picture.height, found), (50, 40, class));
        let red = picture.pixels[0];
        assert!(red.abs_diff(index as u8 * 40) < 5, "{red}");
    }
    assert_eq!(images.picture(Set::Validation, 0).unwrap().1, 1);
}

#[test]
fn what_is_wrong_with_a_shard_is_named_with_its_member() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "val-0.tar", shard(0, &["1"]));
    let train = |bytes: &[u8]| {
        write(root, "train-0.tar", bytes);
        open(root)
    };
    let whole = shard(0, &["0", "1"]);
    assert!(train(&whole).is_ok());
    assert_refused(
        train(&whole[..1700]),
        &["train-0.tar", "cut in the middle", "000000.jpg"],
    );
    assert_refused(
        train(&whole[..whole.len() - 1024]),
        &["train-0.tar", "cut after its member `000001.json`"],
    );
    assert_refused(
        train(&shard(0, &["0", "2"])),
        &["train-0.tar", "`000001.cls`", "`2`", "0 to 1"],
    );
    assert_refused(train(&shard(0, &["0", "cat"])), &["`000001.cls`", "`cat`"]);
    assert_refused(train(&shard(0, &["0", ""])), &["`000001.cls`", "``"]);
    assert_refused(
        train(&shard(0, &["1"])),
        &["images of 1 classes", "2 classes"],
    );
    assert_refused(
        train(&shard(0, &[])),
        &["no images in shards called train*.tar"],
    );
    let picture = jpeg(&photograph(50, 40, [0; 3]));
    let lonely = tar(&[("a.cls", b"0"), ("a.jpg", &picture), ("b/c.jpg", &picture)]);
    assert_refused(
        train(&lonely),
        &["train-0.tar", "`b/c.jpg`", "no .cls member"],
    );
    let lonely = tar(&[("a.cls", b"0")]);
    assert_refused(
        train(&lonely),
        &["`a.cls`", "no .jpg, .jpeg or .png member"],
    );

    let cut = tar(&[
        ("a.cls", b"0"),
        ("a.jpg", &picture),
        ("b.jpg", &picture[..picture.len() / 2]),
        ("b.cls", b"1"),
    ]);
    let images = train(&cut).unwrap();
    assert!(images.picture(Set::Train, 0).is_ok());
    let error = images.picture(Set::Train, 1);
    assert_refused(error, &["train-0.tar", "`b.jpg`", "cut before its end"]);
    fs::remove_file(root.join("val-0.tar")).unwrap();
    assert_refused(open(root), &["no images in shards called val*.tar"]);
}
