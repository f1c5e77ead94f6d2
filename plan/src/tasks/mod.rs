//! What is known of a task before its data are loaded: input shape, outputs, examples, published regularisation.

pub mod digits;

use engram_schemas::{Architecture, Task};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::sweep::setting;

/// The most classes that a task can have.
const MOST_CLASSES: usize = 1_000_000;

/// A task and the settings of its inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSettings {
    /// The task.
    pub name: Task,
    /// The task whose images a contrastive task sees; ImageNet's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Task>,
    /// Number of classes: needed by `image_folder`, and by `wsn` with other speech than the study's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_classes: Option<usize>,
    /// Height and width that inputs are brought to; the task's own size when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<usize>,
    /// Share of the examples held out for validation, for tasks without a split of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_fraction: Option<f64>,
    /// How training images are varied; the task's usual way when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
    /// Temperature of the contrastive loss; 1 when absent, as in the published code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// What of a speech clip is to be told; the word when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<SpeechLabel>,
    /// Ratios of speech to background noise, in decibels, one drawn for each clip; -10 to 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal_to_noise_db: Option<Vec<f64>>,
}

/// How training images are varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Augmentation {
    /// Not at all.
    None,
    /// A random crop and a horizontal flip by chance.
    CropAndFlip,
}

/// What of a speech clip is to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechLabel {
    /// The word that is spoken.
    #[default]
    Word,
    /// Who speaks.
    Speaker,
}

impl TaskSettings {
    /// A task as it is by default.
    pub fn new(name: Task) -> Self {
        Self {
            name,
            images: None,
            n_classes: None,
            image_size: None,
            validation_fraction: None,
            augmentation: None,
            temperature: None,
            label: None,
            signal_to_noise_db: None,
        }
    }

    /// The task whose examples are used: the task itself, or the one that lends its images to a contrastive task.
    pub fn source(&self) -> Task {
        match self.name {
            Task::Simclr => self.images.unwrap_or(Task::Imagenet),
            Task::DigitsSimclr => Task::Digits,
            task => task,
        }
    }

    /// Whether the network learns by contrasting views of images, without labels.
    pub fn is_contrastive(&self) -> bool {
        matches!(self.name, Task::Simclr | Task::DigitsSimclr)
    }

    /// Shape of an input, `[channels, height, width]`.
    pub fn input_shape(&self) -> [usize; 3] {
        let native = match self.source() {
            // A cochleagram: one channel, its frequencies and times resized to the image architectures' square.
            Task::Wsn => [1, 224, 224],
            Task::Cifar10 => [3, 32, 32],
            Task::Digits => [3, digits::SIDE, digits::SIDE],
            _ => [3, 224, 224],
        };
        match self.image_size {
            Some(side) => [native[0], side, side],
            None => native,
        }
    }

    /// Outputs of the classifier that ends the network. A self-supervised network has the same backbone, whose
    /// classifier is replaced.
    pub fn n_outputs(&self) -> usize {
        self.n_classes.unwrap_or(match self.source() {
            Task::Wsn => 794,
            Task::Cifar10 | Task::Digits => 10,
            _ => 1000,
        })
    }

    /// Examples to train on, where they are known without the data.
    pub fn n_train(&self) -> Option<usize> {
        match self.source() {
            Task::Imagenet => Some(1_281_167),
            Task::Cifar10 => Some(50_000),
            Task::Digits => Some(digits::n_train(self.validation_fraction())),
            _ => None,
        }
    }

    /// The validation fraction, or the default of a fifth.
    pub fn validation_fraction(&self) -> f64 {
        self.validation_fraction.unwrap_or(0.2)
    }

    /// How training images are varied: by default as the residual networks' recipe has it for photographs, and not at
    /// all otherwise.
    pub fn augmentation(&self) -> Augmentation {
        self.augmentation.unwrap_or(match self.source() {
            Task::Imagenet | Task::ImageFolder => Augmentation::CropAndFlip,
            _ => Augmentation::None,
        })
    }

    /// Temperature of the contrastive loss.
    pub fn temperature(&self) -> f64 {
        self.temperature.unwrap_or(1.0)
    }

    /// Coefficient of the L2 penalty that the study used.
    pub fn published_weight_decay(&self, architecture: Architecture) -> f64 {
        use Architecture::{Alexnet, AlexnetLrn, Knet4, Knet4Lrn, Knet5, Knet5Lrn};
        match architecture {
            _ if self.is_contrastive() => 1e-6,
            Knet4 | Knet4Lrn | Knet5 | Knet5Lrn => 1e-5,
            Alexnet | AlexnetLrn => 5e-4,
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
        let unused = |key, value: &dyn std::fmt::Display, who: &str| {
            Err(setting(
                key,
                value,
                &format!("only {who} can use it, and this is task `{}`", self.name),
            ))
        };
        if let Some(images) = self.images {
            if self.name != Task::Simclr {
                return unused("images", &images, "task `simclr`");
            }
            if matches!(images, Task::Simclr | Task::DigitsSimclr | Task::Wsn) {
                return Err(setting("images", &images, "name a task of labelled images"));
            }
        }
        let source = self.source();
        match self.n_classes {
            None if source == Task::ImageFolder => {
                let reason = "give the number of class folders";
                return Err(setting("n_classes", &"(nothing)", reason));
            }
            Some(n) if !matches!(source, Task::ImageFolder | Task::Wsn | Task::Imagenet) => {
                return unused("n_classes", &n, "tasks of imagenet, image_folder and wsn");
            }
            Some(n) if n < 2 => {
                return Err(setting("n_classes", &n, "there is nothing to tell apart"));
            }
            // Sizes of layers follow from it, and must be numbers that a machine can hold.
            Some(n) if n > MOST_CLASSES => {
                let reason = format!("it must be at most {MOST_CLASSES}");
                return Err(setting("n_classes", &n, &reason));
            }
            _ => {}
        }
        if let Some(fraction) = self.validation_fraction {
            if !matches!(source, Task::Digits | Task::ImageFolder | Task::Wsn) {
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
        if self.augmentation.is_some() && (self.is_contrastive() || source == Task::Wsn) {
            return unused("augmentation", &"...", "a supervised task of images");
        }
        if let Some(temperature) = self.temperature {
            if !self.is_contrastive() {
                return unused("temperature", &temperature, "a contrastive task");
            }
            if !(temperature > 0.0 && temperature.is_finite()) {
                return Err(setting("temperature", &temperature, "it must be above 0"));
            }
        }
        if (self.label.is_some() || self.signal_to_noise_db.is_some()) && source != Task::Wsn {
            return unused("label, signal_to_noise_db", &"...", "task `wsn`");
        }
        if let Some(ratios) = &self.signal_to_noise_db
            && (ratios.is_empty() || ratios.iter().any(|ratio| !ratio.is_finite()))
        {
            return Err(setting(
                "signal_to_noise_db",
                &format!("{ratios:?}"),
                "give finite numbers of decibels",
            ));
        }
        Ok(())
    }
}
