//! Our classifiers beside scikit-learn's and smartcore's, on the same examples and as many cores.
//!
//! ```text
//! cargo bench --bench classifiers                  everything
//! cargo bench --bench classifiers -- forest_sqrt   some tasks
//! ```
//!
//! The examples are trajectories of the study's size, 15,552 to learn from and 5,184 to test on, of 24 statistics at 21
//! checkpoints and three depth indicators: smooth curves whose course depends a little on the class. The peers are
//! `peers/classifiers.py`, a process of their own, which is given the same bytes; reading them is not timed. smartcore's
//! forest takes minutes at this size and is given a tenth of the trees. What is printed beside the seconds must hold for
//! them to compare: the accuracies on the test examples, and the correlation of the importances.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engram_classifiers::{ConfusionMatrix, Examples, MaxFeatures, Model, RandomForestSettings};
use engram_schemas::randomness::generator;
use rand::RngExt;
use serde::Deserialize;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

const N_CLASSES: usize = 4;
const N_STATISTICS: usize = 24;
const N_CHECKPOINTS: usize = 21;
const N_DEPTHS: usize = 3;
const N_FEATURES: usize = N_STATISTICS * N_CHECKPOINTS + N_DEPTHS;
const N_TRAIN: usize = 15_552;
const N_TEST: usize = 5_184;
const N_THREADS: usize = 2;
/// Rounds of either side, in turn.
const ROUNDS: usize = 3;

struct Task {
    name: &'static str,
    max_features: MaxFeatures,
    n_trees: usize,
    /// Times that we are to be faster than scikit-learn.
    claim: f64,
}

const FORESTS: [Task; 3] = [
    Task {
        name: "forest_sqrt",
        max_features: MaxFeatures::Sqrt,
        n_trees: 100,
        claim: 8.0,
    },
    Task {
        name: "forest_log2",
        max_features: MaxFeatures::Log2,
        n_trees: 100,
        claim: 8.0,
    },
    Task {
        name: "forest_all",
        max_features: MaxFeatures::All,
        n_trees: 10,
        claim: 8.0,
    },
];

