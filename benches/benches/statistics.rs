//! The fused statistics beside two plain ways to compute them: for each function a pass for the norm and the mean, a
//! pass for the variance, one for the kurtosis, and a sort for the quantiles; by operations of libtorch, as a program on
//! PyTorch would, and in plain Rust.
//!
//! The shapes are the outputs of a first convolution and of a small dense layer, a row a stimulus. Before the benchmarks
//! proper, the claim is measured and checked: on the larger shape, with two threads each in one process, ours is at least
//! forty times faster than libtorch.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark of wrong results should stop, and says what it found"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use engram_observables::{Observation, Statistics, mean_observation};
use tch::{Kind, Tensor};

const SHAPES: [(usize, usize); 2] = [(128, 65_536), (360, 2_048)];

/// Largest relative difference between our way and plain Rust, which sum in different orders.
const TOLERANCE: f64 = 1e-9;

/// Largest relative difference to libtorch in single precision.
const SINGLE_TOLERANCE: f64 = 1e-3;

/// How many times faster than libtorch ours is at least.
const CLAIM: f64 = 40.0;

const N_THREADS: usize = 2;

fn main() {
    tch::set_num_threads(N_THREADS as i32);
    check_claim();
    benches();
    Criterion::default().configure_from_args().final_summary();
}

fn check_claim() {
    let (n_stimuli, n_units) = SHAPES[0];
    for (kind, values) in kinds(n_stimuli * n_units) {
        let rows = Tensor::from_slice(&values).view([n_stimuli as i64, n_units as i64]);
        let mut before = peak_bytes();
        let mut peak = |what: &str| {
            let now = peak_bytes();
            let more = now.zip(before).map(|(now, before)| now - before);
            before = now;
            if let Some(more) = more {
                let share = more as f64 / (4 * values.len()) as f64;
                println!(
                    "{kind}: {what} raised the peak of memory by {share:.2} copies of the input"
                );
            }
        };
        let ours = fastest(10, || mean_observation(&values, n_units, N_THREADS));
        peak("ours");
        let alone = fastest(10, || mean_observation(&values, n_units, 1));
        let torch = fastest(2, || torch_mean(&rows));
        peak("libtorch");
        let ratio = torch.as_secs_f64() / ours.as_secs_f64();
        println!(
            "{kind}: libtorch {torch:.1?}, ours {ours:.1?} on {N_THREADS} threads and {alone:.1?} on one: {ratio:.0} times faster"
        );
        assert!(ratio >= CLAIM, "{kind}: only {ratio:.1} times faster");
    }
}

fn fastest<R>(n_times: usize, mut work: impl FnMut() -> R) -> Duration {
    let time = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..n_times).map(time).min().unwrap_or_default()
}

/// The process's largest resident size so far, where the system says it.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

fn kinds(n: usize) -> [(&'static str, Vec<f32>); 2] {
    [("normal", normal(n)), ("rectified", rectified(n))]
}

fn statistics(c: &mut Criterion) {
    let mut group = c.benchmark_group("statistics");
    group.sample_size(10);
    for (n_stimuli, n_units) in SHAPES {
        let shape = format!("{n_stimuli}x{n_units}");
        for (kind, values) in kinds(n_stimuli * n_units) {
            let rows = Tensor::from_slice(&values).view([n_stimuli as i64, n_units as i64]);
            let fused =
                |n_threads| mean_observation(&values, n_units, n_threads).expect("rows are whole");
            let ours = fused(N_THREADS);
            assert_close(&ours, &plain_mean(&values, n_units), TOLERANCE);
            assert_close(&ours, &torch_mean(&rows), SINGLE_TOLERANCE);
            group.throughput(Throughput::Elements(values.len() as u64));
            for n_threads in [1, N_THREADS] {
                let name = format!("fused on {n_threads}/{kind}");
                group.bench_function(BenchmarkId::new(name, &shape), |b| {
                    b.iter(|| black_box(fused(n_threads)));
                });
            }
            group.bench_function(BenchmarkId::new(format!("libtorch/{kind}"), &shape), |b| {
                b.iter(|| black_box(torch_mean(&rows)));
            });
            group.bench_function(BenchmarkId::new(format!("plain/{kind}"), &shape), |b| {
                b.iter(|| black_box(plain_mean(&values, n_units)));
            });
        }
    }
    group.finish();
}

/// By operations of libtorch on all rows at once, in the values' own precision.
fn torch_mean(rows: &Tensor) -> Observation {
    let functions = [rows.shallow_clone(), rows.abs(), rows.square()];
    let mut all = [0.0; Observation::COUNT];
    for (all, values) in all.chunks_exact_mut(Statistics::COUNT).zip(functions) {
        let n = values.size()[1];
        let norm = values
            .square()
            .sum_dim_intlist([1i64].as_slice(), false, Kind::Float)
            .sqrt();
        let mean = values.mean_dim(1, true, Kind::Float);
        let var = (&values - &mean).square().mean_dim(1, true, Kind::Float);
        let fourth = (&values - &mean)
            .square()
            .square()
            .mean_dim(1, true, Kind::Float);
        let kurtosis = fourth / var.square();
        let sorted = values.sort(1, false).0;
        let median = sorted.narrow(1, (n + 1) / 2 - 1, 1);
        let third_quartile = sorted.narrow(1, n - n / 4 - 1, 1);
        let skew = (&mean - &median) * 3.0 / var.sqrt();
        let statistics = [norm, mean, var, skew, kurtosis, median, third_quartile];
        for (place, statistic) in all.iter_mut().zip(statistics) {
            *place = statistic.mean(Kind::Double).double_value(&[]);
        }
    }
    Observation::from_array(all)
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

fn assert_close(ours: &Observation, other: &Observation, tolerance: f64) {
    let pairs = ours.to_array().into_iter().zip(other.to_array());
    for (place, (ours, other)) in pairs.enumerate() {
        let close = (ours - other).abs() <= tolerance * other.abs().max(1e-3);
        assert!(
            close,
            "statistic {place}: ours {ours:e}, the other {other:e}"
        );
    }
}

criterion_group!(benches, statistics);
