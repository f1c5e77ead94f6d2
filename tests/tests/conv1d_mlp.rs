//! The Conv1D MLP beside the same network in NumPy, from the same first weights.
//!
//! `scripts/reference_conv1d_mlp.py` trains them by hand-written gradients; what it gives is kept in
//! `reference/conv1d_mlp.json`. Where the Python environment of `make python` is there, the script runs anew.
//! `ENGRAM_WRITE_REFERENCE=1` writes the file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use engram_classifiers::conv1d_mlp::{Conv1dMlpSettings, Pooling, Weights, fit_networks};
use engram_classifiers::{AnyModel, Examples, FeatureGroups, Kind, Model, Settings};
use engram_tests::python::{self, repository};
use serde::{Deserialize, Serialize};

const N_EXAMPLES: usize = 40;
const N_TRAJECTORIES: usize = 3;
const N_POINTS: usize = 9;
const N_CLASSES: usize = 3;

/// Of single precision over some dozens of steps of Adam, which divides small gradients by their own size.
const WEIGHTS_TOLERANCE: f64 = 5e-4;
const PROBABILITIES_TOLERANCE: f64 = 5e-4;

#[derive(Serialize)]
struct Asked<'a> {
    features: &'a [f32],
    labels: &'a [u32],
    n_trajectories: usize,
    n_points: usize,
    n_classes: usize,
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    settings: Conv1dMlpSettings,
    initial: Weights,
}

#[derive(Deserialize)]
struct Expected {
    weights: Weights,
    probabilities: Vec<f32>,
}

struct Data {
    names: Vec<String>,
    features: Vec<f32>,
    labels: Vec<u32>,
}

impl Data {
    fn new() -> Self {
        let mut names = Vec::new();
        for statistic in 0..N_TRAJECTORIES {
            names.extend((0..N_POINTS).map(|point| format!("statistic_{statistic}@{}", 5 * point)));
        }
        names.push("depth_early".to_owned());
        let labels: Vec<u32> = (0..N_EXAMPLES as u32)
            .map(|n| n % N_CLASSES as u32)
            .collect();
        let mut features = Vec::new();
        for (example, &label) in labels.iter().enumerate() {
            for feature in 0..names.len() - 1 {
                let noise = (example * 31 + feature * 17) % 23;
                let slope = label as f32 * (feature % N_POINTS) as f32 / 4.0;
                features.push(noise as f32 / 8.0 + slope);
            }
            features.push((example / 5 % 2) as f32);
        }
        Self {
            names,
            features,
            labels,
        }
    }

    fn examples(&self) -> Examples<'_> {
        Examples::try_new(&self.features, &self.names, &self.labels, N_CLASSES).unwrap()
    }
}

/// Kernels from one point to all, every pooling, strides, decay; all examples in every step.
fn cases() -> Vec<Conv1dMlpSettings> {
    let usual = Conv1dMlpSettings {
        n_filters: 4,
        n_epochs: 40,
        learning_rate: 1e-2,
        ..Conv1dMlpSettings::default()
    };
    let of = |kernel_share, stride, pooling, weight_decay| Conv1dMlpSettings {
        kernel_share,
        stride,
        pooling,
        weight_decay,
        ..usual.clone()
    };
    vec![
        of(0.003, 1, Pooling::None, 0.0),
        of(0.25, 1, Pooling::Max, 1e-2),
        of(0.25, 2, Pooling::Average, 0.0),
        of(0.5, 4, Pooling::Max, 0.0),
        of(1.0, 2, Pooling::Average, 1e-4),
    ]
}

