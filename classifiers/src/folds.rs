//! Stratified folds: parts of the training examples that a setting is tried on, each with its share of every class.

use engram_schemas::randomness::generator;
use rand::seq::SliceRandom;

use crate::{Error, Result};

/// The numbers of a fold's examples, rising: those to learn from and those to try on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Examples to learn from.
    pub train: Vec<usize>,
    /// Examples to try on.
    pub validation: Vec<usize>,
}

/// Cuts examples into `n_folds` parts, each the validation of one fold and part of the training of the others. Of every
/// class a part has as many examples as any other, or one more; so has it of all examples.
///
/// # Errors
/// [`Error::Examples`] for fewer than two folds, and when no class has an example for each.
pub fn stratified(labels: &[u32], n_folds: usize, seed: u64) -> Result<Vec<Fold>> {
    let n_classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    let mut of_class = vec![Vec::new(); n_classes];
    for (example, &label) in labels.iter().enumerate() {
        of_class[label as usize].push(example);
    }
    let largest = of_class.iter().map(Vec::len).max().unwrap_or(0);
    if n_folds < 2 || largest < n_folds {
        let reason = format!(
            "{n_folds} folds need at least 2 folds and a class of {n_folds} examples; the largest has {largest}"
        );
        return Err(Error::Examples { reason });
    }
    let mut random = generator("folds", seed, n_folds as u64);
    let mut fold_of = vec![0; labels.len()];
    // The next class goes on where the last one ended, so that the parts' sizes stay level over all classes.
    let mut next = 0;
    for mut examples in of_class {
        examples.shuffle(&mut random);
        for example in examples {
            fold_of[example] = next % n_folds;
            next += 1;
        }
    }
    let part = |fold: usize, is_validation: bool| {
        (0..labels.len())
            .filter(|&example| (fold_of[example] == fold) == is_validation)
            .collect()
    };
    Ok((0..n_folds)
        .map(|fold| Fold {
            train: part(fold, false),
            validation: part(fold, true),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folds_are_disjoint_cover_and_are_level_in_every_class(
            labels in proptest::collection::vec(0..4_u32, 12..80),
            n_folds in 2..4_usize,
            seed in any::<u64>(),
        ) {
            let folds = stratified(&labels, n_folds, seed).unwrap();
            prop_assert_eq!(folds.len(), n_folds);
            let mut seen = vec![0; labels.len()];
            for fold in &folds {
                for &example in &fold.validation {
                    seen[example] += 1;
                }
                let mut all = [fold.train.clone(), fold.validation.clone()].concat();
                all.sort_unstable();
                prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            }
            prop_assert!(seen.iter().all(|&times| times == 1));
            let level = |counts: Vec<usize>| counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1;
            for class in 0..4 {
                let of_class = |fold: &Fold| fold.validation.iter().filter(|&&example| labels[example] == class).count();
                prop_assert!(level(folds.iter().map(of_class).collect()));
            }
            prop_assert!(level(folds.iter().map(|fold| fold.validation.len()).collect()));
            prop_assert_eq!(folds, stratified(&labels, n_folds, seed).unwrap());
        }
    }

    #[test]
    fn other_seeds_give_other_folds() {
        let labels: Vec<u32> = (0..40).map(|example| example % 4).collect();
        assert_ne!(
            stratified(&labels, 5, 0).unwrap(),
            stratified(&labels, 5, 1).unwrap()
        );
    }

    #[test]
    fn folds_that_cannot_be_filled_are_refused() {
        for (labels, n_folds) in [(vec![0, 1, 1], 3), (vec![0, 1], 1), (vec![], 2)] {
            let error = stratified(&labels, n_folds, 0).unwrap_err().to_string();
            assert!(error.contains("folds need"), "{error}");
        }
    }
}