struct Data {
    names: Vec<String>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

/// What a side says of a fit.
#[derive(Debug, Deserialize)]
struct Outcome {
    seconds: f64,
    accuracy: f64,
    importances: Vec<f64>,
}

/// Curves of a random start and slope, with a bend and a noise, of which the class shifts a little.
fn examples(n_examples: usize, identity: u64) -> Data {
    let mut random = generator("classifiers bench", 0, identity);
    let mut features = Vec::with_capacity(n_examples * N_FEATURES);
    let mut labels = Vec::with_capacity(n_examples);
    for example in 0..n_examples {
        let label = example % N_CLASSES;
        let depth = random.random_range(0..N_DEPTHS);
        for statistic in 0..N_STATISTICS {
            let shift = 0.12 * ((label * (statistic + 1)) % 5) as f32;
            let start = random.random_range(-1.0..1.0_f32) + depth as f32;
            let slope = random.random_range(-0.5..0.5_f32) + shift;
            let bend = random.random_range(-0.3..0.3_f32) * (1.0 + shift);
            features.extend((0..N_CHECKPOINTS).map(|checkpoint| {
                let time = checkpoint as f32 / (N_CHECKPOINTS - 1) as f32;
                let noise = random.random_range(-0.05..0.05_f32);
                start + slope * time + bend * time * time + noise
            }));
        }
        features.extend((0..N_DEPTHS).map(|of| if of == depth { 1.0 } else { 0.0 }));
        labels.push(label as u32);
    }
    Data {
        names: (0..N_FEATURES).map(|n| format!("feature{n}")).collect(),
        features,
        labels,
    }
}

impl Data {
    fn accuracy(&self, predicted: &[u32]) -> f64 {
        ConfusionMatrix::of(N_CLASSES, &self.labels, predicted).accuracy()
    }
}

/// Writes what the peers read: the features of all examples, one behind the other, and then their labels.
fn write(folder: &Path, train: &Data, test: &Data) -> PathBuf {
    let features = [train, test]
        .map(|data| &data.features)
        .into_iter()
        .flatten();
    let labels = [train, test].map(|data| &data.labels).into_iter().flatten();
    let bytes: Vec<u8> = features
        .flat_map(|value| value.to_le_bytes())
        .chain(labels.flat_map(|label| label.to_le_bytes()))
        .collect();
    let file = folder.join("examples.f32");
    std::fs::write(&file, bytes).unwrap();
    file
}

fn peer(file: &Path, task: &Task) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("ENGRAM_PEERS_DIR")
        .map_or_else(|| root.join("../.peers"), PathBuf::from)
        .join("bin/python");
    let output = Command::new(python)
        .arg(root.join("peers/classifiers.py"))
        .arg(file)
        .args([N_TRAIN, N_TEST, N_FEATURES, N_THREADS, task.n_trees].map(|n| n.to_string()))
        .arg(task.max_features.as_str())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scikit-learn: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(train: &Data, test: &Data, task: &Task) -> Outcome {
    let settings = RandomForestSettings {
        n_trees: task.n_trees,
        max_features: task.max_features,
        ..RandomForestSettings::default()
    };
    let forest = settings.check().unwrap();
    let start = Instant::now();
    let examples =
        Examples::try_new(&train.features, &train.names, &train.labels, N_CLASSES).unwrap();
    let model = forest.fit_forest(&examples, 0);
    let seconds = start.elapsed().as_secs_f64();
    let importances = model.feature_importances();
    Outcome {
        seconds,
        accuracy: test.accuracy(&model.predict(&test.features).unwrap()),
        importances: importances.iter().map(|of| of.mean).collect(),
    }
}

/// Pearson's correlation.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], x_mean: f64, y: &[f64], y_mean: f64| -> f64 {
        x.iter()
            .zip(y)
            .map(|(x, y)| (x - x_mean) * (y - y_mean))
            .sum()
    };
    product(a, mean_a, b, mean_b)
        / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(file: &Path, train: &Data, test: &Data, task: &Task) {
    let (mut our_seconds, mut their_seconds) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..ROUNDS {
        let (ours, theirs) = (ours(train, test, task), peer(file, task));
        our_seconds.push(ours.seconds);
        their_seconds.push(theirs.seconds);
        last = Some((ours, theirs));
    }
    let (ours, theirs) = last.unwrap();
    let (our_seconds, their_seconds) = (median(our_seconds), median(their_seconds));
    println!(
        "{:<12} {:>3} trees  ours {our_seconds:7.2} s  scikit-learn {their_seconds:7.2} s  {:5.1} x (target {})  \
         accuracy {:.4} / {:.4}  importances correlate {:.3}",
        task.name,
        task.n_trees,
        their_seconds / our_seconds,
        task.claim,
        ours.accuracy,
        theirs.accuracy,
        correlation(&ours.importances, &theirs.importances),
    );
}

/// smartcore's forest has no threads and is given few trees.
fn smartcore_forest(train: &Data, test: &Data) {
    let task = Task {
        name: "smartcore",
        n_trees: 2,
        ..FORESTS[0]
    };
    let matrix = |data: &Data| {
        DenseMatrix::new(data.labels.len(), N_FEATURES, data.features.clone(), false).unwrap()
    };
    let parameters = RandomForestClassifierParameters::default()
        .with_n_trees(task.n_trees as u16)
        .with_m(N_FEATURES.isqrt())
        .with_seed(0);
    let train_matrix = matrix(train);
    let start = Instant::now();
    let peer = RandomForestClassifier::fit(&train_matrix, &train.labels, parameters).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let accuracy = test.accuracy(&peer.predict(&matrix(test)).unwrap());
    let ours = on_threads(1, || ours(train, test, &task));
    println!(
        "{:<12} {:>3} trees  ours {:7.2} s  smartcore    {seconds:7.2} s  {:5.1} x (one thread)  accuracy {:.4} / {accuracy:.4}",
        "forest_sqrt",
        task.n_trees,
        ours.seconds,
        seconds / ours.seconds,
        ours.accuracy,
    );
}

fn on_threads<T: Send>(n_threads: usize, compute: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(n_threads)
        .build()
        .unwrap();
    pool.install(compute)
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|given| given == name);
    let (train, test) = (examples(N_TRAIN, 0), examples(N_TEST, 1));
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), &train, &test);
    println!(
        "{N_TRAIN} examples of {N_FEATURES} features, {N_THREADS} threads, medians of {ROUNDS} rounds"
    );
    for task in FORESTS.iter().filter(|task| is_wanted(task.name)) {
        on_threads(N_THREADS, || compare(&file, &train, &test, task));
    }
    if is_wanted("smartcore") {
        smartcore_forest(&train, &test);
    }
}
