use std::fs;

use super::*;
use crate::fixtures::{assert_refused, write, write_photographs};

#[test]
fn images_are_listed_class_by_class_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let names = ["b/2.JPEG", "b/1.jpg", "a/x/9.jpeg", "a/y.PNG"];
    write_photographs(root, &names);
    write(root, "a/notes.txt", "");
    write(root, "a/.hidden.jpg", "");
    write(root, ".cache/1.jpg", "");
    write(root, "README.md", "");
    let folders = ClassFolders::list(root, 2).unwrap();
    assert_eq!(folders.classes(), ["a", "b"]);
    let listed: Vec<&str> = (0..folders.len())
        .map(|index| folders.names.get(index))
        .collect();
    assert_eq!(listed, ["x/9.jpeg", "y.PNG", "1.jpg", "2.JPEG"]);
    assert_eq!((folders.members(0), folders.members(1)), (0..2, 2..4));
    // The red of each fixture says which it is.
    for (index, (class, red)) in [(0, 18), (0, 27), (1, 9), (1, 0)].into_iter().enumerate() {
        let (picture, found) = folders.picture(index).unwrap();
        assert_eq!((picture.width, picture.height, found), (40, 30, class));
        assert!(
            picture.pixels[0].abs_diff(red) < 4,
            "{index}: {}",
            picture.pixels[0]
        );
    }
}

#[test]
fn what_is_wrong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_photographs(root, &["cat/1.jpg", "dog/1.jpg"]);
    let path = root.to_str().unwrap();
    assert_refused(
        ClassFolders::list(root, 3),
        &[path, "2 class folders", "3 classes"],
    );
    write(root, "empty/readme.txt", "");
    assert_refused(
        ClassFolders::list(root, 3),
        &["empty", "no .jpg, .jpeg or .png"],
    );
    assert_refused(ClassFolders::list(&root.join("nowhere"), 3), &["nowhere"]);

    fs::remove_dir_all(root.join("empty")).unwrap();
    let folders = ClassFolders::list(root, 2).unwrap();
    let whole = fs::read(root.join("cat/1.jpg")).unwrap();
    fs::write(root.join("cat/1.jpg"), &whole[..whole.len() / 2]).unwrap();
    assert_refused(folders.picture(0), &["cat", "1.jpg", "cut before its end"]);
    fs::write(root.join("cat/1.jpg"), "").unwrap();
    assert_refused(folders.picture(0), &["1.jpg", "empty"]);
    fs::remove_file(root.join("cat/1.jpg")).unwrap();
    assert_refused(folders.picture(0), &["1.jpg"]);
}

#[test]
fn two_sets_have_the_same_classes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_photographs(
        root,
        &[
            "train/cat/1.jpg",
            "train/dog/1.jpg",
            "val/cat/1.jpg",
            "val/cow/1.jpg",
        ],
    );
    let [train, validation] =
        ["train", "val"].map(|set| ClassFolders::list(&root.join(set), 2).unwrap());
    assert_refused(
        train.check_same_classes(&validation),
        &["val", "lacks", "`dog`"],
    );
    assert_refused(
        validation.check_same_classes(&train),
        &["train", "lacks", "`cow`"],
    );
    train.check_same_classes(&train).unwrap();
}
