//! The forest as a whole: against an independent forest, and on any number of threads.

use engram_schemas::randomness::generator;
use rand::{Rng, RngExt};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::*;
use crate::examples::select_rows;
use crate::{FeatureGroups, folds};

pub(super) const N_CLASSES: usize = 4;
const N_INFORMATIVE: usize = 3;
const N_FEATURES: usize = 9;

/// Standard normal, by the central limit of twelve uniform draws.
fn normal(random: &mut impl Rng) -> f32 {
    (0..12)
        .map(|_| random.random_range(0.0..1.0_f32))
        .sum::<f32>()
        - 6.0
}

pub(super) struct Blobs {
    pub(super) names: Vec<String>,
    pub(super) features: Vec<f32>,
    pub(super) labels: Vec<u32>,
}

/// Overlapping Gaussian blobs in the first features, noise in the others.
pub(super) fn blobs(n_examples: usize, seed: u64) -> Blobs {
    let mut random = generator("blobs", seed, 0);
    let centres: Vec<f32> = (0..N_CLASSES * N_INFORMATIVE)
        .map(|_| 1.5 * normal(&mut random))
        .collect();
    let mut data = Blobs {
        names: (0..N_FEATURES)
            .map(|feature| format!("feature{feature}"))
            .collect(),
        features: Vec::new(),
        labels: Vec::new(),
    };
    for example in 0..n_examples {
        let class = example % N_CLASSES;
        data.labels.push(class as u32);
        data.features.extend((0..N_FEATURES).map(|feature| {
            let centre = if feature < N_INFORMATIVE {
                centres[class * N_INFORMATIVE + feature]
            } else {
                0.0
            };
            centre + normal(&mut random)
        }));
    }
    data
}

impl Blobs {
    pub(super) fn examples(&self) -> Examples<'_> {
        Examples::try_new(&self.features, &self.names, &self.labels, N_CLASSES).unwrap()
    }
}

pub(super) fn settings(n_trees: usize) -> RandomForest {
    RandomForestSettings {
        n_trees,
        ..RandomForestSettings::default()
    }
    .check()
    .unwrap()
}

fn with_exact_thresholds(n_trees: usize) -> RandomForest {
    RandomForestSettings {
        n_trees,
        thresholds: Thresholds::Exact,
        ..RandomForestSettings::default()
    }
    .check()
    .unwrap()
}

fn accuracy(truth: &[u32], predicted: &[u32]) -> f64 {
    let right = truth
        .iter()
        .zip(predicted)
        .filter(|(truth, predicted)| truth == predicted)
        .count();
    right as f64 / truth.len() as f64
}

#[test]
fn as_accurate_as_an_independent_forest() {
    let (mut ours, mut exact, mut out_of_bag, mut peers) = (vec![], vec![], vec![], vec![]);
    for seed in 0..4 {
        let data = blobs(600, seed);
        let half = &folds::stratified(&data.labels, 4, seed).unwrap()[0];
        let part = |rows: &[usize]| {
            (
                select_rows(&data.features, N_FEATURES, rows),
                select_rows(&data.labels, 1, rows),
            )
        };
        let ((train_features, train_labels), (test_features, test_labels)) =
            (part(&half.train), part(&half.validation));

        let examples =
            Examples::try_new(&train_features, &data.names, &train_labels, N_CLASSES).unwrap();
        let forest = settings(100).fit_forest(&examples, seed);
        ours.push(accuracy(
            &test_labels,
            &forest.predict(&test_features).unwrap(),
        ));
        out_of_bag.push(forest.out_of_bag_accuracy().unwrap());
        let forest = with_exact_thresholds(100).fit_forest(&examples, seed);
        exact.push(accuracy(
            &test_labels,
            &forest.predict(&test_features).unwrap(),
        ));

        let matrix = |values: &[f32], n: usize| {
            DenseMatrix::new(n, N_FEATURES, values.to_vec(), false).unwrap()
        };
        let peer = RandomForestClassifier::fit(
            &matrix(&train_features, train_labels.len()),
            &train_labels,
            RandomForestClassifierParameters::default()
                .with_n_trees(100)
                .with_m(3)
                .with_seed(seed),
        )
        .unwrap();
        peers.push(accuracy(
            &test_labels,
            &peer
                .predict(&matrix(&test_features, test_labels.len()))
                .unwrap(),
        ));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    for accuracies in [&ours, &exact, &out_of_bag] {
        assert!(
            (mean(accuracies) - mean(&peers)).abs() < 0.03,
            "ours {ours:?}, with exact thresholds {exact:?}, out of bag {out_of_bag:?}, theirs {peers:?}"
        );
    }
    assert!(
        mean(&ours) > 0.7 && mean(&ours) < 0.99,
        "{ours:?}: the data do not discriminate"
    );
}

#[test]
fn the_same_forest_on_any_number_of_threads() {
    let data = blobs(300, 7);
    let on_threads = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| {
            let forest = settings(40).fit_forest(&data.examples(), 3);
            let probabilities = forest.predict_probabilities(&data.features).unwrap();
            (forest, probabilities)
        })
    };
    let one = on_threads(1);
    assert_eq!(one, on_threads(2));
    assert_eq!(one, on_threads(8));
    assert_ne!(
        one.0,
        settings(40).fit_forest(&data.examples(), 4),
        "the seed has no effect"
    );
}

