//! Handwritten digits: scaled to [0, 1], resized where the task says so, and repeated to the task's channels.

use engram_plan::TaskSettings;
use engram_plan::tasks::digits::{Digits, FULL_INK, SIDE, Split};

use crate::resize::bilinear;
use crate::{Result, Seeds, Set, Stimuli, View};

pub(crate) struct DigitStimuli {
    digits: Digits,
    split: Split,
    shape: [usize; 3],
}

impl DigitStimuli {
    pub(crate) fn new(task: &TaskSettings, seeds: Seeds) -> Self {
        let digits = Digits::load();
        let split = digits.split(task.validation_fraction(), seeds.dataset_seed);
        Self {
            digits,
            split,
            shape: task.input_shape(),
        }
    }

    fn indices(&self, set: Set) -> &[usize] {
        match set {
            Set::Train => &self.split.train,
            Set::Validation => &self.split.validation,
        }
    }
}

impl Stimuli for DigitStimuli {
    fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn n_examples(&self, set: Set) -> usize {
        self.indices(set).len()
    }

    fn varies(&self) -> bool {
        false
    }

    fn load(&self, set: Set, index: usize, _: View, values: &mut [f32]) -> Result<usize> {
        let digit = self.indices(set)[index];
        let pixels = &self.digits.pixels[digit * SIDE * SIDE..(digit + 1) * SIDE * SIDE];
        let scaled: Vec<f32> = pixels
            .iter()
            .map(|&pixel| f32::from(pixel) / f32::from(FULL_INK))
            .collect();
        let [_, height, width] = self.shape;
        let image = bilinear(&scaled, [SIDE, SIDE], [height, width]);
        for channel in values.chunks_exact_mut(height * width) {
            channel.copy_from_slice(&image);
        }
        Ok(usize::from(self.digits.labels[digit]))
    }
}
