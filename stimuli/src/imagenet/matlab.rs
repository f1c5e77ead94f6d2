//! Reads the development kit's `meta.mat`, whose structure array `synsets` says which number is which class folder.
//!
//! Only what that file has is read: version 5, little-endian, elements compressed or not, arrays of structures, numbers
//! and text.
//!
//! # References
//! MathWorks, "MAT-File Format", chapter "Level 5 MAT-File Format".

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::ZlibDecoder;

type Result<T> = std::result::Result<T, String>;

/// Bytes before the first element.
const HEADER: usize = 128;

/// Most bytes that an element may grow to: the published one has under a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// Kinds of elements.
const BYTES: u32 = 1;
const UNSIGNED_BYTES: u32 = 2;
const FLOATING: u32 = 9;
const UTF8: u32 = 16;
const ARRAY: u32 = 14;
const COMPRESSED: u32 = 15;

/// The class of arrays of structures.
const STRUCTURES: u8 = 2;

const NUMBER: &str = "ILSVRC2012_ID";
const FOLDER: &str = "WNID";

/// The class folder that each number means.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn classes(bytes: &[u8]) -> Result<BTreeMap<u32, String>> {
    if !bytes.starts_with(b"MATLAB 5.0") || bytes.get(126..128) != Some(b"IM") {
        return Err("it is not a little-endian MATLAB 5.0 file".to_owned());
    }
    let mut rest = &bytes[HEADER..];
    while !rest.is_empty() {
        let (kind, data) = element(&mut rest)?;
        let mut unpacked = Vec::new();
        let array = match kind {
            COMPRESSED => {
                ZlibDecoder::new(data)
                    .take(MOST_BYTES)
                    .read_to_end(&mut unpacked)
                    .map_err(|error| format!("it cannot be decompressed: {error}"))?;
                element(&mut unpacked.as_slice())?.1
            }
            _ => data,
        };
        if let Some(classes) = synsets(array)? {
            return Ok(classes);
        }
    }
    Err(format!("it has no structures with {NUMBER} and {FOLDER}"))
}

/// The next element: its kind and data. Takes it and the bytes that fill it up to a multiple of 8.
fn element<'a>(rest: &mut &'a [u8]) -> Result<(u32, &'a [u8])> {
    let cut = || "it was cut in the middle of an element".to_owned();
    let tag = number(rest.get(..4).ok_or_else(cut)?);
    // An element of up to 4 bytes has its size in the upper half of the tag, and its data beside it.
    let (kind, start, size, whole) = match tag >> 16 {
        0 => {
            let size = number(rest.get(4..8).ok_or_else(cut)?) as usize;
            // Compressed elements are not filled up.
            let whole = match tag {
                COMPRESSED => 8 + size,
                _ => 8 + size.next_multiple_of(8),
            };
            (tag, 8, size, whole)
        }
        size => (tag & 0xffff, 4, size as usize, 8),
    };
    let data = rest.get(start..start + size).ok_or_else(cut)?;
    *rest = &rest[whole.min(rest.len())..];
    Ok((kind, data))
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

/// The class of an array, and the elements after its head: flags, dimensions and name.
fn open(mut array: &[u8]) -> Result<(u8, &[u8])> {
    if array.is_empty() {
        return Ok((0, array));
    }
    let (_, flags) = element(&mut array)?;
    let class = flags.first().copied().unwrap_or(0);
    element(&mut array)?;
    element(&mut array)?;
    Ok((class, array))
}

/// Numbers and folders of an array of structures that has both.
fn synsets(array: &[u8]) -> Result<Option<BTreeMap<u32, String>>> {
    let (class, mut rest) = open(array)?;
    if class != STRUCTURES {
        return Ok(None);
    }
    let length = number(element(&mut rest)?.1) as usize;
    let names = element(&mut rest)?.1;
    let fields: Vec<&[u8]> = names
        .chunks(length.max(1))
        .map(|name| name.split(|&byte| byte == 0).next().unwrap_or_default())
        .collect();
    let place = |name: &str| fields.iter().position(|field| *field == name.as_bytes());
    let (Some(numbers), Some(folders)) = (place(NUMBER), place(FOLDER)) else {
        return Ok(None);
    };
    let mut classes = BTreeMap::new();
    while !rest.is_empty() {
        let mut values = Vec::with_capacity(fields.len());
        for _ in &fields {
            let (kind, value) = element(&mut rest)?;
            if kind != ARRAY {
                return Err("a field of its structures is no array".to_owned());
            }
            values.push(value);
        }
        let number = scalar(values[numbers])?;
        classes.insert(number, text(values[folders])?);
    }
    Ok(Some(classes))
}

/// A number that is not negative.
fn scalar(array: &[u8]) -> Result<u32> {
    let (_, mut rest) = open(array)?;
    let (kind, data) = element(&mut rest)?;
    let bits = data
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    match (kind, data.len()) {
        (FLOATING, 8) => Some(f64::from_bits(bits) as u32),
        // Whole numbers of 8 to 64 bits.
        (1..=6 | 12..=13, 1..=8) => u32::try_from(bits).ok(),
        _ => None,
    }
    .ok_or_else(|| format!("a field {NUMBER} is no number"))
}

/// Text of one row.
fn text(array: &[u8]) -> Result<String> {
    let (_, mut rest) = open(array)?;
    let (kind, data) = element(&mut rest)?;
    let bytes: Vec<u8> = match kind {
        BYTES | UNSIGNED_BYTES | UTF8 => data.to_vec(),
        // Characters of 16 bits; class folders' names are ASCII.
        _ => data.chunks_exact(2).map(|pair| pair[0]).collect(),
    };
    String::from_utf8(bytes).map_err(|_| format!("a field {FOLDER} is no text"))
}

#[cfg(test)]
mod tests;
