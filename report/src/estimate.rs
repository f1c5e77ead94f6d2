//! Means over splits, and how sure they are.
//!
//! The training parts of repeated splits overlap, so that the spread over splits is too small a measure of how an accuracy
//! would vary with other data. Standard errors of the mean are given as the study gives them. Intervals of differences
//! are corrected for the overlap: the variance of a mean over n splits is taken to be s^2 (1/n + n_test/n_train).
//!
//! # References
//! Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning 52, 2003.

use std::collections::BTreeMap;

use engram_schemas::results::ResultRow;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::results::Entry;

/// The share of intervals that would hold the true value.
pub const CONFIDENCE: f64 = 0.95;

/// Numbers that differ by less than this share of an example differ by rounding alone.
const ROUNDING: f64 = 1e-6;

/// A mean and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Standard error of the mean over splits; unknown for a single one.
    pub standard_error: Option<f64>,
    /// How many splits.
    pub n: usize,
}

/// What tells a split from others: its number and its seed.
type Split = (i32, i64);

/// A number for each split.
#[derive(Clone, Debug, PartialEq)]
pub struct BySplit {
    values: BTreeMap<Split, f64>,
    test_per_training: f64,
    /// What one test example is of an accuracy.
    of_one_example: f64,
}

impl BySplit {
    /// `value` of every row that has one, averaged over the rows of a split.
    pub fn of(entries: &[&Entry<'_>], value: impl Fn(&ResultRow) -> Option<f64>) -> Self {
        let mut found: BTreeMap<Split, Vec<f64>> = BTreeMap::new();
        let (mut n_test, mut n_train) = (0.0, 0.0);
        for entry in entries {
            let Some(value) = value(entry.row) else {
                continue;
            };
            found
                .entry((entry.row.split, entry.row.seed))
                .or_default()
                .push(value);
            n_test += entry.row.n_test as f64;
            n_train += entry.row.n_train as f64;
        }
        Self {
            values: found
                .into_iter()
                .map(|(split, values)| (split, mean(&values)))
                .collect(),
            test_per_training: if n_train > 0.0 { n_test / n_train } else { 0.0 },
            of_one_example: entries.len() as f64 / f64::max(n_test, 1.0),
        }
    }

    /// `join` of both numbers of every split that both have.
    #[must_use]
    pub fn zip(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            values: self
                .values
                .iter()
                .filter_map(|(split, a)| Some((*split, join(*a, *other.values.get(split)?))))
                .collect(),
            test_per_training: self.test_per_training.max(other.test_per_training),
            of_one_example: self.of_one_example.max(other.of_one_example),
        }
    }

    /// The difference in every split that both have.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    /// The numbers with the other sign.
    #[must_use]
    pub fn negative(&self) -> Self {
        self.zip(self, |value, _| -value)
    }

    /// The mean of several in every split that all have; none without any.
    pub fn mean_of(several: &[Self]) -> Option<Self> {
        let (first, rest) = several.split_first()?;
        let sum = rest
            .iter()
            .fold(first.clone(), |sum, next| sum.zip(next, |a, b| a + b));
        let n = several.len() as f64;
        Some(Self {
            values: sum
                .values
                .into_iter()
                .map(|(split, value)| (split, value / n))
                .collect(),
            test_per_training: sum.test_per_training,
            of_one_example: sum.of_one_example,
        })
    }

    /// Mean and standard error; none without splits.
    pub fn estimate(&self) -> Option<Estimate> {
        let values: Vec<f64> = self.values.values().copied().collect();
        if values.is_empty() {
            return None;
        }
        Some(Estimate {
            mean: mean(&values),
            standard_error: variance(&values)
                .map(|variance| (variance / values.len() as f64).sqrt()),
            n: values.len(),
        })
    }

    /// The interval around the mean, corrected for the overlap of the splits; none for a single split. Few splits of few
    /// examples may give equal numbers by chance: then they are taken to spread as if by one example.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let values: Vec<f64> = self.values.values().copied().collect();
        let n = values.len() as f64;
        let spread = match variance(&values)? {
            variance if variance.sqrt() < ROUNDING * self.of_one_example => {
                self.of_one_example.powi(2)
            }
            variance => variance,
        };
        let variance = spread * (1.0 / n + self.test_per_training);
        let distribution = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
        let half = distribution.inverse_cdf(0.5 + CONFIDENCE / 2.0) * variance.sqrt();
        let mean = mean(&values);
        Some((mean - half, mean + half))
    }
}

/// Arithmetic mean; not a number without values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A difference in words, with its sign.
pub(crate) fn signed(difference: f64) -> String {
    format!("{difference:+.3}").replace('-', "−")
}

/// Sample variance; none for less than two values.
fn variance(values: &[f64]) -> Option<f64> {
    let center = mean(values);
    (values.len() > 1).then(|| {
        values
            .iter()
            .map(|value| (value - center).powi(2))
            .sum::<f64>()
            / (values.len() - 1) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row;
    use crate::{Results, Selection};

    fn by_split(accuracies: &[f64]) -> BySplit {
        let rows: Vec<_> = accuracies
            .iter()
            .zip(0..)
            .map(|(accuracy, split)| row("figure_2a", "random_forest", "", split, *accuracy))
            .collect();
        Results::try_new(&rows)
            .unwrap()
            .accuracies(&Selection::of("figure_2a"))
            .unwrap()
    }

    #[test]
    fn standard_error_is_that_of_the_mean() {
        let estimate = by_split(&[0.7, 0.8, 0.9]).estimate().unwrap();
        assert!((estimate.mean - 0.8).abs() < 1e-12);
        assert!((estimate.standard_error.unwrap() - 0.1 / 3f64.sqrt()).abs() < 1e-12);
        assert_eq!(by_split(&[0.7]).estimate().unwrap().standard_error, None);
    }

    #[test]
    fn intervals_are_corrected_for_the_overlap() {
        // The rows have 25 test examples to 75 training examples; t(0.975, 2) = 4.302653.
        let (low, high) = by_split(&[0.7, 0.8, 0.9]).interval().unwrap();
        let half = 4.302_653 * (0.01f64 * (1.0 / 3.0 + 1.0 / 3.0)).sqrt();
        assert!((high - low - 2.0 * half).abs() < 1e-6, "{low} {high}");
        assert_eq!(by_split(&[0.7]).interval(), None);
    }

    #[test]
    fn equal_numbers_are_no_certainty() {
        let (low, high) = by_split(&[0.5, 0.5, 0.5]).interval().unwrap();
        let half = 4.302_653 * (0.004f64.powi(2) * (1.0 / 3.0 + 1.0 / 3.0)).sqrt();
        assert!((high - low - 2.0 * half).abs() < 1e-6, "{low} {high}");
        // Differences that are equal but for rounding: 0.8 - 0.7 is not 0.4 - 0.3.
        let differences = by_split(&[0.8, 0.4, 0.3]).minus(&by_split(&[0.7, 0.3, 0.2]));
        assert!(variance(&differences.values.values().copied().collect::<Vec<_>>()).unwrap() > 0.0);
        let (low, high) = differences.interval().unwrap();
        assert!((high - low - 2.0 * half).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn differences_are_paired_by_split() {
        let difference = by_split(&[0.7, 0.8, 0.9]).minus(&by_split(&[0.6, 0.7]));
        let estimate = difference.estimate().unwrap();
        assert_eq!(estimate.n, 2);
        assert!((estimate.mean - 0.1).abs() < 1e-12);
    }
}
