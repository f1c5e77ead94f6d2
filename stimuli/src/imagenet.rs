//! ImageNet's classification images of 2012 (ILSVRC): 1,281,167 to train on and 50,000 to validate with, in 1000
//! classes, as class folders or as tar shards. With `n_classes`, a subset of the classes.
//!
//! # References
//! Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015, <https://image-net.org>.

mod folders;
mod matlab;
mod shards;
mod validation_labels;

use std::path::Path;

use engram_plan::TaskSettings;

use crate::class_folders::entries;
use crate::images::{Picture, Pictures};
use crate::{Error, Result, Set};

/// ImageNet's images.
#[derive(Debug)]
pub(crate) enum Imagenet {
    /// A file an image.
    Folders(folders::Folders),
    /// Many images a file.
    Shards(shards::Shards),
}

impl Imagenet {
    /// Finds the images of the folder `data`.
    ///
    /// # Errors
    /// When one of the two sets is missing, the classes are not as many as the task says, or a label is missing or no
    /// class.
    pub(crate) fn open(task: &TaskSettings, data: &Path) -> Result<Self> {
        let n_classes = task.n_outputs();
        let entries = entries(data)?;
        let is_folder = |wanted: &str| {
            entries
                .iter()
                .any(|(name, is_folder)| *is_folder && name == wanted)
        };
        if is_folder(folders::TRAIN) && is_folder(folders::VALIDATION) {
            return Ok(Self::Folders(folders::Folders::open(data, n_classes)?));
        }
        let names = entries
            .iter()
            .filter_map(|(name, is_folder)| (!is_folder).then_some(name.as_str()));
        if let Some(shards) = shards::Shards::open(data, names, n_classes)? {
            return Ok(Self::Shards(shards));
        }
        Err(Error::unusable(
            data,
            "it has neither the folders `train` and `val` nor tar shards called train*.tar and val*.tar",
            "name the folder that has them; docs/tasks.md shows how it must look",
        ))
    }
}

impl Pictures for Imagenet {
    fn n_examples(&self, set: Set) -> usize {
        match self {
            Self::Folders(folders) => folders.n_examples(set),
            Self::Shards(shards) => shards.n_examples(set),
        }
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        match self {
            Self::Folders(folders) => folders.picture(set, index),
            Self::Shards(shards) => shards.picture(set, index),
        }
    }
}

#[cfg(test)]
mod tests;
