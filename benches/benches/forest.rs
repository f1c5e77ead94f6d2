//! Our random forest beside smartcore's, on the same examples.
//!
//! The data are trajectories as the classifiers see them: smooth curves whose slope depends a little on the class. They
//! are few, because smartcore's time grows so fast that a study-sized matrix is out of its reach. Before anything is
//! timed both forests are fitted once and must be about equally accurate on examples that neither saw.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a bench that cannot go on should stop"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use engram_classifiers::random_forest::Forest;
use engram_classifiers::{ConfusionMatrix, Examples, Model, RandomForest, RandomForestSettings};
use engram_schemas::randomness::generator;
use rand::RngExt;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

const N_CLASSES: usize = 4;
const N_STATISTICS: usize = 8;
const N_CHECKPOINTS: usize = 21;
const N_FEATURES: usize = N_STATISTICS * N_CHECKPOINTS;
const N_TREES: usize = 20;
const SEED: u64 = 0;

struct Data {
    names: Vec<String>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

type Peer = RandomForestClassifier<f32, u32, DenseMatrix<f32>, Vec<u32>>;

fn trajectories(n_examples: usize, identity: u64) -> Data {
    let mut random = generator("forest bench", SEED, identity);
    let labels: Vec<u32> = (0..n_examples)
        .map(|example| (example % N_CLASSES) as u32)
        .collect();
    let mut features = Vec::with_capacity(n_examples * N_FEATURES);
    for &label in &labels {
        for statistic in 0..N_STATISTICS {
            let start = random.random_range(-1.0..1.0_f32);
            let slope =
                random.random_range(-0.5..0.5_f32) + 0.1 * label as f32 * (statistic % 4) as f32;
            features.extend((0..N_CHECKPOINTS).map(|checkpoint| {
                let time = checkpoint as f32 / (N_CHECKPOINTS - 1) as f32;
                start + slope * time + random.random_range(-0.05..0.05_f32)
            }));
        }
    }
    let names = (0..N_FEATURES)
        .map(|feature| format!("feature{feature}"))
        .collect();
    Data {
        names,
        features,
        labels,
    }
}

impl Data {
    fn examples(&self) -> Examples<'_> {
        Examples::try_new(&self.features, &self.names, &self.labels, N_CLASSES).unwrap()
    }

    fn matrix(&self) -> DenseMatrix<f32> {
        DenseMatrix::new(self.labels.len(), N_FEATURES, self.features.clone(), false).unwrap()
    }

    fn accuracy(&self, predicted: &[u32]) -> f64 {
        ConfusionMatrix::of(N_CLASSES, &self.labels, predicted).accuracy()
    }
}

fn ours() -> RandomForest {
    RandomForestSettings {
        n_trees: N_TREES,
        ..RandomForestSettings::default()
    }
    .check()
    .unwrap()
}

fn theirs(matrix: &DenseMatrix<f32>, labels: &Vec<u32>) -> Peer {
    let parameters = RandomForestClassifierParameters::default()
        .with_n_trees(N_TREES as u16)
        .with_m(N_FEATURES.isqrt())
        .with_seed(SEED);
    RandomForestClassifier::fit(matrix, labels, parameters).unwrap()
}

/// Fits both and stops the bench when one is clearly better, for then their times would not compare.
fn fit_both(train: &Data, test: &Data) -> (Forest, Peer) {
    let forest = ours().fit_forest(&train.examples(), SEED);
    let peer = theirs(&train.matrix(), &train.labels);
    let our_accuracy = test.accuracy(&forest.predict(&test.features).unwrap());
    let their_accuracy = test.accuracy(&peer.predict(&test.matrix()).unwrap());
    let chance = 1.0 / N_CLASSES as f64;
    assert!(
        our_accuracy > 1.3 * chance && (our_accuracy - their_accuracy).abs() < 0.06,
        "accuracy on {} examples: ours {our_accuracy}, smartcore's {their_accuracy}",
        train.labels.len()
    );
    (forest, peer)
}

fn fit(criterion: &mut Criterion) {
    let test = trajectories(1_000, 1);
    let one_thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("forest_fit");
    group.sample_size(10);
    for n_examples in [200, 800] {
        let train = trajectories(n_examples, 0);
        fit_both(&train, &test);
        group.throughput(Throughput::Elements((n_examples * N_TREES) as u64));
        group.bench_with_input(
            BenchmarkId::new("engram, all threads", n_examples),
            &train,
            |bencher, train| {
                bencher.iter(|| black_box(ours().fit_forest(&train.examples(), SEED)));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("engram, one thread", n_examples),
            &train,
            |bencher, train| {
                one_thread.install(|| {
                    bencher.iter(|| black_box(ours().fit_forest(&train.examples(), SEED)))
                });
            },
        );
        let matrix = train.matrix();
        group.bench_with_input(
            BenchmarkId::new("smartcore", n_examples),
            &train,
            |bencher, train| {
                bencher.iter(|| black_box(theirs(&matrix, &train.labels)));
            },
        );
    }
    group.finish();
}

fn predict(criterion: &mut Criterion) {
    let test = trajectories(1_000, 1);
    let (forest, peer) = fit_both(&trajectories(800, 0), &test);
    let matrix = test.matrix();
    let one_thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("forest_predict");
    group.throughput(Throughput::Elements(test.labels.len() as u64));
    group.bench_function("engram, one thread", |bencher| {
        one_thread.install(|| bencher.iter(|| black_box(forest.predict(&test.features).unwrap())));
    });
    group.bench_function("smartcore", |bencher| {
        bencher.iter(|| black_box(peer.predict(&matrix).unwrap()))
    });
    group.finish();
}

criterion_group!(benches, fit, predict);
criterion_main!(benches);
