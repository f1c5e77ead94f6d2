//! What is known of a task before its data are loaded: input shape, outputs, examples, published regularisation.

pub mod digits;

use engram_schemas::{Architecture, Task};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::sweep::setting;

/// A task and the settings of its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// The task.
    pub name: Task,
    /// Height and width that images are resized to; the task's own size when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<usize>,
    /// Share of the examples held out for validation, for tasks without a split of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_fraction: Option<f64>,
}

impl TaskSettings {
    /// A task as it is by default.
    pub fn new(name: Task) -> Self {
        Self {
            name,
            image_size: None,
            validation_fraction: None,
        }
    }

    /// Shape of an input, `[channels, height, width]`.
    pub fn input_shape(&self) -> [usize; 3] {
        let native = match self.name {
            Task::Imagenet | Task::Simclr => [3, 224, 224],
            // A cochleagram: one channel, its frequencies and times resized to the image architectures' square.
            Task::Wsn => [1, 224, 224],
            Task::Cifar10 => [3, 32, 32],
            Task::Digits => [3, digits::SIDE, digits::SIDE],
        };
        match self.image_size {
            Some(side) => [native[0], side, side],
            None => native,
        }
    }

    /// Outputs of the classifier that ends the network. A self-supervised network has the same backbone, whose
    /// classifier is replaced.
    pub fn n_outputs(&self) -> usize {
        match self.name {
            Task::Imagenet | Task::Simclr => 1000,
            Task::Wsn => 794,
            Task::Cifar10 | Task::Digits => 10,
        }
    }

    /// Examples to train on, where they are known without the data.
    pub fn n_train(&self) -> Option<usize> {
        match self.name {
            Task::Imagenet | Task::Simclr => Some(1_281_167),
            Task::Cifar10 => Some(50_000),
            Task::Digits => Some(digits::n_train(self.validation_fraction())),
            Task::Wsn => None,
        }
    }

    /// The validation fraction, or the default of a fifth.
    pub fn validation_fraction(&self) -> f64 {
        self.validation_fraction.unwrap_or(0.2)
    }

    /// Coefficient of the L2 penalty that the study used.
    pub fn published_weight_decay(&self, architecture: Architecture) -> f64 {
        use Architecture::{Alexnet, AlexnetLrn, Knet4, Knet4Lrn, Knet5, Knet5Lrn};
        match (self.name, architecture) {
            (Task::Simclr, _) => 1e-6,
            (_, Knet4 | Knet4Lrn | Knet5 | Knet5Lrn) => 1e-5,
            (_, Alexnet | AlexnetLrn) => 5e-4,
            _ => 1e-4,
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`crate::Error::Setting`].
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(side) = self.image_size
            && !(1..=4096).contains(&side)
        {
            return Err(setting(
                "image_size",
                &side,
                "it must be between 1 and 4096 pixels",
            ));
        }
        if let Some(fraction) = self.validation_fraction {
            if self.name != Task::Digits {
                let reason = format!("task `{}` has a validation set of its own", self.name);
                return Err(setting("validation_fraction", &fraction, &reason));
            }
            if !(0.01..=0.9).contains(&fraction) {
                return Err(setting(
                    "validation_fraction",
                    &fraction,
                    "it must be in [0.01, 0.9]",
                ));
            }
        }
        Ok(())
    }
}
