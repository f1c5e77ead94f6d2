//! Principal component analysis: the directions in which examples differ most.
//!
//! The covariance matrix is summed in one pass over the centred examples and decomposed once; fewer components are the
//! first of more ([`Pca::truncated`]), so that a grid over their number costs one decomposition. Deliberately absent:
//! whitening, and randomised approximations, which pay off for more features than there are here.
//!
//! # References
//! Jolliffe, "Principal Component Analysis", 2nd edition, Springer 2002, chapter 1. The sign of a component is free; as
//! in scikit-learn its largest loading by absolute value (the first of equals) is positive here.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par, Side};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::gram::Gram;
use crate::scaling::column_sums;
use crate::{Error, Result};

/// Rows that one task works on: fixed, so that sums are the same on any number of threads.
const ROWS_AT_ONCE: usize = 512;

/// Principal components of a training set, by falling variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pca {
    means: Vec<f64>,
    /// Row-major `[n_components, n_inputs]`, orthonormal.
    components: Vec<f64>,
    variances: Vec<f64>,
    total_variance: f64,
}

impl Pca {
    /// Finds the first `n_components` components of `values`, row-major with `n_inputs` values a row.
    ///
    /// # Errors
    /// [`Error::Examples`] when there are fewer than two rows, when `n_components` is 0 or more than the rows or the
    /// inputs, and when the decomposition does not converge.
    pub fn fit(values: &[f64], n_inputs: usize, n_components: usize) -> Result<Self> {
        let n_rows = values.len() / n_inputs.max(1);
        if n_rows < 2 || n_components == 0 || n_components > n_inputs.min(n_rows) {
            let reason = format!(
                "{n_components} principal components of {n_rows} examples with {n_inputs} features; there must be from 1 \
                 to as many as the fewer of the two, and at least 2 examples"
            );
            return Err(Error::Examples { reason });
        }
        let mut means = column_sums(values, n_inputs, |_, value| value);
        for mean in &mut means {
            *mean /= n_rows as f64;
        }
        let mut covariance = Gram::zeros(n_inputs);
        // Centred a block at a time: centring first loses fewer digits than subtracting the means' products afterwards.
        for rows in values.chunks(n_inputs * 8 * ROWS_AT_ONCE) {
            let mut centred = rows.to_vec();
            centred
                .par_chunks_mut(n_inputs)
                .for_each(|row| subtract(row, &means));
            covariance.add(&centred, 1.0 / (n_rows - 1) as f64);
        }
        let decomposition = covariance
            .as_ref()
            .self_adjoint_eigen(Side::Lower)
            .map_err(|error| Error::Examples {
                reason: format!("their covariance cannot be decomposed: {error:?}"),
            })?;
        // Eigenvalues rise; those of directions without variance may come out a little below zero.
        let eigenvalues: Vec<f64> = (0..n_inputs)
            .rev()
            .map(|place| decomposition.S()[place].max(0.0))
            .collect();
        let mut components = Vec::with_capacity(n_components * n_inputs);
        for component in 0..n_components {
            let column = decomposition.U().col(n_inputs - 1 - component);
            let mut largest = 0.0_f64;
            for &loading in column.iter() {
                if loading.abs() > largest.abs() {
                    largest = loading;
                }
            }
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            components.extend(column.iter().map(|loading| sign * loading));
        }
        Ok(Self {
            means,
            components,
            total_variance: eigenvalues.iter().sum(),
            variances: eigenvalues[..n_components].to_vec(),
        })
    }

    /// Its first `n_components` components, or all where it has no more.
    #[must_use]
    pub fn truncated(&self, n_components: usize) -> Self {
        let n_components = n_components.min(self.n_components());
        Self {
            means: self.means.clone(),
            components: self.components[..n_components * self.n_inputs()].to_vec(),
            variances: self.variances[..n_components].to_vec(),
            total_variance: self.total_variance,
        }
    }

    /// Number of values of a row that goes in.
    pub fn n_inputs(&self) -> usize {
        self.means.len()
    }

    /// Number of components.
    pub fn n_components(&self) -> usize {
        self.variances.len()
    }

    /// The components' directions, row-major `[n_components, n_inputs]`, orthonormal.
    pub fn components(&self) -> &[f64] {
        &self.components
    }

