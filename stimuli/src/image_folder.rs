//! Any images in class folders: with `train` and `val` beside each other, or in one and then split.

use std::path::Path;

use engram_plan::TaskSettings;
use engram_schemas::randomness;
use rand::seq::SliceRandom;

use crate::class_folders::{ClassFolders, subfolders};
use crate::images::{Picture, Pictures};
use crate::{Error, Result, Set};

/// Names of the folders of a data set that has its own split.
const TRAIN: &str = "train";
const VALIDATION: &str = "val";

/// Images in class folders.
#[derive(Debug)]
pub(crate) enum ImageFolder {
    /// With a split of its own.
    Apart {
        train: ClassFolders,
        validation: ClassFolders,
    },
    /// Split by a seed.
    Split {
        images: ClassFolders,
        /// Indices of images, in ascending order.
        train: Vec<usize>,
        validation: Vec<usize>,
    },
}

impl ImageFolder {
    /// Lists the images of the folder `data`.
    ///
    /// # Errors
    /// When the classes are not as many as the task says, a class has too few images, or only one of the two sets is
    /// there.
    pub(crate) fn open(task: &TaskSettings, data: &Path, dataset_seed: u64) -> Result<Self> {
        let n_classes = task.n_outputs();
        let folders = subfolders(data)?;
        let holds_classes = |name: &str| -> Result<bool> {
            let listed = folders.iter().any(|folder| folder == name);
            Ok(listed && !subfolders(&data.join(name))?.is_empty())
        };
        // A class may be called `train`: then its folder has images and no folders.
        match (holds_classes(TRAIN)?, holds_classes(VALIDATION)?) {
            (true, true) => {}
            (false, false) => {
                let images = ClassFolders::list(data, n_classes)?;
                return Self::split(images, data, task.validation_fraction(), dataset_seed);
            }
            (has_train, _) => {
                let (there, missing) = match has_train {
                    true => (TRAIN, VALIDATION),
                    false => (VALIDATION, TRAIN),
                };
                return Err(Error::unusable(
                    data,
                    format!("it has class folders in `{there}` and none in `{missing}`"),
                    format!(
                        "add `{missing}`, or name the folder `{there}` itself to have it split"
                    ),
                ));
            }
        }
        if task.validation_fraction.is_some() {
            return Err(Error::unusable(
                data,
                "it has a `val` folder of its own, and the task sets a validation_fraction",
                "remove validation_fraction from the task",
            ));
        }
        let train = ClassFolders::list(&data.join(TRAIN), n_classes)?;
        let validation = ClassFolders::list(&data.join(VALIDATION), n_classes)?;
        train.check_same_classes(&validation)?;
        Ok(Self::Apart { train, validation })
    }

    /// Holds the same share of every class out, and at least one image.
    fn split(
        images: ClassFolders,
        data: &Path,
        validation_fraction: f64,
        dataset_seed: u64,
    ) -> Result<Self> {
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for (class, name) in images.classes().iter().enumerate() {
            let mut members: Vec<usize> = images.members(class).collect();
            if members.len() < 2 {
                return Err(Error::unusable(
                    &data.join(name),
                    "this class folder has one image, which cannot be both trained on and held out",
                    "add images to it, or remove it and count one class less",
                ));
            }
            let random =
                &mut randomness::generator("image folder split", dataset_seed, class as u64);
            members.shuffle(random);
            let n_held_out = (members.len() as f64 * validation_fraction).round() as usize;
            let n_held_out = n_held_out.clamp(1, members.len() - 1);
            validation.extend(&members[..n_held_out]);
            train.extend(&members[n_held_out..]);
        }
        train.sort_unstable();
        validation.sort_unstable();
        Ok(Self::Split {
            images,
            train,
            validation,
        })
    }
}

impl Pictures for ImageFolder {
    fn n_examples(&self, set: Set) -> usize {
        match (self, set) {
            (Self::Apart { train, .. }, Set::Train) => train.len(),
            (Self::Apart { validation, .. }, Set::Validation) => validation.len(),
            (Self::Split { train, .. }, Set::Train) => train.len(),
            (Self::Split { validation, .. }, Set::Validation) => validation.len(),
        }
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        match (self, set) {
            (Self::Apart { train, .. }, Set::Train) => train.picture(index),
            (Self::Apart { validation, .. }, Set::Validation) => validation.picture(index),
            (Self::Split { images, train, .. }, Set::Train) => images.picture(train[index]),
            (
                Self::Split {
                    images, validation, ..
                },
                Set::Validation,
            ) => images.picture(validation[index]),
        }
    }
}

#[cfg(test)]
mod tests;
