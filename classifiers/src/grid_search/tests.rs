//! A shared computation must find what one by one would.

use rand::RngExt;

use super::*;
use crate::folds::stratified;
use crate::grids::Grid;
use crate::{Kind, MaxFeatures};

const N_CLASSES: usize = 3;
const N_FEATURES: usize = 6;

struct Data {
    names: Vec<String>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

/// Classes whose first two features differ, among noise.
fn data(n_examples: usize) -> Data {
    let mut random = generator("grid search test", 0, n_examples as u64);
    let labels: Vec<u32> = (0..n_examples).map(|n| (n % N_CLASSES) as u32).collect();
    let features = labels
        .iter()
        .flat_map(|&label| {
            let shift = move |feature| if feature < 2 { label as f32 * 0.6 } else { 0.0 };
            (0..N_FEATURES)
                .map(|feature| shift(feature) + random.random_range(-1.0..1.0_f32))
                .collect::<Vec<_>>()
        })
        .collect();
    Data {
        names: (0..N_FEATURES).map(|n| n.to_string()).collect(),
        features,
        labels,
    }
}

impl Data {
    fn examples(&self) -> Examples<'_> {
        Examples::try_new(&self.features, &self.names, &self.labels, N_CLASSES).unwrap()
    }
}

#[test]
fn points_that_are_learned_together_do_as_well_as_alone() {
    let data = data(90);
    let forest = |n_trees, max_features| {
        Settings::RandomForest(RandomForestSettings {
            n_trees,
            max_features,
            ..RandomForestSettings::default()
        })
    };
    let machine = |c, n_components| {
        Settings::LinearSvm(LinearSvmSettings {
            c,
            n_components,
            ..LinearSvmSettings::default()
        })
    };
    let points = [
        forest(30, MaxFeatures::Sqrt),
        machine(50.0, None),
        forest(3, MaxFeatures::Sqrt),
        forest(5, MaxFeatures::Log2),
        forest(7, MaxFeatures::All),
        machine(1.0, Some(3)),
        machine(1.0, None),
    ];
    let folds = stratified(data.examples().labels(), 3, 1).unwrap();
    let together = accuracies(&data.examples(), &points, &folds, 1).unwrap();
    for (point, &accuracy) in points.iter().zip(&together) {
        let alone = accuracies(&data.examples(), std::slice::from_ref(point), &folds, 1).unwrap();
        assert!(
            (alone[0] - accuracy).abs() < 1e-12,
            "{point:?}: {alone:?}, {accuracy}"
        );
        assert!(accuracy > 0.4, "{point:?}: {accuracy}");
    }
}

#[test]
fn equal_on_any_number_of_threads() {
    let data = data(60);
    let points = Grid::Quick
        .points(Kind::RandomForest, 60, data.examples().feature_names())
        .unwrap();
    let folds = stratified(data.examples().labels(), 3, 0).unwrap();
    let on = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        pool.install(|| accuracies(&data.examples(), &points, &folds, 0).unwrap())
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn the_first_of_the_best_wins() {
    assert_eq!(best(&[0.5, 0.7, 0.7, 0.6]), Some(1));
    assert_eq!(best(&[]), None);
}

#[test]
fn forests_of_one_grid_try_the_same_thresholds() {
    let data = data(30);
    let points = crate::random_forest::Thresholds::ALL.map(|thresholds| {
        Settings::RandomForest(RandomForestSettings {
            n_trees: 2,
            thresholds,
            ..RandomForestSettings::default()
        })
    });
    let folds = stratified(data.examples().labels(), 3, 0).unwrap();
    let error = accuracies(&data.examples(), &points, &folds, 0).unwrap_err();
    assert!(error.to_string().contains("`thresholds`"), "{error}");
}