    /// Sample variance (divided by n - 1) along every component.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// Share of every component in the variance of all inputs; zeros where there is none.
    pub fn variance_ratios(&self) -> Vec<f64> {
        self.variances
            .iter()
            .map(|variance| {
                if self.total_variance > 0.0 {
                    variance / self.total_variance
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// Places of `values` (row-major, [`n_inputs`](Self::n_inputs) a row) along the components, row-major
    /// `[rows, n_components]`.
    pub fn transform(&self, values: &[f64]) -> Vec<f64> {
        let (n_inputs, n_components) = (self.n_inputs(), self.n_components());
        let mut transformed = vec![0.0; values.len() / n_inputs * n_components];
        transformed
            .par_chunks_mut(n_components * ROWS_AT_ONCE)
            .zip(values.par_chunks(n_inputs * ROWS_AT_ONCE))
            .for_each(|(transformed, rows)| {
                let mut centred = rows.to_vec();
                for row in centred.chunks_exact_mut(n_inputs) {
                    subtract(row, &self.means);
                }
                let n_rows = rows.len() / n_inputs;
                matmul(
                    MatMut::from_row_major_slice_mut(transformed, n_rows, n_components),
                    Accum::Replace,
                    MatRef::from_row_major_slice(&centred, n_rows, n_inputs),
                    MatRef::from_column_major_slice(&self.components, n_inputs, n_components),
                    1.0,
                    Par::Seq,
                );
            });
        transformed
    }
}

fn subtract(row: &mut [f64], means: &[f64]) {
    for (value, mean) in row.iter_mut().zip(means) {
        *value -= mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scaler;
    use crate::reference::{Small, relative_difference};

    /// Against scikit-learn, which decomposes the data where we decompose the covariance.
    const TOLERANCE: f64 = 1e-11;

    #[test]
    fn equals_scikit_learn() {
        for small in Small::all() {
            let examples = small.examples();
            let n_features = examples.n_features();
            let scaled = Scaler::fit(&examples).scale(examples.features());
            let pca = Pca::fit(&scaled, n_features, n_features).unwrap();
            assert!(relative_difference(pca.components(), &small.components) < TOLERANCE);
            assert!(relative_difference(pca.variances(), &small.variances) < TOLERANCE);
            assert!(
                relative_difference(&pca.variance_ratios(), &small.variance_ratios) < TOLERANCE
            );
        }
    }

    #[test]
    fn the_same_components_on_any_number_of_threads() {
        let values: Vec<f64> = (0..3000 * 150).map(|i| (i as f64 * 1.7).sin()).collect();
        let on_threads = |n| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap();
            pool.install(|| {
                let pca = Pca::fit(&values, 150, 5).unwrap();
                (pca.transform(&values), pca)
            })
        };
        assert_eq!(on_threads(1), on_threads(3));
    }

    #[test]
    fn finds_the_direction_of_a_line() {
        // Points on (3, 4) t about (1, 2), with t = -1, 0, 1: variance 25 along (0.6, 0.8), none across.
        let pca = Pca::fit(&[-2.0, -2.0, 1.0, 2.0, 4.0, 6.0], 2, 2).unwrap();
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(&pca.components()[..2], &[0.6, 0.8]));
        assert!(close(pca.variances(), &[25.0, 0.0]));
        assert!(close(&pca.variance_ratios(), &[1.0, 0.0]));
        assert!(close(
            &pca.truncated(1).transform(&[4.0, 6.0, 1.0, 2.0]),
            &[5.0, 0.0]
        ));
    }

    #[test]
    fn truncating_equals_asking_for_fewer() {
        let values: Vec<f64> = (0..40 * 6).map(|i| (i as f64 * 1.3).sin()).collect();
        let all = Pca::fit(&values, 6, 6).unwrap();
        assert_eq!(all.truncated(3), Pca::fit(&values, 6, 3).unwrap());
        assert_eq!(all.truncated(9), all);
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused_and_constants_are_not() {
        for (values, n_components) in [(vec![1.0; 8], 0), (vec![1.0; 8], 3), (vec![1.0; 2], 1)] {
            assert!(Pca::fit(&values, 2, n_components).is_err());
        }
        let constant = Pca::fit(&[1.0; 8], 2, 2).unwrap();
        assert_eq!(constant.variance_ratios(), [0.0, 0.0]);
        assert_eq!(constant.transform(&[1.0, 1.0]), [0.0, 0.0]);
    }
}
