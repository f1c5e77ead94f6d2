//! CIFAR-10: 50,000 images to train on and 10,000 to validate with, 32x32, in 10 classes.
//!
//! The files are the published ones, in the binary or the Python version, unpacked or as the archive. Pixels are read by
//! offset, an image at a time; of a compressed archive an unpacked copy lies in an unnamed temporary file as long as the
//! data set is open.
//!
//! # References
//! Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", University of Toronto 2009;
//! <https://www.cs.toronto.edu/~kriz/cifar.html>.

mod binary;
mod files;
mod pickle;
mod python;

use std::path::Path;

use crate::images::{Picture, Pictures};
use crate::section::Section;
use crate::{Error, Result, Set};

/// Height and width of an image.
const SIDE: usize = 32;

/// Bytes of an image: all red values, all green ones, all blue ones.
const IMAGE: usize = 3 * SIDE * SIDE;

const N_CLASSES: u8 = 10;

/// Images a file.
const N_IMAGES: usize = 10_000;

const HINT: &str = "fetch CIFAR-10 again (cifar-10-binary.tar.gz or cifar-10-python.tar.gz) and compare its checksum";

/// The images of one file.
#[derive(Debug)]
struct Batch {
    section: Section,
    /// Offset of the first image, and from each to the next.
    first: u64,
    stride: u64,
    /// `[n]`, below [`N_CLASSES`].
    labels: Vec<u8>,
}

/// The images of CIFAR-10.
#[derive(Debug)]
pub(crate) struct Cifar10 {
    train: Vec<Batch>,
    validation: Vec<Batch>,
    n_per_file: usize,
}

impl Cifar10 {
    /// Finds the files in the folder or archive `data`.
    ///
    /// # Errors
    /// When one is missing, has another length than published, or a label that is no class.
    pub(crate) fn open(data: &Path) -> Result<Self> {
        Self::with(data, N_IMAGES)
    }

    /// The same with files of another number of images.
    fn with(data: &Path, n_per_file: usize) -> Result<Self> {
        let (version, sections) = files::find(data)?;
        let mut batches = Vec::with_capacity(sections.len());
        for section in sections {
            batches.push(match version {
                files::Version::Binary => binary::read(section, n_per_file)?,
                files::Version::Python => python::read(section, n_per_file)?,
            });
        }
        let validation = batches.split_off(batches.len() - 1);
        Ok(Self {
            train: batches,
            validation,
            n_per_file,
        })
    }

    fn batches(&self, set: Set) -> &[Batch] {
        match set {
            Set::Train => &self.train,
            Set::Validation => &self.validation,
        }
    }
}

impl Batch {
    /// Checks that all labels are classes.
    fn check_labels(self) -> Result<Self> {
        match self.labels.iter().position(|&label| label >= N_CLASSES) {
            None => Ok(self),
            Some(place) => {
                let label = self.labels[place];
                let reason =
                    format!("image {place} (from 0) has label {label}, and CIFAR-10's are 0 to 9");
                Err(Error::unusable(self.section.name(), reason, HINT))
            }
        }
    }
}

impl Pictures for Cifar10 {
    fn n_examples(&self, set: Set) -> usize {
        self.batches(set).len() * self.n_per_file
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        let batch = &self.batches(set)[index / self.n_per_file];
        let place = index % self.n_per_file;
        let mut planes = [0; IMAGE];
        batch
            .section
            .read_at(batch.first + place as u64 * batch.stride, &mut planes)?;
        let n = SIDE * SIDE;
        let picture = Picture {
            width: SIDE,
            height: SIDE,
            pixels: (0..n)
                .flat_map(|pixel| [planes[pixel], planes[n + pixel], planes[2 * n + pixel]])
                .collect(),
            full: u8::MAX,
        };
        Ok((picture, usize::from(batch.labels[place])))
    }
}

#[cfg(test)]
mod tests;
