//! Handwritten digits, carried inside the program: ink from 0 to 1, in three equal channels.

use engram_plan::TaskSettings;
use engram_plan::tasks::digits::{Digits, FULL_INK, SIDE, Split};

use crate::images::{Picture, Pictures};
use crate::{Result, Set};

/// The digits, split.
#[derive(Debug)]
pub(crate) struct DigitPictures {
    digits: Digits,
    split: Split,
}

impl DigitPictures {
    /// Splits the digits as `task` says, by a seed of the split.
    pub(crate) fn new(task: &TaskSettings, dataset_seed: u64) -> Self {
        let digits = Digits::load();
        let split = digits.split(task.validation_fraction(), dataset_seed);
        Self { digits, split }
    }

    fn indices(&self, set: Set) -> &[usize] {
        match set {
            Set::Train => &self.split.train,
            Set::Validation => &self.split.validation,
        }
    }
}

impl Pictures for DigitPictures {
    fn n_examples(&self, set: Set) -> usize {
        self.indices(set).len()
    }

    fn picture(&self, set: Set, index: usize) -> Result<(Picture, usize)> {
        let index = self.indices(set)[index];
        let ink = &self.digits.pixels[index * SIDE * SIDE..][..SIDE * SIDE];
        let picture = Picture {
            width: SIDE,
            height: SIDE,
            pixels: ink.iter().flat_map(|&ink| [ink; 3]).collect(),
            full: FULL_INK,
        };
        Ok((picture, usize::from(self.digits.labels[index])))
    }
}

#[cfg(test)]
mod tests;