#[test]
fn a_tree_does_not_depend_on_the_number_of_trees() {
    let data = blobs(120, 1);
    let few = serde_json::to_value(settings(3).fit_forest(&data.examples(), 0)).unwrap();
    let many = serde_json::to_value(settings(9).fit_forest(&data.examples(), 0)).unwrap();
    assert_eq!(
        few["trees"].as_array().unwrap()[..],
        many["trees"].as_array().unwrap()[..3]
    );
}

#[test]
fn a_stored_forest_predicts_the_same() {
    let data = blobs(200, 2);
    let forest = settings(20).fit_forest(&data.examples(), 0);
    let read: Forest = serde_json::from_str(&serde_json::to_string(&forest).unwrap()).unwrap();
    assert_eq!(read, forest);
    let [before, after] =
        [&forest, &read].map(|forest| forest.predict_probabilities(&data.features).unwrap());
    assert_eq!(before, after);
}

#[test]
fn importances_add_up_and_find_the_informative_features() {
    let data = blobs(400, 3);
    let forest = settings(60).fit_forest(&data.examples(), 0);
    let importances = forest.feature_importances();
    let sum: f64 = importances.iter().map(|importance| importance.mean).sum();
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    let largest_noise = importances[N_INFORMATIVE..]
        .iter()
        .map(|noise| noise.mean)
        .fold(0.0, f64::max);
    let informative: f64 = importances[..N_INFORMATIVE]
        .iter()
        .map(|informative| informative.mean)
        .sum();
    assert!(informative > 0.5 && largest_noise < 0.12, "{importances:?}");

    let kind = |feature: usize| {
        if feature < N_INFORMATIVE {
            "informative"
        } else {
            "noise"
        }
    };
    let groups = FeatureGroups::new((0..N_FEATURES).map(kind));
    let grouped = forest.group_importances(&groups);
    assert_eq!(grouped.len(), 2);
    assert!((grouped[0].mean - informative).abs() < 1e-9);
    assert!(
        grouped[0]
            .standard_error
            .is_some_and(|error| error > 0.0 && error < 0.05)
    );
}

#[test]
fn probabilities_add_up_and_agree_with_predictions() {
    let data = blobs(200, 4);
    let forest = settings(15).fit_forest(&data.examples(), 0);
    let probabilities = forest.predict_probabilities(&data.features).unwrap();
    let predicted = forest.predict(&data.features).unwrap();
    for (row, class) in probabilities.chunks(N_CLASSES).zip(predicted) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(
            row.iter()
                .all(|&probability| probability <= row[class as usize])
        );
    }
}

#[test]
fn features_that_cannot_be_predicted_from_are_refused() {
    let data = blobs(40, 5);
    let forest = settings(2).fit_forest(&data.examples(), 0);
    let error = forest.predict(&data.features[1..]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the examples cannot be classified: 359 values are not whole rows of 9 features"
    );
    let mut features = data.features[..N_FEATURES].to_vec();
    features[4] = f32::NAN;
    assert!(
        forest
            .predict(&features)
            .unwrap_err()
            .to_string()
            .starts_with("feature `feature4` of example 0")
    );
}

#[test]
fn as_accurate_as_an_independent_forest_on_handwritten_digits() {
    let digits = include_str!("../../../plan/data/digits.csv");
    let names: Vec<String> = (0..64).map(|pixel| format!("pixel{pixel}")).collect();
    let (mut features, mut labels): (Vec<f32>, Vec<u32>) = (Vec::new(), Vec::new());
    for line in digits.lines() {
        let mut values: Vec<f32> = line
            .split(',')
            .map(|value| value.parse().unwrap())
            .collect();
        labels.push(values.pop().unwrap() as u32);
        features.extend(values);
    }
    let half = &folds::stratified(&labels, 2, 0).unwrap()[0];
    let part = |rows: &[usize]| {
        (
            select_rows(&features, 64, rows),
            select_rows(&labels, 1, rows),
        )
    };
    let ((train_features, train_labels), (test_features, test_labels)) =
        (part(&half.train), part(&half.validation));
    let (mut ours, mut peers) = (0.0, 0.0);
    for seed in 0..3 {
        let examples = Examples::try_new(&train_features, &names, &train_labels, 10).unwrap();
        let forest = settings(60).fit_forest(&examples, seed);
        ours += accuracy(&test_labels, &forest.predict(&test_features).unwrap()) / 3.0;
        let matrix =
            |values: &[f32], n: usize| DenseMatrix::new(n, 64, values.to_vec(), false).unwrap();
        let peer = RandomForestClassifier::fit(
            &matrix(&train_features, train_labels.len()),
            &train_labels,
            RandomForestClassifierParameters::default()
                .with_n_trees(60)
                .with_m(8)
                .with_seed(seed),
        )
        .unwrap();
        peers += accuracy(
            &test_labels,
            &peer
                .predict(&matrix(&test_features, test_labels.len()))
                .unwrap(),
        ) / 3.0;
    }
    assert!((ours - peers).abs() < 0.02, "ours {ours}, theirs {peers}");
    assert!(ours > 0.93, "{ours}: chance is 0.1");
}
