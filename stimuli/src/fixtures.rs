//! Files that tests are made of.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::{Error, Result, Seeds};

pub(crate) const SEEDS: Seeds = Seeds {
    dataset_seed: 1,
    model_seed: 2,
};

/// A picture of one colour that grows brighter to the right.
pub(crate) fn photograph(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    let picture = RgbImage::from_fn(width, height, |x, _| {
        Rgb(colour.map(|value| value.saturating_add((x * 64 / width) as u8)))
    });
    DynamicImage::ImageRgb8(picture)
}

pub(crate) fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    picture.write_with_encoder(encoder).unwrap();
    bytes
}

pub(crate) fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Writes a file, and the folders that it lies in.
pub(crate) fn write(root: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A small photograph of its own for each name.
pub(crate) fn write_photographs(root: &Path, names: &[&str]) {
    for (place, name) in names.iter().enumerate() {
        let colour = [(place * 9 % 190) as u8, 100, 180];
        write(root, name, jpeg(&photograph(40, 30, colour)));
    }
}

pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

/// The error's text with its path, and its hint.
pub(crate) fn said<T>(result: Result<T>) -> (String, String) {
    let error: Error = result.err().expect("it should be refused");
    (error.to_string(), error.hint().unwrap_or_default())
}

/// Checks that an error was said with all of `parts`, and with something to do.
#[track_caller]
pub(crate) fn assert_refused<T>(result: Result<T>, parts: &[&str]) {
    let (text, hint) = said(result);
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert!(!hint.is_empty(), "nothing to do about: {text}");
}
