use std::fs::{self, File};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::fixtures::{assert_refused, tar, write};

mod hostile;

/// Images a file in the tests.
const N: usize = 2;

/// The bytes of image `place` of file `file`: red, green and blue planes that differ.
fn image(file: usize, place: usize) -> Vec<u8> {
    let plane = |channel: usize| {
        (0..SIDE * SIDE).map(move |pixel| (pixel + 50 * channel + 7 * file + place) as u8)
    };
    (0..3).flat_map(plane).collect()
}

fn labels(file: usize) -> [u8; N] {
    [file as u8, 9 - file as u8]
}

fn binary(file: usize) -> Vec<u8> {
    labels(file)
        .into_iter()
        .enumerate()
        .flat_map(|(place, label)| [vec![label], image(file, place)].concat())
        .collect()
}

/// As Python 2 wrote the published files, instruction by instruction.
fn python(file: usize) -> Vec<u8> {
    let [first, second] = labels(file);
    let mut bytes = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(".to_vec();
    bytes.extend([b'K', first, b'K', second]);
    bytes.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85U\x01b\x87Rq\x09(K\x01K\x02M\x00\x0c\x86cnumpy\ndtype\nq\nU\x02u1K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x18\x00\x00");
    bytes.extend([image(file, 0), image(file, 1)].concat());
    bytes.extend(b"tbU\tfilenamesq\x0c]q\r(U\x05a.pngq\x0eU\x05b.pngq\x0feu.");
    bytes
}

/// The six files of a version by their names.
fn files(of: fn(usize) -> Vec<u8>, extension: &str) -> Vec<(String, Vec<u8>)> {
    (0..6)
        .map(|file| match file {
            5 => (format!("test_batch{extension}"), of(file)),
            _ => (format!("data_batch_{}{extension}", file + 1), of(file)),
        })
        .collect()
}

fn archive(prefix: &str, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<_> = files
        .iter()
        .map(|(name, bytes)| (format!("{prefix}{name}"), bytes.as_slice()))
        .collect();
    let members: Vec<_> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    tar(&members)
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn assert_whole(cifar: &Cifar10) {
    assert_eq!(
        (
            cifar.n_examples(Set::Train),
            cifar.n_examples(Set::Validation)
        ),
        (10, 2)
    );
    for file in 0..6 {
        for place in 0..N {
            let (set, index) = match file {
                5 => (Set::Validation, place),
                _ => (Set::Train, file * N + place),
            };
            let (picture, class) = cifar.picture(set, index).unwrap();
            assert_eq!(class, usize::from(labels(file)[place]));
            let planes = image(file, place);
            let expected: Vec<u8> = (0..1024)
                .flat_map(|pixel| [planes[pixel], planes[1024 + pixel], planes[2048 + pixel]])
                .collect();
            assert_eq!((picture.width, picture.height, picture.full), (32, 32, 255));
            assert_eq!(picture.pixels, expected, "file {file}, image {place}");
        }
    }
}

fn write_files(root: &Path, files: &[(String, Vec<u8>)]) {
    files
        .iter()
        .for_each(|(name, bytes)| write(root, name, bytes));
}

#[test]
fn both_versions_are_read_from_folders_and_archives() {
    for (of, extension, prefix, name) in [
        (
            binary as fn(usize) -> _,
            ".bin",
            "cifar-10-batches-bin/",
            "cifar-10-binary.tar.gz",
        ),
        (python, "", "cifar-10-batches-py/", "cifar-10-python.tar.gz"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let files = files(of, extension);
        write_files(&root.join("plain"), &files);
        write_files(&root.join("parent").join(prefix), &files);
        let packed = archive(prefix, &files);
        write(root, "unpacked.tar", &packed);
        write(root, name, compressed(&packed));
        for data in ["plain", "parent", "unpacked.tar", name, ""] {
            assert_whole(&Cifar10::with(&root.join(data), N).unwrap());
        }
    }
}

#[test]
fn files_of_another_length_or_label_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_files(root, &files(binary, ".bin"));
    let path = root.join("data_batch_3.bin");
    fs::write(&path, &binary(2)[..RECORDS - 1]).unwrap();
    let expected = ["data_batch_3.bin", "6145 bytes", "6146"];
    assert_refused(Cifar10::with(root, N), &expected);
    fs::write(&path, [binary(2), vec![0; 3073]].concat()).unwrap();
    assert_refused(Cifar10::with(root, N), &["data_batch_3.bin", "9219 bytes"]);
    let mut wrong = binary(2);
    wrong[3073] = 10;
    fs::write(&path, wrong).unwrap();
    assert_refused(
        Cifar10::with(root, N),
        &["data_batch_3.bin", "image 1", "label 10"],
    );
    fs::remove_file(&path).unwrap();
    assert_refused(Cifar10::with(root, N), &["data_batch_3.bin", "missing"]);

    // The published number of images is what is asked for outside tests.
    fs::write(&path, binary(2)).unwrap();
    assert_refused(Cifar10::open(root), &["data_batch_1.bin", "10000 images"]);
}

const RECORDS: usize = N * 3073;

#[test]
fn pickles_that_are_cut_or_wrong_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write_files(root, &files(python, ""));
    let path = root.join("test_batch");
    let whole = python(5);
    for length in [0, 1, 40, 300, 5000, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_refused(Cifar10::with(root, N), &["test_batch", "cut"]);
    }
    let text = |from: &str, to: &str| {
        let place = whole
            .windows(from.len())
            .position(|part| part == from.as_bytes())
            .unwrap();
        [&whole[..place], to.as_bytes(), &whole[place + from.len()..]].concat()
    };
    for (from, to, parts) in [
        ("labels", "babels", &["no key `labels`"][..]),
        ("dataq", "beerq", &["no key `data`"]),
        ("u1", "f4", &["not an array of unsigned bytes"]),
        (
            "numpy\ndtype",
            "posix\nsystem",
            &["`posix.system`", "nothing was executed"],
        ),
        ("numpy\nndarray", "builtins\neval", &["`builtins.eval`"]),
        ("K\x05K\x04", "K\x0bK\x04", &["image 0", "label 11"]),
        ("K\x05K\x04", "K\x05NN", &["not a list of small numbers"]),
        ("K\x05K\x04", "K\x05", &["1 labels"]),
    ] {
        fs::write(&path, text(from, to)).unwrap();
        assert_refused(Cifar10::with(root, N), &[&["test_batch"], parts].concat());
    }
    fs::write(&path, python(5)).unwrap();
    assert_refused(Cifar10::open(root), &["data_batch_1", "10000 x 3072"]);
}

#[test]
fn archives_that_are_cut_or_lack_a_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("cifar-10-python.tar.gz");
    let mut files = files(python, "");
    let whole = archive("cifar-10-batches-py/", &files);
    let packed = compressed(&whole);
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    assert_refused(
        Cifar10::with(&path, N),
        &["cifar-10-python.tar.gz", "decompressed"],
    );
    fs::write(&path, compressed(&whole[..20_000])).unwrap();
    assert_refused(
        Cifar10::with(&path, N),
        &["cut in the middle of its member"],
    );
    files.remove(3);
    fs::write(&path, compressed(&archive("", &files))).unwrap();
    assert_refused(Cifar10::with(&path, N), &["no member `data_batch_4`"]);
    fs::write(&path, "<html>").unwrap();
    assert_refused(
        Cifar10::with(&path, N),
        &["cifar-10-python.tar.gz", "tar archive"],
    );
}

#[test]
fn missing_folders_and_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(
        Cifar10::open(folder.path()),
        &["neither data_batch_1.bin nor"],
    );
    assert_refused(Cifar10::open(&folder.path().join("nowhere")), &["nowhere"]);
}

#[test]
fn files_of_the_published_size_are_opened() {
    // Files without contents take no room: all images are black airplanes.
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in files(binary, ".bin") {
        let file = File::create(folder.path().join(name)).unwrap();
        file.set_len(10_000 * 3073).unwrap();
    }
    let cifar = Cifar10::open(folder.path()).unwrap();
    assert_eq!(
        (
            cifar.n_examples(Set::Train),
            cifar.n_examples(Set::Validation)
        ),
        (50_000, 10_000)
    );
    assert_eq!(cifar.picture(Set::Train, 49_999).unwrap().1, 0);
}
