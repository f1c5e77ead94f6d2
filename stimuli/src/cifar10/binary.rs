//! The binary version: for each image its label, then its pixels.

use std::io::{BufReader, Read};

use super::{Batch, HINT, IMAGE};
use crate::section::Section;
use crate::{Error, Result};

/// Bytes of a label and an image.
const RECORD: usize = 1 + IMAGE;

/// Reads the labels of a file of `n` images.
pub(super) fn read(section: Section, n: usize) -> Result<Batch> {
    let expected = (n * RECORD) as u64;
    if section.len() != expected {
        let reason = format!(
            "it has {} bytes, and {n} images of {RECORD} bytes are {expected}",
            section.len()
        );
        return Err(Error::unusable(section.name(), reason, HINT));
    }
    let mut labels = Vec::with_capacity(n);
    let mut reader = BufReader::with_capacity(1 << 18, section.reader());
    let mut record = [0; RECORD];
    for _ in 0..n {
        reader
            .read_exact(&mut record)
            .map_err(|source| Error::read(section.name(), source))?;
        labels.push(record[0]);
    }
    drop(reader);
    let batch = Batch {
        section,
        first: 1,
        stride: RECORD as u64,
        labels,
    };
    batch.check_labels()
}
