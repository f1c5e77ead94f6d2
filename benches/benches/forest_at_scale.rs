//! A forest on examples that come piece by piece and are kept as bins: seconds and the peak of memory by the number of examples.
//!
//! ```text
//! cargo bench --bench forest_at_scale               20 thousand to a million examples
//! cargo bench --bench forest_at_scale -- --quick    up to 100 thousand
//! cargo bench --bench forest_at_scale -- 5000000    so many
//! ```
//!
//! The examples are those of `engram_benches::labelled_trajectories`, made anew for each of the two readings; making them is not
//! timed. Every size is a process of its own, so that its peak of memory is its own. Up to 100 thousand examples a forest of the
//! same settings that has all numbers in memory is beside it; whether it knows the class of examples that it has not seen is
//! told of both.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::process::Command;
use std::time::{Duration, Instant};

use engram_benches::labelled_trajectories::{N_CLASSES, N_FEATURES, examples, names};
use engram_classifiers::random_forest::{Binner, Forest};
use engram_classifiers::{ConfusionMatrix, Examples, Model, RandomForest, RandomForestSettings};
use engram_tests::process::resident;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

const SIZES: [usize; 4] = [20_000, 100_000, 300_000, 1_000_000];
/// The most examples that are learned from as numbers too.
const MOST_NUMBERS: usize = 100_000;
/// Examples that come together.
const PIECE: usize = 8192;
const N_TREES: usize = 20;
const N_TEST: usize = 10_000;
/// The identity of the examples that are tested on: no piece has it.
const TEST: u64 = 1 << 40;

/// What a process measured.
#[derive(Serialize, Deserialize)]
struct Measured {
    seeing_seconds: f64,
    putting_seconds: f64,
    growing_seconds: f64,
    n_nodes: usize,
    out_of_bag: f64,
    accuracy: f64,
    peak_bytes: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [way, n_examples] = arguments.as_slice()
        && let Some(measure) = way_of(way)
    {
        engram_benches::prefer_small_pages();
        let measured = measure(n_examples.parse().unwrap());
        println!("{}", serde_json::to_string(&measured).unwrap());
        return;
    }
    let asked: Vec<usize> = arguments.iter().filter_map(|n| n.parse().ok()).collect();
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    let sizes = match asked.is_empty() {
        true if is_quick => SIZES[..2].to_vec(),
        true => SIZES.to_vec(),
        false => asked,
    };
    println!(
        "{N_FEATURES} features, {N_TREES} trees of sqrt features, {} threads\n\
         examples   kept as   see s   bin s  grow s  s/tree  nodes/tree  out of bag  accuracy  peak MB  bytes/value",
        rayon::current_num_threads()
    );
    for n_examples in sizes {
        print(n_examples, BINS);
        if n_examples <= MOST_NUMBERS {
            print(n_examples, NUMBERS);
        }
    }
}

const BINS: &str = "bins";
const NUMBERS: &str = "numbers";

fn way_of(name: &str) -> Option<fn(usize) -> Measured> {
    match name {
        BINS => Some(of_bins),
        NUMBERS => Some(of_numbers),
        _ => None,
    }
}

/// Measures in a process of its own.
fn print(n_examples: usize, way: &str) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    let output = process.args([way, &n_examples.to_string()]).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let measured: Measured = serde_json::from_slice(&output.stdout).unwrap();
    println!(
        "{n_examples:>8} {way:>9} {:>7.2} {:>7.2} {:>7.1} {:>7.2} {:>11} {:>11.4} {:>9.4} {:>8.0} {:>12.2}",
        measured.seeing_seconds,
        measured.putting_seconds,
        measured.growing_seconds,
        measured.growing_seconds / N_TREES as f64,
        measured.n_nodes / N_TREES,
        measured.out_of_bag,
        measured.accuracy,
        measured.peak_bytes as f64 / 1e6,
        measured.peak_bytes as f64 / (n_examples * N_FEATURES) as f64,
    );
}

fn forest() -> RandomForest {
    let settings = RandomForestSettings {
        n_trees: N_TREES,
        ..RandomForestSettings::default()
    };
    settings.check().unwrap()
}

/// The examples piece by piece, some pieces made at a time: where each begins, and what is in it.
fn pieces(n_examples: usize, mut take: impl FnMut(usize, Vec<f32>, Vec<u32>)) {
    let starts: Vec<usize> = (0..n_examples).step_by(PIECE).collect();
    for starts in starts.chunks(rayon::current_num_threads()) {
        let make = |&start: &usize| {
            let (features, labels) = examples(PIECE.min(n_examples - start), start as u64);
            (start, features, labels)
        };
        for (start, features, labels) in starts.par_iter().map(make).collect::<Vec<_>>() {
            take(start, features, labels);
        }
    }
}

fn of_bins(n_examples: usize) -> Measured {
    let (mut seeing, mut putting) = (Duration::ZERO, Duration::ZERO);
    let mut binner = Binner::try_new(names(), n_examples, 0).unwrap();
    pieces(n_examples, |start, features, _| {
        let began = Instant::now();
        for (place, row) in features.chunks(N_FEATURES).enumerate() {
            binner.see(start + place, row).unwrap();
        }
        seeing += began.elapsed();
    });
    let began = Instant::now();
    let mut binned = binner.bins(N_CLASSES).unwrap();
    seeing += began.elapsed();
    pieces(n_examples, |start, features, labels| {
        let began = Instant::now();
        let places: Vec<usize> = (start..start + labels.len()).collect();
        binned.put(&places, &features, &labels).unwrap();
        putting += began.elapsed();
    });
    let binned = binned.examples().unwrap();
    let all: Vec<usize> = (0..n_examples).collect();
    let began = Instant::now();
    let forest = forest().fit_binned(&binned, &all, 0).unwrap();
    measured(seeing, putting, began.elapsed(), &forest)
}

fn of_numbers(n_examples: usize) -> Measured {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    pieces(n_examples, |_, more_features, more_labels| {
        features.extend(more_features);
        labels.extend(more_labels);
    });
    let names = names();
    let began = Instant::now();
    let examples = Examples::try_new(&features, &names, &labels, N_CLASSES).unwrap();
    let columns = forest().columns(&examples);
    let putting = began.elapsed();
    let all: Vec<usize> = (0..n_examples).collect();
    let began = Instant::now();
    let forest = forest().fit_rows(&columns, &examples, &all, 0);
    measured(Duration::ZERO, putting, began.elapsed(), &forest)
}

fn measured(seeing: Duration, putting: Duration, growing: Duration, forest: &Forest) -> Measured {
    let peak_bytes = resident("VmHWM");
    let (features, labels) = examples(N_TEST, TEST);
    let predicted = forest.predict(&features).unwrap();
    Measured {
        seeing_seconds: seeing.as_secs_f64(),
        putting_seconds: putting.as_secs_f64(),
        growing_seconds: growing.as_secs_f64(),
        n_nodes: forest.n_nodes(),
        out_of_bag: forest.out_of_bag_accuracy().unwrap(),
        accuracy: ConfusionMatrix::of(N_CLASSES, &labels, &predicted).accuracy(),
        peak_bytes,
    }
}
