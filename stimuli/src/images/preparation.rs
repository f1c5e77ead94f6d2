//! From a picture to what a network gets.

use engram_plan::TaskSettings;
use engram_plan::tasks::Augmentation;
use engram_schemas::{Task, randomness};

use super::contrast::Contrast;
use super::resample::{Region, resample};
use super::{Picture, crop, draw};
use crate::{Set, View};

/// Side below which pictures are small: contrastive views have half the strength and no blur.
const SMALL_SIDE: usize = 64;

/// Smallest share of the area in a contrastive view.
const LEAST_AREA: f64 = 0.08;

/// The same for the digits, whose 64 pixels leave nothing to see in a twelfth of them.
const LEAST_AREA_OF_DIGITS: f64 = 0.4;

/// Share of the side by which a small picture is moved at most: the published 4 of CIFAR-10's 32 pixels.
const LARGEST_MOVE: usize = 8;

/// The mean and standard deviation of each channel, red, green and blue, of pixels from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Normalization {
    mean: [f32; 3],
    deviation: [f32; 3],
}

/// Of ImageNet's training images, as usual for all photographs.
const IMAGENET: Normalization = Normalization {
    mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225],
};

/// Of CIFAR-10's training images.
const CIFAR10: Normalization = Normalization {
    mean: [0.4914, 0.4822, 0.4465],
    deviation: [0.2470, 0.2435, 0.2616],
};

/// None: the digits' values are ink from 0 to 1, and no ink is 0.
const DIGITS: Normalization = Normalization {
    mean: [0.0; 3],
    deviation: [1.0; 3],
};

/// What kind of pictures a task has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Of any size and shape.
    Photograph,
    /// Square and small; all of it is seen.
    Small,
}

/// How a view for training differs from the plain one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Variation {
    /// Not at all.
    None,
    /// By a random crop and a flip.
    CropAndFlip,
    /// By all that a contrastive loss wants.
    Contrast(Contrast),
}

/// A task's way to look at pictures.
#[derive(Clone, Debug)]
pub(crate) struct Preparation {
    side: usize,
    kind: Kind,
    variation: Variation,
    normalization: Normalization,
    seed: u64,
}

impl Preparation {
    /// The way of `task`; `seed` is what varied views follow from.
    pub(crate) fn new(task: &TaskSettings, seed: u64) -> Self {
        let side = task.input_shape()[1];
        let (kind, normalization) = match task.source() {
            Task::Digits => (Kind::Small, DIGITS),
            Task::Cifar10 => (Kind::Small, CIFAR10),
            _ => (Kind::Photograph, IMAGENET),
        };
        let small = side < SMALL_SIDE;
        let contrast = Contrast {
            least_area: match task.source() {
                Task::Digits => LEAST_AREA_OF_DIGITS,
                _ => LEAST_AREA,
            },
            strength: if small { 0.5 } else { 1.0 },
            blur: !small,
        };
        let variation = match task.augmentation() {
            _ if task.is_contrastive() => Variation::Contrast(contrast),
            Augmentation::CropAndFlip => Variation::CropAndFlip,
            Augmentation::None => Variation::None,
        };
        Self {
            side,
            kind,
            variation,
            normalization,
            seed,
        }
    }

    /// Shape of what a network gets, `[channels, height, width]`.
    pub(crate) fn shape(&self) -> [usize; 3] {
        [3, self.side, self.side]
    }

    /// Writes the `view` of a picture, example `index` of `set`, into `values`, in the [`Preparation::shape`].
    pub(crate) fn prepare(
        &self,
        picture: &Picture,
        set: Set,
        index: usize,
        view: View,
        values: &mut [f32],
    ) {
        let size = [picture.width, picture.height];
        let plain = || match self.kind {
            Kind::Photograph => crop::validation(size),
            Kind::Small => crop::whole(size),
        };
        let View::Varied { epoch, eye } = view else {
            return self.show(picture, plain(), values);
        };
        let set = match set {
            Set::Train => "training",
            Set::Validation => "validation",
        };
        let purpose = format!("look {eye} at {set} images in epoch {epoch}");
        let random = &mut randomness::generator(&purpose, self.seed, index as u64);
        match self.variation {
            Variation::None => self.show(picture, plain(), values),
            Variation::CropAndFlip => {
                match self.kind {
                    Kind::Photograph => {
                        self.show(picture, crop::random_scale(size, random), values);
                    }
                    Kind::Small => {
                        self.show(picture, plain(), values);
                        let reach = (self.side / LARGEST_MOVE) as f64;
                        let [down, right] =
                            [(); 2].map(|()| draw::between(random, -reach, reach + 1.0).floor());
                        shift(self.side, values, [down as isize, right as isize]);
                    }
                }
                self.flip_by_chance(values, random);
            }
            Variation::Contrast(contrast) => {
                let region = crop::random_area(size, contrast.least_area, random);
                resample(picture, region, self.side, values);
                self.flip_by_chance(values, random);
                contrast.apply(self.side, values, random);
                self.normalize(values);
            }
        }
    }

    fn show(&self, picture: &Picture, region: Region, values: &mut [f32]) {
        resample(picture, region, self.side, values);
        self.normalize(values);
    }

    fn normalize(&self, values: &mut [f32]) {
        let Normalization { mean, deviation } = self.normalization;
        for (channel, plane) in values.chunks_exact_mut(self.side * self.side).enumerate() {
            for value in plane {
                *value = (*value - mean[channel]) / deviation[channel];
            }
        }
    }

    fn flip_by_chance(&self, values: &mut [f32], random: &mut randomness::ChaCha8Rng) {
        if draw::chance(random, 0.5) {
            values
                .chunks_exact_mut(self.side)
                .for_each(<[f32]>::reverse);
        }
    }
}

/// Moves a normalised view down and to the right. What comes in is 0: the mean colour, or no ink.
fn shift(side: usize, values: &mut [f32], [down, right]: [isize; 2]) {
    let source = |place: usize, by: isize| {
        let place = place.checked_add_signed(-by)?;
        (place < side).then_some(place)
    };
    for plane in values.chunks_exact_mut(side * side) {
        let before = plane.to_vec();
        for (place, value) in plane.iter_mut().enumerate() {
            let row = source(place / side, down);
            let column = source(place % side, right);
            *value = match (row, column) {
                (Some(row), Some(column)) => before[row * side + column],
                _ => 0.0,
            };
        }
    }
}

#[cfg(test)]
mod tests;
