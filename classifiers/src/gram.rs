//! Inner and outer products. Gram matrices are sums of outer products of rows: what covariances and Newton steps are made of.
//!
//! The products are computed by faer, one tile of columns after another on rayon's pool. A tile's sum runs over the rows
//! in one order whatever the number of threads, so the result is the same on any number of them.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{Llt, Solve};
use faer::{Accum, ColMut, MatMut, MatRef, Par, Side};
use rayon::prelude::*;

/// Columns of a tile: few enough for every thread to get some, enough for fast products.
const COLUMNS_AT_ONCE: usize = 128;

/// Share by which the diagonal is raised where rounding leaves a matrix without a Cholesky decomposition.
const JITTER: f64 = 1e-14;

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

    /// The matrix of some rows, which rise, and the same columns.
    pub(crate) fn of(&self, rows: &[usize]) -> Self {
        let mut part = Self::zeros(rows.len());
        for (place, (&row, of_part)) in rows
            .iter()
            .zip(part.values.chunks_exact_mut(rows.len().max(1)))
            .enumerate()
        {
            let column = &self.values[row * self.width..(row + 1) * self.width];
            for (value, &other) in of_part[place..].iter_mut().zip(&rows[place..]) {
                *value = column[other];
            }
        }
        part
    }

    /// Adds `value` to every element of the diagonal.
    pub(crate) fn add_to_diagonal(&mut self, value: f64) {
        for element in self.values.iter_mut().step_by(self.width + 1) {
            *element += value;
        }
    }

    /// The Cholesky decomposition; where rounding leaves the matrix without one, of the matrix with a diagonal that is
    /// raised as little as it takes.
    pub(crate) fn decompose(mut self) -> Cholesky {
        let mut jitter = JITTER * self.largest_on_diagonal().max(1.0);
        loop {
            match self.as_ref().llt(Side::Lower) {
                Ok(decomposition) => return Cholesky(decomposition),
                Err(_) => {
                    self.add_to_diagonal(jitter);
                    jitter *= 10.0;
                }
            }
        }
    }

    /// The largest element of the diagonal.
    fn largest_on_diagonal(&self) -> f64 {
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

/// A decomposed Gram matrix.
pub(crate) struct Cholesky(Llt<f64>);

impl Cholesky {
    /// Solves `matrix x = values` in place.
    pub(crate) fn solve(&self, values: &mut [f64]) {
        self.0
            .solve_in_place(ColMut::from_slice_mut(values).as_mat_mut());
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
        let part = gram.of(&[1, 4, width - 1]);
        for (place, row) in [1, 4, width - 1].into_iter().enumerate() {
            assert_eq!(
                part.as_ref()[(place, 1.min(place))],
                gram.as_ref()[(row, if place == 0 { 1 } else { 4 })]
            );
        }
    }
}