#[test]
fn learns_what_numpy_learns() {
    let data = Data::new();
    let fit = |settings: &[Conv1dMlpSettings]| {
        let networks: Vec<_> = settings
            .iter()
            .map(|settings| settings.check().unwrap())
            .collect();
        fit_networks(&networks, &data.examples(), 7).unwrap()
    };
    let settings = cases();
    let untrained: Vec<Conv1dMlpSettings> = settings
        .iter()
        .map(|settings| Conv1dMlpSettings {
            n_epochs: 0,
            ..settings.clone()
        })
        .collect();
    let begun = fit(&untrained);
    let learned = fit(&settings);
    let cases = settings.iter().zip(&begun).map(|(settings, model)| Case {
        settings: settings.clone(),
        initial: model.weights().clone(),
    });
    let asked = Asked {
        features: &data.features,
        labels: &data.labels,
        n_trajectories: N_TRAJECTORIES,
        n_points: N_POINTS,
        n_classes: N_CLASSES,
        cases: cases.collect(),
    };
    for (model, expected) in learned.iter().zip(expected(&asked)) {
        let shape = model.shape();
        let (found, wanted) = (model.weights(), &expected.weights);
        for (name, found, wanted) in [
            ("filters", &found.filters, &wanted.filters),
            ("filter biases", &found.filter_biases, &wanted.filter_biases),
            ("dense", &found.dense, &wanted.dense),
            ("dense biases", &found.dense_biases, &wanted.dense_biases),
        ] {
            let far = farthest(found, wanted);
            assert!(far < WEIGHTS_TOLERANCE, "{shape:?}: {name} are {far} away");
        }
        let probabilities = model.predict_probabilities(&data.features).unwrap();
        let far = farthest(&probabilities, &expected.probabilities);
        assert!(far < PROBABILITIES_TOLERANCE, "{shape:?}: {far}");
        let begun = &begun[0].weights().dense_biases;
        assert!(farthest(begun, &[0.0; N_CLASSES]) == 0.0);
    }
}

/// What NumPy learns, now or when the file was written.
fn expected(asked: &Asked<'_>) -> Vec<Expected> {
    let stored = repository().join("tests/tests/reference/conv1d_mlp.json");
    let folder = tempfile::tempdir().unwrap();
    let cases = folder.path().join("cases.json");
    std::fs::write(&cases, serde_json::to_string(asked).unwrap()).unwrap();
    let text = match python::answer("reference_conv1d_mlp.py", &cases) {
        Some(text) => {
            if std::env::var_os("ENGRAM_WRITE_REFERENCE").is_some() {
                std::fs::write(&stored, &text).unwrap();
            }
            text
        }
        None => std::fs::read_to_string(&stored).unwrap(),
    };
    serde_json::from_str(&text).unwrap()
}

fn farthest(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let distances = found
        .iter()
        .zip(expected)
        .map(|(a, b)| f64::from((a - b).abs()));
    distances.fold(0.0, f64::max)
}

#[test]
fn a_network_is_the_same_alone_and_in_company_and_can_be_stored() {
    let data = Data::new();
    let settings = Settings::Conv1dMlp(Conv1dMlpSettings {
        batch_size: 16,
        n_epochs: 60,
        learning_rate: 1e-2,
        ..Conv1dMlpSettings::default()
    });
    let model = settings.fit(&data.examples(), 1).unwrap();
    let predicted = model.predict(&data.features).unwrap();
    let right = predicted
        .iter()
        .zip(&data.labels)
        .filter(|(a, b)| a == b)
        .count();
    assert!(right * 10 >= 9 * N_EXAMPLES, "{right} of {N_EXAMPLES}");
    let read: AnyModel = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    let of = |model: &AnyModel| model.predict_probabilities(&data.features).unwrap();
    assert_eq!(of(&read), of(&model));
    let Settings::Conv1dMlp(network) = &settings else {
        panic!("{settings:?}")
    };
    let other = Conv1dMlpSettings {
        n_filters: 3,
        ..network.clone()
    };
    let both = [other, network.clone()].map(|settings| settings.check().unwrap());
    let both = fit_networks(&both, &data.examples(), 1).unwrap();
    assert!(AnyModel::Conv1dMlp(both[1].clone()) == model);
    let other_seed = settings.fit(&data.examples(), 2).unwrap();
    assert!(other_seed != model);
    assert!(model.importances(&FeatureGroups::new([])).is_none());
    assert_eq!(settings.kind(), Kind::Conv1dMlp);
}
