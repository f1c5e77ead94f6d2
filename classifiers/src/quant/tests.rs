//! QUANT as a classifier of trajectories.

use engram_schemas::randomness::generator;
use rand::RngExt;

use super::*;
use crate::extra_trees::ExtraTreesSettings;

const N_EPOCHS: usize = 21;

/// Noisy ramps, steps and waves beside a channel of noise and a depth indicator, statistic by statistic.
fn trajectories(n_examples: usize, seed: u64) -> (Vec<String>, Vec<f32>, Vec<u32>) {
    let mut random = generator("trajectories", seed, 0);
    let mut names: Vec<String> = ["weight", "noise"]
        .iter()
        .flat_map(|name| (0..N_EPOCHS).map(move |epoch| format!("{name}@{}", 5 * epoch)))
        .collect();
    names.push("depth_early".to_owned());
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for example in 0..n_examples {
        let class = example % 3;
        let shift = random.random_range(0.0..0.3_f32);
        for epoch in 0..N_EPOCHS {
            let t = epoch as f32 / N_EPOCHS as f32;
            let value = match class {
                0 => t,
                1 => f32::from(u8::from(t > 0.4 + shift)),
                _ => 0.5 + 0.5 * (20.0 * (t + shift)).sin(),
            };
            features.push(value + random.random_range(-0.4..0.4));
        }
        for _ in 0..N_EPOCHS {
            features.push(random.random_range(-1.0..1.0));
        }
        features.push((example / 3 % 2) as f32);
        labels.push(class as u32);
    }
    (names, features, labels)
}

fn quant() -> Quant {
    QuantSettings {
        trees: ExtraTreesSettings {
            n_trees: 50,
            ..ExtraTreesSettings::default()
        },
        ..QuantSettings::default()
    }
    .check()
    .unwrap()
}

#[test]
fn tells_shapes_apart_and_knows_which_statistic_did() {
    let (names, features, labels) = trajectories(150, 1);
    let examples = Examples::try_new(&features, &names, &labels, 3).unwrap();
    let model = quant().fit_quant(&examples, 3).unwrap();
    let (_, features, labels) = trajectories(150, 2);
    let predicted = model.predict(&features).unwrap();
    let right = predicted
        .iter()
        .zip(&labels)
        .filter(|(a, b)| a == b)
        .count();
    assert!(right >= 140, "{right} of 150");

    let statistic = |name: &String| name.split('@').next().unwrap().to_owned();
    let groups: Vec<String> = names.iter().map(statistic).collect();
    let groups = FeatureGroups::new(groups.iter().map(String::as_str));
    let importances = model.importances(&groups).unwrap();
    let sum: f64 = importances.iter().map(|estimate| estimate.mean).sum();
    assert!((sum - 1.0).abs() < 1e-6);
    assert!(importances[0].mean > 0.7, "{importances:?}");
    let by_point = FeatureGroups::new(names.iter().map(String::as_str));
    assert!(model.importances(&by_point).is_none());
}

#[test]
fn the_same_model_on_any_number_of_threads_and_after_storing() {
    let (names, features, labels) = trajectories(60, 1);
    let on_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        pool.install(|| {
            let examples = Examples::try_new(&features, &names, &labels, 3).unwrap();
            quant().fit_quant(&examples, 3).unwrap()
        })
    };
    let model = on_threads(1);
    assert_eq!(model, on_threads(3));
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(model, serde_json::from_str(&json).unwrap());
}

#[test]
fn features_without_trajectories_and_single_points_do() {
    let names = ["a@3", "depth"].map(str::to_owned);
    let features = [0.0, 1.0, 0.1, 0.0, 5.0, 1.0, 5.1, 0.0];
    let examples = Examples::try_new(&features, &names, &[0, 0, 1, 1], 2).unwrap();
    let model = quant().fit_quant(&examples, 0).unwrap();
    assert_eq!(model.predict(&features).unwrap(), [0, 0, 1, 1]);
    assert!(model.predict(&[0.0; 3]).is_err());
}

#[test]
fn settings_are_checked() {
    for json in [
        r#"{"depth": 0}"#,
        r#"{"divisor": 0}"#,
        r#"{"trees": {"n_trees": 0}}"#,
    ] {
        let settings: QuantSettings = serde_json::from_str(json).unwrap();
        assert!(settings.check().is_err(), "{json}");
    }
    assert!(serde_json::from_str::<QuantSettings>(r#"{"div": 4}"#).is_err());
}
