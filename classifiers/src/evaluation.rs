//! How well predictions agree with the truth.

use serde::{Deserialize, Serialize};

/// A mean with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard error of the mean: the sample standard deviation over the root of the count; `None` for one value.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// Mean and standard error of `values`; the mean of none is NaN.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let standard_error = (values.len() > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (n - 1.0) / n).sqrt()
        });
        Self {
            mean,
            standard_error,
        }
    }
}

/// Accuracy to expect from guessing among `n_classes` classes with equally many test examples.
pub fn chance(n_classes: usize) -> f64 {
    1.0 / n_classes as f64
}

/// Test examples by true and predicted class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    n_classes: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// A matrix without examples.
    pub fn new(n_classes: usize) -> Self {
        Self {
            n_classes,
            counts: vec![0; n_classes * n_classes],
        }
    }

    /// The matrix of one test.
    pub fn of(n_classes: usize, truth: &[u32], predicted: &[u32]) -> Self {
        let mut matrix = Self::new(n_classes);
        for (&truth, &predicted) in truth.iter().zip(predicted) {
            matrix.counts[truth as usize * n_classes + predicted as usize] += 1;
        }
        matrix
    }

    /// Adds the examples of another test with the same classes.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Counts by true class (rows) and predicted class (columns), row by row.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Counts of the examples of class `truth`, by predicted class.
    pub fn row(&self, truth: usize) -> &[u64] {
        &self.counts[truth * self.n_classes..(truth + 1) * self.n_classes]
    }

    /// Number of examples.
    pub fn n_examples(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Share of the examples whose predicted class is the true one; NaN without examples.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.n_classes)
            .map(|class| self.row(class)[class])
            .sum();
        right as f64 / self.n_examples() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_error_uses_the_sample_deviation() {
        // Deviations -1, 0, 1: variance 2 / 2 = 1, standard error 1 / sqrt(3).
        let estimate = Estimate::of(&[1.0, 2.0, 3.0]);
        assert_eq!(estimate.mean, 2.0);
        assert!((estimate.standard_error.unwrap() - 1.0 / 3.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(
            Estimate::of(&[0.5]),
            Estimate {
                mean: 0.5,
                standard_error: None
            }
        );
    }

    #[test]
    fn confusion_counts_truth_by_row() {
        let mut matrix = ConfusionMatrix::of(3, &[0, 0, 1, 2], &[0, 1, 1, 0]);
        assert_eq!(matrix.counts(), [1, 1, 0, 0, 1, 0, 1, 0, 0]);
        assert_eq!(matrix.accuracy(), 0.5);
        matrix.add(&ConfusionMatrix::of(3, &[2], &[2]));
        assert_eq!(matrix.row(2), [1, 0, 1]);
        assert_eq!((matrix.n_examples(), matrix.accuracy()), (5, 0.6));
    }
}
