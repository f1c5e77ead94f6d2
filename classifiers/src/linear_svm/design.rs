//! The examples as the solver sees them.

use rayon::prelude::*;

use crate::gram::{Gram, dot};
use crate::scaling::sum_in_order;

/// Rows that one task works on: fixed, so that sums are the same on any number of threads.
const ROWS_AT_ONCE: usize = 512;

/// Rows that are gathered for one update of a Gram matrix.
const ROWS_GATHERED: usize = 2048;

/// Inputs of all examples, each with a 1 after them: the intercept is the weight of that one.
pub(super) struct Design {
    /// Row-major.
    values: Vec<f64>,
    width: usize,
}

impl Design {
    /// Puts a 1 after every row of `inputs` (row-major, `n_inputs` a row).
    pub(super) fn new(inputs: &[f64], n_inputs: usize) -> Self {
        let width = n_inputs + 1;
        let mut values = vec![1.0; inputs.len() / n_inputs * width];
        for (row, inputs) in values
            .chunks_exact_mut(width)
            .zip(inputs.chunks_exact(n_inputs))
        {
            row[..n_inputs].copy_from_slice(inputs);
        }
        Self { values, width }
    }

    /// Number of weights: the inputs and the intercept.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of examples.
    pub(super) fn n_rows(&self) -> usize {
        self.values.len() / self.width
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Inner product of every row with `weights`.
    pub(super) fn times(&self, weights: &[f64]) -> Vec<f64> {
        self.values
            .par_chunks(self.width)
            .with_min_len(ROWS_AT_ONCE)
            .map(|row| dot(row, weights))
            .collect()
    }

    /// Sum of the rows, each times its factor; rows with factor 0 are passed over.
    pub(super) fn weighted_sum(&self, factors: &[f64]) -> Vec<f64> {
        let parts = self
            .values
            .par_chunks(self.width * ROWS_AT_ONCE)
            .zip(factors.par_chunks(ROWS_AT_ONCE))
            .map(|(rows, factors)| {
                let mut sums = vec![0.0; self.width];
                for (row, &factor) in rows.chunks_exact(self.width).zip(factors) {
                    if factor != 0.0 {
                        for (sum, value) in sums.iter_mut().zip(row) {
                            *sum += factor * value;
                        }
                    }
                }
                sums
            })
            .collect();
        sum_in_order(parts, self.width)
    }

    /// The Gram matrix of all rows.
    pub(super) fn gram(&self) -> Gram {
        let mut gram = Gram::zeros(self.width);
        for rows in self.values.chunks(self.width * ROWS_GATHERED) {
            gram.add(rows, 1.0);
        }
        gram
    }

    /// The inner product of every row with every other: the Gram matrix of the columns as rows.
    pub(super) fn products(&self) -> Gram {
        let n_rows = self.n_rows();
        let mut columns = vec![0.0; self.values.len()];
        for (place, row) in self.values.chunks_exact(self.width).enumerate() {
            let of_row = columns.iter_mut().skip(place).step_by(n_rows);
            for (value, &in_row) in of_row.zip(row) {
                *value = in_row;
            }
        }
        let mut products = Gram::zeros(n_rows);
        products.add(&columns, 1.0);
        products
    }

    /// Adds `factor` times the outer products of some rows to `gram`.
    pub(super) fn add_to(&self, gram: &mut Gram, rows: &[usize], factor: f64) {
        let mut gathered = Vec::with_capacity(rows.len().min(ROWS_GATHERED) * self.width);
        for rows in rows.chunks(ROWS_GATHERED) {
            gathered.clear();
            for &row in rows {
                gathered.extend_from_slice(self.row(row));
            }
            gram.add(&gathered, factor);
        }
    }
}
