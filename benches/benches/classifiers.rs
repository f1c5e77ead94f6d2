//! Our classifiers beside scikit-learn's and smartcore's, on the same examples and as many cores.
//!
//! ```text
//! cargo bench --bench classifiers                  everything
//! cargo bench --bench classifiers -- forest_sqrt   some tasks (forest_sqrt, forest_log2, forest_all, svm, smartcore)
//! ```
//!
//! The examples are those of `engram_benches::labelled_trajectories` in the study's number, 15,552 to learn from and 5,184 to test
//! on. The peers are
//! `peers/classifiers.py`, a process of their own, which is given the same bytes; reading them is not timed. smartcore's
//! forest and its machine, which have no threads, would take hours at this size and get a small part of the examples and of
//! the trees. What is printed beside the seconds must hold for
//! them to compare: the accuracies on the test examples, and the correlation of the importances.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engram_benches::labelled_trajectories::{self, N_CLASSES, N_FEATURES};
use engram_classifiers::{
    ConfusionMatrix, Examples, LinearSvmSettings, MaxFeatures, Model, RandomForestSettings,
};
use serde::Deserialize;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::svm::Kernels;
use smartcore::svm::svc::{SVC, SVCParameters};

const N_TRAIN: usize = 15_552;
const N_TEST: usize = 5_184;
const N_THREADS: usize = 2;
/// The machine's C.
const C: f64 = 1.0;
/// Examples that smartcore's forest of all features and its machine learn from: they end within a minute. Of those of two classes there
/// must be more than features, as its machine (0.7) cuts examples off at as many values as there are examples.
const N_SMARTCORE: usize = 1_200;
/// Rounds of either side, in turn, each with a seed of its own.
const ROUNDS: u64 = 3;

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

/// What scikit-learn's part of the bench is asked for.
enum Question<'a> {
    Forest(&'a Task),
    /// A linear support vector machine at this C.
    Svm(f64),
}

/// What a side says of a fit; only forests say importances.
#[derive(Debug, Deserialize)]
struct Outcome {
    seconds: f64,
    accuracy: f64,
    #[serde(default)]
    importances: Vec<f64>,
}

/// Made-up examples of that number, others for every identity.
fn examples(n_examples: usize, identity: u64) -> Data {
    let (features, labels) = labelled_trajectories::examples(n_examples, identity);
    Data {
        names: labelled_trajectories::names(),
        features,
        labels,
    }
}

impl Data {
    fn accuracy(&self, predicted: &[u32]) -> f64 {
        ConfusionMatrix::of(N_CLASSES, &self.labels, predicted).accuracy()
    }

    /// Its first examples: classes alternate, so that all are among them.
    fn first(&self, n_examples: usize) -> Self {
        Self {
            names: self.names.clone(),
            features: self.features[..n_examples * N_FEATURES].to_vec(),
            labels: self.labels[..n_examples].to_vec(),
        }
    }

