//! Stratified folds: parts of the training examples that a setting is tried on, each with its share of every class.

use std::collections::{HashMap, HashSet};

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
    let each_its_own: Vec<usize> = (0..labels.len()).collect();
    stratified_groups(labels, &each_its_own, n_folds, seed)
}

/// As [`stratified`], and keeps the examples of a group in one part: what is level is the number of groups. `groups` has
/// the number of every example's group, whose examples are all of one class.
///
/// # Errors
/// [`Error::Examples`] for fewer than two folds, when no class has a group for each, and for groups of other examples.
pub fn stratified_groups(
    labels: &[u32],
    groups: &[usize],
    n_folds: usize,
    seed: u64,
) -> Result<Vec<Fold>> {
    if labels.len() != groups.len() {
        let (n, m) = (labels.len(), groups.len());
        let reason = format!("{n} examples have groups for {m}");
        return Err(Error::Examples { reason });
    }
    let n_classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
    let mut of_class = vec![Vec::new(); n_classes];
    let mut seen = HashSet::new();
    for (&label, &group) in labels.iter().zip(groups) {
        if seen.insert(group) {
            of_class[label as usize].push(group);
        }
    }
    let largest = of_class.iter().map(Vec::len).max().unwrap_or(0);
    if n_folds < 2 || largest < n_folds {
        let reason = format!(
            "{n_folds} folds need at least 2 folds and {n_folds} of a class that may be apart; of the largest class {largest} may"
        );
        return Err(Error::Examples { reason });
    }
    let mut random = generator("folds", seed, n_folds as u64);
    let mut fold_of = HashMap::with_capacity(seen.len());
    // The next class goes on where the last one ended, so that the parts' sizes stay level over all classes.
    let mut next = 0;
    for mut groups in of_class {
        groups.shuffle(&mut random);
        for group in groups {
            fold_of.insert(group, next % n_folds);
            next += 1;
        }
    }
    let part = |fold: usize, is_validation: bool| {
        (0..labels.len())
            .filter(|&example| (fold_of.get(&groups[example]) == Some(&fold)) == is_validation)
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
    use std::collections::BTreeSet;

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
    fn groups_stay_in_one_fold() {
        // Twelve groups of one to four examples, in three classes.
        let groups: Vec<usize> = (0..12)
            .flat_map(|group| vec![group; group % 4 + 1])
            .collect();
        let labels: Vec<u32> = groups.iter().map(|&group| group as u32 % 3).collect();
        let folds = stratified_groups(&labels, &groups, 2, 7).unwrap();
        for Fold { train, validation } in &folds {
            let of = |examples: &[usize]| -> BTreeSet<usize> {
                examples.iter().map(|&example| groups[example]).collect()
            };
            assert!(of(train).is_disjoint(&of(validation)));
            assert_eq!(train.len() + validation.len(), groups.len());
            for class in 0..3 {
                let of_class = of(validation)
                    .into_iter()
                    .filter(|group| group % 3 == class);
                assert_eq!(of_class.count(), 2);
            }
        }
        assert_ne!(folds, stratified_groups(&labels, &groups, 2, 8).unwrap());
        assert!(stratified_groups(&labels, &groups, 5, 7).is_err());
        assert!(stratified_groups(&labels, &groups[1..], 2, 7).is_err());
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
