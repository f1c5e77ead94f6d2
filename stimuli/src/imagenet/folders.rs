//! `train` with a folder a class, and `val` with the same folders or with all images beside each other.

use std::path::{Path, PathBuf};

use super::validation_labels::ValidationLabels;
use crate::class_folders::{ClassFolders, Names, images, read_picture, subfolders};
use crate::images::{Picture, Pictures};
use crate::{Error, Result, Set};

pub(super) const TRAIN: &str = "train";
pub(super) const VALIDATION: &str = "val";

/// Images in files of their own.
#[derive(Debug)]
pub(crate) struct Folders {
    train: ClassFolders,
    validation: Validation,
}

#[derive(Debug)]
enum Validation {
    ClassFolders(ClassFolders),
    Flat {
        folder: PathBuf,
        names: Names,
        /// `[n]`.
        classes: Vec<u32>,
    },
}

impl Folders {
    /// Lists both folders.
    pub(super) fn open(data: &Path, n_classes: usize) -> Result<Self> {
        let train = ClassFolders::list(&data.join(TRAIN), n_classes)?;
        let folder = data.join(VALIDATION);
        let validation = if subfolders(&folder)?.is_empty() {
            Validation::flat(data, folder, train.classes())?
        } else {
            let validation = ClassFolders::list(&folder, n_classes)?;
            train.check_same_classes(&validation)?;
            Validation::ClassFolders(validation)
        };
        Ok(Self { train, validation })
    }
}

impl Validation {
    fn flat(data: &Path, folder: PathBuf, classes: &[String]) -> Result<Self> {
        let files = images(&folder)?;
        if files.is_empty() {
            return Err(Error::unusable(
                &folder,
                "it has neither class folders nor images",
                "unpack ILSVRC2012_img_val.tar into it",
            ));
        }
        let mut labels = ValidationLabels::find(data, &folder, classes)?;
        let mut names = Names::default();
        let mut found = Vec::with_capacity(files.len());
        for file in &files {
            found.push(labels.take(&folder, file)?);
            names.push(file);
        }
        labels.check_all_taken(&folder)?;
        Ok(Self::Flat {
            folder,
            names,
            classes: found,
        })
    }
}

impl Pictures for Folders {
    fn n_examples(&self, set: Set) -> usize {
        match (set, &self.validation) {
            (Set::Train, _) => self.train.len(),
            (Set::Validation, Validation::ClassFolders(folders)) => folders.len(),
            (Set::Validation, Validation::Flat { names, .. }) => names.len(),
        }
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        match (set, &self.validation) {
            (Set::Train, _) => self.train.picture(index),
            (Set::Validation, Validation::ClassFolders(folders)) => folders.picture(index),
            (
                Set::Validation,
                Validation::Flat {
                    folder,
                    names,
                    classes,
                },
            ) => {
                let picture = read_picture(&folder.join(names.get(index)))?;
                Ok((picture, classes[index] as usize))
            }
        }
    }
}
