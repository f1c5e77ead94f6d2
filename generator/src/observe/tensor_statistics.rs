//! The 21 statistics of every row by operations of libtorch: for devices where the rows are and the fused kernel is not.
//!
//! Values are sorted as they are, sums are in double precision. Rows are taken a few at a time, so that the copies in
//! double precision stay small; a row's statistics do not depend on how many.

use engram_observables::{Observation, Statistics};
use tch::{Kind, Tensor};

/// Values whose copies in double precision are there at a time: some eight copies of them, 256 MB.
const VALUES_AT_ONCE: i64 = 4 << 20;

/// The statistics of each row of `rows`, `[n, units]`, float, on any device. Returns `[n, 21]`, double, in the order of
/// [`Observation::to_array`], by the definitions of [`engram_observables::observe`].
pub(super) fn tensor_statistics(rows: &Tensor) -> Tensor {
    let (n, units) = (rows.size()[0], rows.size()[1]);
    let at_once = (VALUES_AT_ONCE / units.max(1)).clamp(1, n.max(1));
    let chunks: Vec<Tensor> = (0..n)
        .step_by(at_once as usize)
        .map(|start| chunk(&rows.narrow(0, start, at_once.min(n - start))))
        .collect();
    if chunks.is_empty() {
        return Tensor::zeros(
            [0, Observation::COUNT as i64],
            (Kind::Double, rows.device()),
        );
    }
    Tensor::cat(&chunks, 0)
}

fn chunk(rows: &Tensor) -> Tensor {
    let raw = rows.to_kind(Kind::Double);
    let abs = raw.abs();
    let not_a_number = abs.mean_dim(1, false, Kind::Double).isnan();
    let quantiles = |rows: &Tensor| {
        let n = rows.size()[1];
        let sorted = rows.sort(1, false).0;
        // Nearest ranks, counted from 0.
        [(n + 1) / 2 - 1, (n - n / 4) - 1].map(|rank| {
            let value = sorted.select(1, rank).to_kind(Kind::Double) + 0.0;
            value.masked_fill(&not_a_number, f64::NAN)
        })
    };
    let raw_quantiles = quantiles(rows);
    let abs_quantiles = quantiles(&rows.abs());
    let square_quantiles = [&abs_quantiles[0], &abs_quantiles[1]].map(Tensor::square);
    let square = raw.square();
    let statistics: Vec<Tensor> = [
        (raw, raw_quantiles),
        (abs, abs_quantiles),
        (square, square_quantiles),
    ]
    .into_iter()
    .flat_map(|(values, quantiles)| function(&values, quantiles))
    .collect();
    Tensor::stack(&statistics, 1)
}

/// The seven statistics of each row of `values`, which a function was applied to.
fn function(values: &Tensor, [median, third_quartile]: [Tensor; 2]) -> [Tensor; Statistics::COUNT] {
    let mean_of = |values: &Tensor| values.mean_dim(1, false, Kind::Double);
    let norm = values
        .square()
        .sum_dim_intlist([1i64].as_slice(), false, Kind::Double)
        .sqrt();
    // A mean of equal values may miss them by a rounding; the exact one makes their deviations vanish.
    let (least, greatest) = (values.amin([1i64], false), values.amax([1i64], false));
    let mean = least.where_self(&least.eq_tensor(&greatest), &mean_of(values));
    let squares = (values - mean.unsqueeze(1)).square();
    let var = mean_of(&squares);
    let kurtosis = mean_of(&squares.square()) / var.square();
    let skew = (&mean - &median) * 3.0 / var.sqrt();
    [norm, mean, var, skew, kurtosis, median, third_quartile]
}
