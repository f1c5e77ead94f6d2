//! The tasks' examples: from image and sound files to numbers, one example at a time and without tensors.
//!
//! A task's examples are [`Stimuli`]: two sets, addressed by index, each example a `[channels, height, width]` array and
//! a class. [`open`] finds and checks the files of a task; [`Batches`] reads examples ahead on threads of their own, so
//! that training never waits for a decoder and never holds a whole data set.
//!
//! Whatever is random about an example (crop, flip, colour, background noise) depends on (seed, set, example, view) and
//! on nothing else: not on threads or order.

mod archive;
mod batches;
mod cifar10;
mod class_folders;
mod digits;
mod error;
mod image_folder;
mod imagenet;
mod images;
mod section;
mod speech;

use std::path::PathBuf;
use std::sync::Arc;

use engram_plan::TaskSettings;
use engram_schemas::Task;

use cifar10::Cifar10;
use digits::DigitPictures;
use image_folder::ImageFolder;
use imagenet::Imagenet;
use images::{Images, Pictures, Preparation};
use speech::Speech;

pub use batches::{Batch, Batches};
pub use error::{Error, Result};

/// The two sets of examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Set {
    /// To train on.
    Train,
    /// Held out: what a network is evaluated and observed with.
    Validation,
}

/// How an example is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// As it is observed: resized and cropped in the middle, without chance.
    Plain,
    /// As it is trained on in `epoch`, by the task's augmentation. A contrastive task looks twice: `eye` is 0 and 1.
    Varied {
        /// The epoch, from 1; 0 for the views that a contrastive loss is validated with.
        epoch: u64,
        /// Which of the looks at the same example.
        eye: u64,
    },
}

/// The examples of a task.
pub trait Stimuli: Send + Sync {
    /// Shape of an example, `[channels, height, width]`.
    fn shape(&self) -> [usize; 3];

    /// Number of examples in `set`.
    fn n_examples(&self, set: Set) -> usize;

    /// Whether an example of the training set looks different from epoch to epoch, whatever the task's augmentation.
    fn varies(&self) -> bool {
        true
    }

    /// Writes example `index` of `set` into `values`, row-major in the [`Stimuli::shape`], and returns its class.
    ///
    /// # Errors
    /// When its file cannot be read or decoded; the error names the file and what to do.
    fn load(&self, set: Set, index: usize, view: View, values: &mut [f32]) -> Result<usize>;
}

/// What an example's values follow from beside its file.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// Seed of the split into training and validation examples, for tasks without one of their own.
    pub dataset_seed: u64,
    /// Seed of everything that varies from epoch to epoch.
    pub model_seed: u64,
}

/// Finds the examples of `task` in the folder or archive `data`, and checks what can be checked without decoding them.
///
/// # Errors
/// When the files are not there, or are not those of the task; the error says which and what to do.
pub fn open(task: &TaskSettings, data: Option<PathBuf>, seeds: Seeds) -> Result<Arc<dyn Stimuli>> {
    let source = task.source();
    let folder = || data.as_deref().ok_or(Error::NoData { task: source });
    match source {
        Task::Digits => Ok(images(
            task,
            seeds,
            DigitPictures::new(task, seeds.dataset_seed),
        )),
        Task::Cifar10 => Ok(images(task, seeds, Cifar10::open(folder()?)?)),
        Task::Imagenet => Ok(images(task, seeds, Imagenet::open(task, folder()?)?)),
        Task::ImageFolder => {
            let pictures = ImageFolder::open(task, folder()?, seeds.dataset_seed)?;
            Ok(images(task, seeds, pictures))
        }
        Task::Wsn => Ok(Arc::new(Speech::open(task, data, seeds)?)),
        Task::Simclr | Task::DigitsSimclr => Err(Error::Unavailable { task: source }),
    }
}

fn images(
    task: &TaskSettings,
    seeds: Seeds,
    pictures: impl Pictures + 'static,
) -> Arc<dyn Stimuli> {
    Arc::new(Images {
        pictures,
        preparation: Preparation::new(task, seeds.model_seed),
    })
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod hostile;
#[cfg(test)]
#[path = "../../schemas/tests/mutation/mod.rs"]
mod mutation;
#[cfg(test)]
mod tests;
