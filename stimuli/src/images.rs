//! What all tasks of images have in common: a picture and its class come from the task's files, and the picture becomes
//! numbers by the task's way to look at it.

mod contrast;
mod crop;
mod decode;
mod draw;
mod picture;
mod preparation;
mod resample;

pub(crate) use decode::decode;
pub(crate) use picture::Picture;
pub(crate) use preparation::Preparation;

use crate::{Result, Set, Stimuli, View};

/// Where a task's pictures come from. One file a task.
pub(crate) trait Pictures: Send + Sync {
    /// Number of pictures in `set`.
    fn n_examples(&self, set: Set) -> usize;

    /// Picture `index` of `set`, and its class.
    ///
    /// # Errors
    /// When its file cannot be read or decoded.
    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)>;
}

/// The examples of a task of images.
#[derive(Debug)]
pub(crate) struct Images<P> {
    /// Where the pictures come from.
    pub(crate) pictures: P,
    /// How they become numbers.
    pub(crate) preparation: Preparation,
}

impl<P: Pictures> Stimuli for Images<P> {
    fn shape(&self) -> [usize; 3] {
        self.preparation.shape()
    }

    fn n_examples(&self, set: Set) -> usize {
        self.pictures.n_examples(set)
    }

    fn varies(&self) -> bool {
        false
    }

    fn load(&self, set: Set, index: usize, view: View, values: &mut [f32]) -> Result<usize> {
        let (picture, class) = self.pictures.picture(set, index)?;
        self.preparation.prepare(&picture, set, index, view, values);
        Ok(class)
    }
}
