//! Handwritten digits: 1,797 real 8x8 images in 10 classes, carried inside the program.
//!
//! # References
//! Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository 1998,
//! doi:10.24432/C50P49, CC BY 4.0. `plan/data/README.md` has the file's origin and checksum.

use engram_schemas::randomness;
use rand::seq::SliceRandom;

/// Height and width of an image.
pub const SIDE: usize = 8;

/// Number of classes.
pub const N_CLASSES: usize = 10;

/// The value of a fully inked pixel.
pub const FULL_INK: u8 = 16;

const CSV: &str = include_str!("../../data/digits.csv");

/// The images with their labels, in the file's order.
#[derive(Clone, Debug)]
pub struct Digits {
    /// `[n, SIDE, SIDE]`, row by row, from 0 to [`FULL_INK`].
    pub pixels: Vec<u8>,
    /// `[n]`, the digit of each image.
    pub labels: Vec<u8>,
}

/// Which images are trained on and which are held out, as indices in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// To train on.
    pub train: Vec<usize>,
    /// Held out: the stimuli that the network is observed with.
    pub validation: Vec<usize>,
}

impl Digits {
    /// Reads the embedded images.
    pub fn load() -> Self {
        let mut digits = Self {
            pixels: Vec::with_capacity(1797 * SIDE * SIDE),
            labels: Vec::with_capacity(1797),
        };
        for line in CSV.lines() {
            let mut values = line
                .split(',')
                .map(|value| value.parse::<u8>().unwrap_or_default());
            digits.pixels.extend(values.by_ref().take(SIDE * SIDE));
            digits.labels.extend(values.next());
        }
        digits
    }

    /// Splits every class by the same share, by a generator of the dataset seed's own.
    pub fn split(&self, validation_fraction: f64, dataset_seed: u64) -> Split {
        let mut split = Split {
            train: Vec::new(),
            validation: Vec::new(),
        };
        for class in 0..N_CLASSES {
            let mut members: Vec<usize> = (0..self.labels.len())
                .filter(|&index| usize::from(self.labels[index]) == class)
                .collect();
            members.shuffle(&mut randomness::generator(
                "digits split",
                dataset_seed,
                class as u64,
            ));
            let n_held_out = n_held_out(members.len(), validation_fraction);
            split.validation.extend(&members[..n_held_out]);
            split.train.extend(&members[n_held_out..]);
        }
        split.train.sort_unstable();
        split.validation.sort_unstable();
        split
    }
}

/// Number of training images.
pub(super) fn n_train(validation_fraction: f64) -> usize {
    const PER_CLASS: [usize; N_CLASSES] = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
    PER_CLASS
        .into_iter()
        .map(|n| n - n_held_out(n, validation_fraction))
        .sum()
}

fn n_held_out(n: usize, validation_fraction: f64) -> usize {
    (n as f64 * validation_fraction).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_whole() {
        let digits = Digits::load();
        assert_eq!(
            (digits.labels.len(), digits.pixels.len()),
            (1797, 1797 * 64)
        );
        assert!(digits.pixels.iter().all(|&pixel| pixel <= FULL_INK));
        assert!(
            digits
                .labels
                .iter()
                .all(|&label| usize::from(label) < N_CLASSES)
        );
        // The first line of the file.
        assert_eq!(digits.pixels[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(digits.labels[..3], [0, 1, 2]);
    }

    #[test]
    fn splits_are_stratified_disjoint_and_the_seeds_own() {
        let digits = Digits::load();
        let split = digits.split(0.2, 7);
        let mut all = [split.train.clone(), split.validation.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1797).collect::<Vec<_>>());
        for class in 0..10 {
            let share =
                |side: &[usize]| side.iter().filter(|&&i| digits.labels[i] == class).count() as f64;
            let fraction =
                share(&split.validation) / (share(&split.validation) + share(&split.train));
            assert!((fraction - 0.2).abs() < 0.004, "class {class}: {fraction}");
        }
        assert_eq!(split, digits.split(0.2, 7));
        assert_ne!(split, digits.split(0.2, 8));
        assert_eq!(split.train.len(), n_train(0.2));
    }
}