    /// The examples of the first two classes.
    fn of_two_classes(&self) -> Self {
        let rows = self.features.chunks_exact(N_FEATURES).zip(&self.labels);
        let (features, labels): (Vec<&[f32]>, Vec<u32>) =
            rows.filter(|(_, label)| **label < 2).unzip();
        Self {
            names: self.names.clone(),
            features: features.concat(),
            labels,
        }
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

fn peer(file: &Path, question: &Question<'_>, seed: u64) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("ENGRAM_PEERS_DIR")
        .map_or_else(|| root.join("../.peers"), PathBuf::from)
        .join("bin/python");
    let asked = match question {
        Question::Forest(task) => [
            "forest".to_owned(),
            task.n_trees.to_string(),
            task.max_features.to_string(),
        ]
        .to_vec(),
        Question::Svm(c) => ["svm".to_owned(), c.to_string()].to_vec(),
    };
    let output = Command::new(python)
        .arg(root.join("peers/classifiers.py"))
        .arg(file)
        .args([N_TRAIN, N_TEST, N_FEATURES, N_THREADS].map(|n| n.to_string()))
        .arg(seed.to_string())
        .args(asked)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scikit-learn: {said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(train: &Data, test: &Data, task: &Task, seed: u64) -> Outcome {
    let settings = RandomForestSettings {
        n_trees: task.n_trees,
        max_features: task.max_features,
        ..RandomForestSettings::default()
    };
    let forest = settings.check().unwrap();
    let start = Instant::now();
    let examples =
        Examples::try_new(&train.features, &train.names, &train.labels, N_CLASSES).unwrap();
    let model = forest.fit_forest(&examples, seed);
    let seconds = start.elapsed().as_secs_f64();
    let importances = model.feature_importances();
    Outcome {
        seconds,
        accuracy: test.accuracy(&model.predict(&test.features).unwrap()),
        importances: importances.iter().map(|of| of.mean).collect(),
    }
}

/// Our machine; it has no importances.
fn our_svm(train: &Data, test: &Data) -> Outcome {
    let settings = LinearSvmSettings {
        c: C,
        ..LinearSvmSettings::default()
    };
    let svm = settings.check().unwrap();
    let start = Instant::now();
    let examples =
        Examples::try_new(&train.features, &train.names, &train.labels, N_CLASSES).unwrap();
    let model = svm.fit_svm(&examples).unwrap();
    Outcome {
        seconds: start.elapsed().as_secs_f64(),
        accuracy: test.accuracy(&model.predict(&test.features).unwrap()),
        importances: Vec::new(),
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

/// The rounds of both sides, which take turns.
fn in_turn(
    ours: impl Fn(u64) -> Outcome,
    theirs: impl Fn(u64) -> Outcome,
) -> (Vec<Outcome>, Vec<Outcome>) {
    (0..ROUNDS).map(|seed| (ours(seed), theirs(seed))).unzip()
}

/// The rounds of a side in one: the median of the seconds, the mean of the accuracies.
fn summary(rounds: &[Outcome]) -> Outcome {
    let accuracies = rounds.iter().map(|round| round.accuracy);
    Outcome {
        seconds: median(rounds.iter().map(|round| round.seconds).collect()),
        accuracy: accuracies.sum::<f64>() / rounds.len() as f64,
        importances: Vec::new(),
    }
}

/// How the importances of two different rounds correlate, one of either side: the mean of all pairs. Rounds of one seed have nothing else
/// in common, as the sides draw otherwise.
fn agreement(a: &[Outcome], b: &[Outcome]) -> f64 {
    let pairs = (0..a.len()).flat_map(|i| (0..b.len()).map(move |j| (i, j)));
    let pairs = pairs.filter(|(i, j)| i != j);
    let all: Vec<f64> = pairs
        .map(|(i, j)| correlation(&a[i].importances, &b[j].importances))
        .collect();
    all.iter().sum::<f64>() / all.len() as f64
}

fn compare(file: &Path, train: &Data, test: &Data, task: &Task) {
    let (ours, theirs) = in_turn(
        |seed| ours(train, test, task, seed),
        |seed| peer(file, &Question::Forest(task), seed),
    );
    let what = format!("{} trees", task.n_trees);
    let sides = [summary(&ours), summary(&theirs)];
    print_sides(task.name, &what, "scikit-learn", &sides[0], &sides[1]);
    println!(
        "             target {} x, importances of two forests correlate: ours and scikit-learn's {:.3}, two of ours {:.3}, two of scikit-learn's {:.3}",
        task.claim,
        agreement(&ours, &theirs),
        agreement(&ours, &ours),
        agreement(&theirs, &theirs),
    );
}

fn compare_svm(file: &Path, train: &Data, test: &Data) {
    let (ours, theirs) = in_turn(
        |_| our_svm(train, test),
        |seed| peer(file, &Question::Svm(C), seed),
    );
    let (ours, theirs) = (summary(&ours), summary(&theirs));
    print_sides("svm", &format!("C = {C}"), "scikit-learn", &ours, &theirs);
}

/// smartcore's forests and machine, of so many of the examples and so many trees, beside ours on one thread.
fn smartcore(train: &Data, test: &Data) {
    for (task, n_trees, n_examples) in [(&FORESTS[0], 2, N_TRAIN), (&FORESTS[2], 10, N_SMARTCORE)] {
        let task = Task { n_trees, ..*task };
        smartcore_forest(&train.first(n_examples), test, &task);
    }
    smartcore_svm(&train.first(N_SMARTCORE), test);
}

fn smartcore_forest(train: &Data, test: &Data, task: &Task) {
    let parameters = RandomForestClassifierParameters::default()
        .with_n_trees(task.n_trees as u16)
        .with_m(task.max_features.of(N_FEATURES))
        .with_seed(0);
    let (train_matrix, test_matrix) = (matrix(train), matrix(test));
    let start = Instant::now();
    let peer = RandomForestClassifier::fit(&train_matrix, &train.labels, parameters).unwrap();
    let theirs = Outcome {
        seconds: start.elapsed().as_secs_f64(),
        accuracy: test.accuracy(&peer.predict(&test_matrix).unwrap()),
        importances: Vec::new(),
    };
    let ours = on_threads(1, || ours(train, test, task, 0));
    let n_examples = train.labels.len();
    let what = format!("{n_examples} examples, {} trees, one thread", task.n_trees);
    print_sides(task.name, &what, "smartcore", &ours, &theirs);
}

/// smartcore's machine tells two classes apart: the first and the second.
fn smartcore_svm(train: &Data, test: &Data) {
    let (train, test) = (train.of_two_classes(), test.of_two_classes());
    let (train_matrix, test_matrix) = (matrix(&train), matrix(&test));
    let signs = |data: &Data| -> Vec<i32> {
        let labels = data.labels.iter();
        labels.map(|&label| 2 * label as i32 - 1).collect()
    };
    let train_signs = signs(&train);
    let parameters = SVCParameters::default()
        .with_c(C as f32)
        .with_kernel(Kernels::linear());
    let start = Instant::now();
    let peer = SVC::fit(&train_matrix, &train_signs, &parameters).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let predicted = peer.predict(&test_matrix).unwrap();
    let predicted: Vec<u32> = predicted
        .iter()
        .map(|&sign| u32::from(sign > 0.0))
        .collect();
    let theirs = Outcome {
        seconds,
        accuracy: test.accuracy(&predicted),
        importances: Vec::new(),
    };
    let ours = on_threads(1, || our_svm(&train, &test));
    let what = format!(
        "{} examples, two classes, one thread, C = {C}",
        train.labels.len()
    );
    print_sides("svm", &what, "smartcore", &ours, &theirs);
}

fn matrix(data: &Data) -> DenseMatrix<f32> {
    DenseMatrix::new(data.labels.len(), N_FEATURES, data.features.clone(), false).unwrap()
}

fn print_sides(name: &str, what: &str, peer: &str, ours: &Outcome, theirs: &Outcome) {
    println!(
        "{name:<12} {what}:  ours {:.2} s  {peer} {:.2} s  {:.1} x  accuracy {:.4} / {:.4}",
        ours.seconds,
        theirs.seconds,
        theirs.seconds / ours.seconds,
        ours.accuracy,
        theirs.accuracy,
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
    if is_wanted("svm") {
        on_threads(N_THREADS, || compare_svm(&file, &train, &test));
    }
    if is_wanted("smartcore") {
        smartcore(&train, &test);
    }
}
