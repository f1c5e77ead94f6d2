//! Reference values for tests, made by `scripts/reference_classifiers.py`.

use serde::Deserialize;

use crate::Examples;

/// A small data set, and what scikit-learn makes of it.
#[derive(Deserialize)]
pub(crate) struct Small {
    pub(crate) feature_names: Vec<String>,
    pub(crate) features: Vec<f32>,
    pub(crate) labels: Vec<u32>,
    pub(crate) means: Vec<f64>,
    pub(crate) deviations: Vec<f64>,
    pub(crate) components: Vec<f64>,
    pub(crate) variances: Vec<f64>,
    pub(crate) variance_ratios: Vec<f64>,
    pub(crate) cs: Vec<f64>,
    /// For every C the weights of every class, the intercept last.
    pub(crate) svm_weights: Vec<Vec<f64>>,
    pub(crate) svm_objectives: Vec<Vec<f64>>,
    pub(crate) rows_in_test: Vec<usize>,
    pub(crate) naive_bayes: Vec<f64>,
    pub(crate) logistic_regression: Vec<f64>,
    pub(crate) nearest_neighbours: Vec<f64>,
}

impl Small {
    pub(crate) fn all() -> [Self; 2] {
        [include_str!("iris.json"), include_str!("wine.json")]
            .map(|text| serde_json::from_str(text).unwrap())
    }

    pub(crate) fn examples(&self) -> Examples<'_> {
        Examples::try_new(&self.features, &self.feature_names, &self.labels, 3).unwrap()
    }
}

/// Accuracies on the second part of the digits after learning from the first.
#[derive(Deserialize)]
pub(crate) struct Digits {
    n_train: usize,
    pub(crate) cs: Vec<f64>,
    pub(crate) converged_accuracies: Vec<f64>,
    pub(crate) converged_accuracies_20_components: Vec<f64>,
    pub(crate) extra_trees_accuracies: Vec<f64>,
    #[serde(skip)]
    names: Vec<String>,
    #[serde(skip)]
    features: Vec<f32>,
    #[serde(skip)]
    labels: Vec<u32>,
}

impl Digits {
    pub(crate) fn new() -> Self {
        let mut digits: Self = serde_json::from_str(include_str!("digits.json")).unwrap();
        for line in include_str!("../../../plan/data/digits.csv").lines() {
            let mut values: Vec<u32> = line
                .split(',')
                .map(|value| value.parse().unwrap())
                .collect();
            digits.labels.push(values.pop().unwrap());
            digits
                .features
                .extend(values.into_iter().map(|value| value as f32));
        }
        digits.names = (0..64).map(|pixel| format!("pixel{pixel}")).collect();
        digits
    }

    pub(crate) fn training(&self) -> Examples<'_> {
        let (features, labels) = (
            &self.features[..64 * self.n_train],
            &self.labels[..self.n_train],
        );
        Examples::try_new(features, &self.names, labels, 10).unwrap()
    }

    pub(crate) fn test_features(&self) -> &[f32] {
        &self.features[64 * self.n_train..]
    }

    /// Share of the test examples that are predicted right.
    pub(crate) fn accuracy(&self, predicted: &[u32]) -> f64 {
        let truth = &self.labels[self.n_train..];
        assert_eq!(truth.len(), predicted.len());
        let right = truth.iter().zip(predicted).filter(|(a, b)| a == b).count();
        right as f64 / truth.len() as f64
    }
}

/// Largest absolute difference of two lists of numbers, over the largest number of the second.
pub(crate) fn relative_difference(ours: &[f64], reference: &[f64]) -> f64 {
    assert_eq!(ours.len(), reference.len());
    let largest = reference.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    let difference = ours
        .iter()
        .zip(reference)
        .fold(0.0, |a: f64, (b, c)| a.max((b - c).abs()));
    difference / largest
}
