//! What classifiers learn from.

use crate::{Error, Result};

/// Labelled examples, borrowed: one row of features and one class each.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    features: &'a [f32],
    feature_names: &'a [String],
    labels: &'a [u32],
    n_classes: usize,
}

impl<'a> Examples<'a> {
    /// Puts features (row-major, `feature_names.len()` a row) and labels (from 0 to below `n_classes`) together.
    ///
    /// # Errors
    /// [`Error::Examples`] when the parts do not fit together or are empty, [`Error::NonFiniteFeature`] for the first
    /// feature that is not a finite number.
    pub fn try_new(
        features: &'a [f32],
        feature_names: &'a [String],
        labels: &'a [u32],
        n_classes: usize,
    ) -> Result<Self> {
        let refuse = |reason: String| Err(Error::Examples { reason });
        let n_features = feature_names.len();
        if labels.is_empty() || n_features == 0 {
            return refuse(format!(
                "there are {} examples of {n_features} features",
                labels.len()
            ));
        }
        if features.len() != labels.len() * n_features {
            let n_values = features.len();
            return refuse(format!(
                "{} examples of {n_features} features are not {n_values} values",
                labels.len()
            ));
        }
        if u32::try_from(labels.len()).is_err() || u32::try_from(n_features).is_err() {
            return refuse("there are more than 4,294,967,295 examples or features".to_owned());
        }
        if n_classes > usize::from(u16::MAX) {
            return refuse(format!("{n_classes} classes are more than {}", u16::MAX));
        }
        if let Some(label) = labels.iter().find(|&&label| label as usize >= n_classes) {
            return refuse(format!(
                "the label {label} is not below the number of classes, {n_classes}"
            ));
        }
        check_finite(features, feature_names)?;
        Ok(Self {
            features,
            feature_names,
            labels,
            n_classes,
        })
    }

    /// Other features and labels of the same names and classes.
    ///
    /// # Errors
    /// As [`Examples::try_new`].
    pub fn with<'b>(&self, features: &'b [f32], labels: &'b [u32]) -> Result<Examples<'b>>
    where
        'a: 'b,
    {
        Examples::try_new(features, self.feature_names, labels, self.n_classes)
    }

    /// Number of examples.
    pub fn n_examples(&self) -> usize {
        self.labels.len()
    }

    /// Number of features of an example.
    pub fn n_features(&self) -> usize {
        self.feature_names.len()
    }

    /// Number of classes; not every class needs to have examples.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The features, row-major.
    pub fn features(&self) -> &'a [f32] {
        self.features
    }

    /// Name of every feature.
    pub fn feature_names(&self) -> &'a [String] {
        self.feature_names
    }

    /// Class of every example.
    pub fn labels(&self) -> &'a [u32] {
        self.labels
    }
}

/// The values of `rows` of a row-major matrix with `width` values a row, in the order of `rows`.
pub fn select_rows<T: Copy>(values: &[T], width: usize, rows: &[usize]) -> Vec<T> {
    let mut selected = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        selected.extend_from_slice(&values[row * width..(row + 1) * width]);
    }
    selected
}

/// Checks that every value of a row-major matrix is finite.
pub(super) fn check_finite(features: &[f32], feature_names: &[String]) -> Result<()> {
    match features.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(place) => Err(Error::NonFiniteFeature {
            feature: feature_names[place % feature_names.len()].clone(),
            example: place / feature_names.len(),
            value: features[place],
        }),
    }
}

/// Checks that `features` is whole rows of finite values, one value for every name.
pub(crate) fn check_rows(features: &[f32], feature_names: &[String]) -> Result<()> {
    if !features.len().is_multiple_of(feature_names.len()) {
        let reason = format!(
            "{} values are not whole rows of {} features",
            features.len(),
            feature_names.len()
        );
        return Err(Error::Examples { reason });
    }
    check_finite(features, feature_names)
}

/// Features that belong together, for importances: the points of one statistic's trajectory, the depth indicators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGroups {
    names: Vec<String>,
    of_feature: Vec<usize>,
}

impl FeatureGroups {
    /// Groups features by the name of each one's group; groups are in the order of their first feature.
    pub fn new<'a>(group_of_feature: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut numbers = std::collections::HashMap::new();
        let of_feature = group_of_feature
            .into_iter()
            .map(|name| {
                *numbers.entry(name).or_insert_with(|| {
                    names.push(name.to_owned());
                    names.len() - 1
                })
            })
            .collect();
        Self { names, of_feature }
    }

    /// Name of every group.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of every feature's group.
    pub fn of_feature(&self) -> &[usize] {
        &self.of_feature
    }

    /// Sums of a value of every feature within each group.
    pub fn sum(&self, of_feature: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.names.len()];
        for (&group, value) in self.of_feature.iter().zip(of_feature) {
            sums[group] += value;
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_non_finite_feature_is_named() {
        let names = names(&["weight_raw_mean@0", "weight_raw_mean@5"]);
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = Examples::try_new(&[0.0, 1.0, 2.0, value], &names, &[0, 1], 2).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "feature `weight_raw_mean@5` of example 1 is {value}; classifiers need finite numbers"
                )
            );
        }
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let names = names(&["a", "b"]);
        let text = |result: Result<Examples<'_>>| result.unwrap_err().to_string();
        assert!(
            text(Examples::try_new(&[0.0; 3], &names, &[0, 1], 2))
                .contains("2 examples of 2 features")
        );
        assert!(text(Examples::try_new(&[0.0; 4], &names, &[0, 2], 2)).contains("the label 2"));
        assert!(text(Examples::try_new(&[], &names, &[], 2)).contains("0 examples"));
        assert!(
            text(Examples::try_new(&[0.0; 4], &names, &[0, 1], 1 << 16)).contains("65536 classes")
        );
        assert!(Examples::try_new(&[0.0; 4], &names, &[0, 1], 2).is_ok());
    }

    #[test]
    fn groups_keep_the_order_of_their_first_feature() {
        let groups = FeatureGroups::new(["b", "b", "a", "b"]);
        assert_eq!(groups.names(), ["b", "a"]);
        assert_eq!(groups.of_feature(), [0, 0, 1, 0]);
        assert_eq!(groups.sum(&[1.0, 2.0, 4.0, 8.0]), [11.0, 4.0]);
    }

    #[test]
    fn rows_are_selected_in_the_given_order() {
        assert_eq!(
            select_rows(&[0, 1, 2, 3, 4, 5], 2, &[2, 0, 0]),
            [4, 5, 0, 1, 0, 1]
        );
    }
}
