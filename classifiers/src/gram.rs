//! Inner and outer products. Gram matrices are sums of outer products of rows: what covariances and Newton steps are made of.
//!
//! The products are computed by faer, one tile of columns after another on rayon's pool. A tile's sum runs over the rows
//! in one order whatever the number of threads, so the result is the same on any number of them.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Columns of a tile: few enough for every thread to get some, enough for fast products.
const COLUMNS_AT_ONCE: usize = 128;

/// A symmetric matrix. Only its lower triangle counts; what stands above it is not to be used.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    /// Column-major.
    values: Vec<f64>,
    width: usize,
}

impl Gram {
    /// The zero matrix with `width` rows and columns.
    pub(crate) fn zeros(width: usize) -> Self {
        Self {
            values: vec![0.0; width * width],
            width,
        }
    }

    /// Adds `factor` times the sum of the outer products of `rows` (row-major, as wide as the matrix).
    pub(crate) fn add(&mut self, rows: &[f64], factor: f64) {
        let width = self.width;
        let rows = MatRef::from_row_major_slice(rows, rows.len() / width, width);
        self.values
            .par_chunks_mut(width * COLUMNS_AT_ONCE)
            .enumerate()
            .for_each(|(tile, columns)| {
                let start = tile * COLUMNS_AT_ONCE;
                let n_columns = columns.len() / width;
                let tile = MatMut::from_column_major_slice_mut(columns, width, n_columns)
                    .subrows_mut(start, width - start);
                let (below, across) = (
                    rows.subcols(start, width - start),
                    rows.subcols(start, n_columns),
                );
                matmul(
                    tile,
                    Accum::Add,
                    below.transpose(),
                    across,
                    factor,
                    Par::Seq,
                );
            });
    }

    /// Adds `value` to every element of the diagonal.
    pub(crate) fn add_to_diagonal(&mut self, value: f64) {
        for element in self.values.iter_mut().step_by(self.width + 1) {
            *element += value;
        }
    }

    /// The largest element of the diagonal.
    pub(crate) fn largest_on_diagonal(&self) -> f64 {
        self.values
            .iter()
            .step_by(self.width + 1)
            .fold(0.0, |largest: f64, &value| largest.max(value))
    }

    /// The matrix as faer sees it; its lower triangle counts.
    pub(crate) fn as_ref(&self) -> MatRef<'_, f64> {
        MatRef::from_column_major_slice(&self.values, self.width, self.width)
    }
}

/// Inner product, in eight sums that the compiler can keep in vector registers.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_blocks, a_rest) = a.as_chunks::<8>();
    let (b_blocks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_outer_products_below_the_diagonal() {
        // More columns than a tile has, so that tiles meet.
        let (width, n_rows) = (COLUMNS_AT_ONCE + 3, 5);
        let rows: Vec<f64> = (0..width * n_rows)
            .map(|i| (i as f64 * 0.7).sin())
            .collect();
        let mut gram = Gram::zeros(width);
        gram.add(&rows, 2.0);
        gram.add(&rows[..width], -1.0);
        gram.add_to_diagonal(0.5);
        for i in 0..width {
            for j in 0..=i {
                let mut expected = if i == j { 0.5 } else { 0.0 };
                for (number, row) in rows.chunks_exact(width).enumerate() {
                    expected += if number == 0 { 1.0 } else { 2.0 } * row[i] * row[j];
                }
                assert!((gram.as_ref()[(i, j)] - expected).abs() < 1e-12);
            }
        }
    }
}
