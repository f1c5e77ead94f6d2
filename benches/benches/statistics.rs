//! The fused statistics beside the plain way to compute them: for each function a pass for the norm and the mean, a
//! pass for the variance, one for the kurtosis, and a sort for the quantiles.
//!
//! The shapes are the outputs of a first convolution and of a small dense layer, a row a stimulus.

#![allow(
    clippy::expect_used,
    reason = "a benchmark of wrong results should stop"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engram_observables::{Observation, Scratch, Statistics, mean_observation};

const SHAPES: [(usize, usize); 2] = [(128, 65_536), (360, 2_048)];

/// Largest relative difference between the two ways, which sum in different orders.
const TOLERANCE: f64 = 1e-9;

fn statistics(c: &mut Criterion) {
    let mut group = c.benchmark_group("statistics");
    group.sample_size(20);
    for (n_stimuli, n_units) in SHAPES {
        let shape = format!("{n_stimuli}x{n_units}");
        for (kind, values) in [
            ("normal", normal(n_stimuli * n_units)),
            ("rectified", rectified(n_stimuli * n_units)),
        ] {
            let mut scratch = Scratch::default();
            let mut fused = || mean_observation(&values, n_units, &mut scratch);
            assert_close(
                &fused().expect("rows are whole"),
                &plain_mean(&values, n_units),
            );
            group.throughput(Throughput::Elements(values.len() as u64));
            group.bench_function(BenchmarkId::new(format!("fused/{kind}"), &shape), |b| {
                b.iter(|| black_box(fused()))
            });
            group.bench_function(BenchmarkId::new(format!("plain/{kind}"), &shape), |b| {
                b.iter(|| black_box(plain_mean(&values, n_units)));
            });
        }
    }
    group.finish();
}

/// Nearly normal values: sums of twelve uniform numbers of a linear congruential generator.
fn normal(n: usize) -> Vec<f32> {
    let mut state = 7u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f32 / 16_777_216.0
    };
    (0..n)
        .map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0)
        .collect()
}

fn rectified(n: usize) -> Vec<f32> {
    normal(n).into_iter().map(|value| value.max(0.0)).collect()
}

fn plain_mean(values: &[f32], n_units: usize) -> Observation {
    let rows = values.chunks_exact(n_units);
    let n_rows = rows.len() as f64;
    let mut sums = [0.0; Observation::COUNT];
    for row in rows {
        for (sum, statistic) in sums.iter_mut().zip(plain(row).to_array()) {
            *sum += statistic;
        }
    }
    Observation::from_array(sums.map(|sum| sum / n_rows))
}

fn plain(row: &[f32]) -> Observation {
    let of = |function: fn(f64) -> f64| {
        plain_statistics(
            row.iter()
                .map(|&value| function(f64::from(value)))
                .collect(),
        )
    };
    Observation {
        raw: of(|value| value),
        abs: of(f64::abs),
        square: of(|value| value * value),
    }
}

fn plain_statistics(mut values: Vec<f64>) -> Statistics {
    let n = values.len() as f64;
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let mean = values.iter().sum::<f64>() / n;
    let var = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / n;
    let kurtosis = values
        .iter()
        .map(|value| (value - mean).powi(4))
        .sum::<f64>()
        / n
        / (var * var);
    values.sort_unstable_by(f64::total_cmp);
    let [median, third_quartile] = [0.5, 0.75].map(|q| values[(q * n).ceil() as usize - 1]);
    let skew = 3.0 * (mean - median) / var.sqrt();
    Statistics {
        norm,
        mean,
        var,
        skew,
        kurtosis,
        median,
        third_quartile,
    }
}

fn assert_close(fused: &Observation, plain: &Observation) {
    for (place, (fused, plain)) in fused
        .to_array()
        .into_iter()
        .zip(plain.to_array())
        .enumerate()
    {
        let close = (fused - plain).abs() <= TOLERANCE * plain.abs().max(1e-3);
        assert!(close, "statistic {place}: fused {fused:e}, plain {plain:e}");
    }
}

criterion_group!(benches, statistics);
criterion_main!(benches);
