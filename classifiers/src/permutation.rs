//! How much a model leans on a group of features: the accuracy that is lost when their values change hands.

use engram_schemas::randomness::generator;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::{ConfusionMatrix, FeatureGroups, Model, Result};

/// For every group the accuracy on the examples minus that with the group's features permuted among them. All features of
/// a group move together, so that a trajectory stays one. Unlike Gini importance this does not favour features of many
/// values, and is measured on examples that were not learned from; but of two groups that say the same neither is missed.
///
/// `features` is row-major, one class of `labels` for each row.
///
/// # Errors
/// As [`Model::predict`].
///
/// # References
/// Breiman, "Random Forests", Machine Learning 45, 2001, section 10.
pub fn importances(
    model: &dyn Model,
    features: &[f32],
    labels: &[u32],
    groups: &FeatureGroups,
    seed: u64,
) -> Result<Vec<f64>> {
    let n_features = groups.of_feature().len();
    let accuracy = |features: &[f32]| -> Result<f64> {
        let predicted = model.predict(features)?;
        Ok(ConfusionMatrix::of(model.n_classes(), labels, &predicted).accuracy())
    };
    let before = accuracy(features)?;
    (0..groups.names().len())
        .into_par_iter()
        .map(|group| {
            let mut from: Vec<usize> = (0..labels.len()).collect();
            from.shuffle(&mut generator("permutation importance", seed, group as u64));
            let mut permuted = features.to_vec();
            for (row, &other) in permuted.chunks_exact_mut(n_features).zip(&from) {
                let other = &features[other * n_features..(other + 1) * n_features];
                for (feature, &of) in groups.of_feature().iter().enumerate() {
                    if of == group {
                        row[feature] = other[feature];
                    }
                }
            }
            Ok(before - accuracy(&permuted)?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Examples, RandomForestSettings};

    #[test]
    fn only_the_group_that_tells_is_missed() {
        let labels: Vec<u32> = (0..80).map(|example| example % 2).collect();
        // A pair of features that together say the class, and one that says nothing.
        let features: Vec<f32> = labels
            .iter()
            .zip(0..)
            .flat_map(|(&label, n)| [label as f32, label as f32 * 2.0, (n * 37 % 11) as f32])
            .collect();
        let names = ["a", "b", "c"].map(str::to_owned);
        let examples = Examples::try_new(&features, &names, &labels, 2).unwrap();
        let forest = RandomForestSettings::default()
            .check()
            .unwrap()
            .fit_forest(&examples, 0);
        let groups = FeatureGroups::new(["telling", "telling", "noise"]);
        let found = importances(&forest, &features, &labels, &groups, 0).unwrap();
        assert!(found[0] > 0.3, "{found:?}");
        assert!(found[1].abs() < 0.1, "{found:?}");
        assert_eq!(
            found,
            importances(&forest, &features, &labels, &groups, 0).unwrap()
        );
    }
}
