//! The machine against scikit-learn's, at its edges, and on any number of threads.

use super::model::largest;
use super::*;
use crate::reference::{Digits, Small, relative_difference};

/// Of weights against scikit-learn's, polished until the gradient is zero to rounding, relative to the largest weight.
const WEIGHTS_TOLERANCE: f64 = 1e-6;

/// Of objectives, relative.
const OBJECTIVE_TOLERANCE: f64 = 1e-9;

/// Of accuracies against scikit-learn's, polished likewise: one test example.
const ACCURACY_TOLERANCE: f64 = 1.0 / 400.0;

fn svm(c: f64) -> LinearSvm {
    LinearSvmSettings {
        c,
        ..LinearSvmSettings::default()
    }
    .check()
    .unwrap()
}

/// Weights of every class, the intercept last, as in the reference.
fn weights(model: &LinearSvmModel) -> Vec<f64> {
    let boundaries = model.boundaries().iter().flatten();
    boundaries
        .flat_map(|boundary| boundary.weights.iter().copied().chain([boundary.intercept]))
        .collect()
}

/// The objectives of all classes, from the definition.
fn objectives(model: &LinearSvmModel, examples: &Examples<'_>, c: f64) -> Vec<f64> {
    let values = model.decision_values(examples.features()).unwrap();
    let n_classes = examples.n_classes();
    let boundaries = model.boundaries().iter().flatten().enumerate();
    boundaries
        .map(|(class, boundary)| {
            let losses: f64 = values
                .chunks_exact(n_classes)
                .zip(examples.labels())
                .map(|(values, &label)| {
                    let sign = if label as usize == class { 1.0 } else { -1.0 };
                    (1.0 - sign * values[class]).max(0.0).powi(2)
                })
                .sum();
            let squares: f64 = boundary.weights.iter().map(|weight| weight * weight).sum();
            0.5 * (squares + boundary.intercept.powi(2)) + c * losses
        })
        .collect()
}

#[test]
fn weights_equal_scikit_learns_at_every_c() {
    for small in Small::all() {
        let examples = small.examples();
        for (place, &c) in small.cs.iter().enumerate() {
            let model = svm(c).fit_svm(&examples).unwrap();
            assert!(model.has_converged());
            let difference = relative_difference(&weights(&model), &small.svm_weights[place]);
            assert!(difference < WEIGHTS_TOLERANCE, "C = {c}: {difference}");
            let objectives = objectives(&model, &examples, c);
            let difference = relative_difference(&objectives, &small.svm_objectives[place]);
            assert!(difference < OBJECTIVE_TOLERANCE, "C = {c}: {difference}");
        }
    }
}

#[test]
fn a_path_over_c_gives_the_machines_of_single_fits_in_the_order_asked_for() {
    for small in Small::all() {
        let examples = small.examples();
        let mut cs = small.cs.clone();
        cs.swap(0, 4);
        let path = svm(1.0).fit_path(&examples, &cs).unwrap();
        assert_eq!(path.len(), cs.len());
        for (model, &c) in path.iter().zip(&cs) {
            let place = small.cs.iter().position(|&other| other == c).unwrap();
            assert!(model.has_converged());
            let difference = relative_difference(&weights(model), &small.svm_weights[place]);
            assert!(difference < WEIGHTS_TOLERANCE, "C = {c}: {difference}");
        }
    }
}

#[test]
fn as_accurate_as_scikit_learn_with_and_without_components() {
    let digits = Digits::new();
    let grid = svm(1.0)
        .fit_grid(&digits.training(), &[None, Some(20)], &digits.cs)
        .unwrap();
    let references = [
        &digits.converged_accuracies,
        &digits.converged_accuracies_20_components,
    ];
    for (models, references) in grid.iter().zip(references) {
        for (model, reference) in models.iter().zip(references) {
            let accuracy = digits.accuracy(&model.predict(digits.test_features()).unwrap());
            assert!(
                (accuracy - reference).abs() <= ACCURACY_TOLERANCE,
                "{accuracy} and {reference}"
            );
        }
    }
}

#[test]
fn all_components_turn_the_axes_and_change_nothing() {
    let [_, wine] = Small::all();
    let examples = wine.examples();
    let turned = LinearSvmSettings {
        n_components: Some(examples.n_features()),
        ..LinearSvmSettings::default()
    };
    let values = |model: LinearSvmModel| model.decision_values(examples.features()).unwrap();
    let turned = values(turned.check().unwrap().fit_svm(&examples).unwrap());
    let straight = values(svm(1.0).fit_svm(&examples).unwrap());
    assert!(relative_difference(&turned, &straight) < 1e-8);
}

#[test]
fn probabilities_order_classes_as_decision_values_do() {
    let [iris, _] = Small::all();
    let examples = iris.examples();
    let model = svm(50.0).fit_svm(&examples).unwrap();
    let values = model.decision_values(examples.features()).unwrap();
    let probabilities = model.predict_probabilities(examples.features()).unwrap();
    let predicted = model.predict(examples.features()).unwrap();
    for ((values, probabilities), predicted) in values
        .chunks_exact(3)
        .zip(probabilities.chunks_exact(3))
        .zip(predicted)
    {
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(largest(values), predicted);
        assert_eq!(crate::most_probable(probabilities), predicted);
        for a in 0..3 {
            for b in 0..3 {
                assert!(values[a] <= values[b] || probabilities[a] >= probabilities[b]);
            }
        }
    }
}

#[test]
fn two_classes_have_opposite_boundaries() {
    let features = [0.0, 1.0, 0.5, 3.0, 2.5, 4.0, 3.5, 1.0];
    let names = ["a".to_owned(), "b".to_owned()];
    let examples = Examples::try_new(&features, &names, &[0, 1, 1, 0], 2).unwrap();
    let model = svm(10.0).fit_svm(&examples).unwrap();
    let [Some(first), Some(second)] = model.boundaries() else {
        panic!("both classes have examples")
    };
    for (a, b) in first.weights.iter().zip(&second.weights) {
        assert!((a + b).abs() < 1e-9);
    }
    assert!((first.intercept + second.intercept).abs() < 1e-9);
}

#[test]
fn constant_features_and_repeated_ones_do_no_harm() {
    // Two equal columns and a constant one: without regularisation their weights would be free.
    let features: Vec<f32> = (0..40)
        .flat_map(|i| {
            let value = (i as f32 * 0.9).sin() + if i % 2 == 0 { 0.3 } else { -0.3 };
            [value, value, 5.0]
        })
        .collect();
    let labels: Vec<u32> = (0..40).map(|i| i % 2).collect();
    let names = ["a", "a again", "constant"].map(str::to_owned);
    let examples = Examples::try_new(&features, &names, &labels, 2).unwrap();
    for c in [1.0, 5e6] {
        let model = svm(c).fit_svm(&examples).unwrap();
        assert!(model.has_converged());
        let boundary = model.boundaries()[1].as_ref().unwrap();
        let [a, again, constant] = boundary.weights[..] else {
            panic!("three features")
        };
        assert!((a - again).abs() < 1e-6 * a.abs(), "{boundary:?}");
        assert!(constant.abs() < 1e-9);
    }
}

#[test]
fn classes_without_examples_are_never_predicted_and_one_class_is_refused() {
    let features = [0.0_f32, 1.0, 2.0, 3.0];
    let names = ["a".to_owned()];
    let examples = Examples::try_new(&features, &names, &[0, 0, 2, 2], 3).unwrap();
    let model = svm(1.0).fit_svm(&examples).unwrap();
    assert!(model.boundaries()[1].is_none());
    assert_eq!(model.predict(&features).unwrap(), [0, 0, 2, 2]);
    for probabilities in model
        .predict_probabilities(&[-1e30, 1e30])
        .unwrap()
        .chunks(3)
    {
        assert_eq!(probabilities[1], 0.0);
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
    let one = Examples::try_new(&features, &names, &[1, 1, 1, 1], 3).unwrap();
    let error = svm(1.0).fit_svm(&one).unwrap_err().to_string();
    assert!(error.contains("at least two classes"), "{error}");
}

#[test]
fn a_search_that_was_cut_short_has_not_converged() {
    let [iris, _] = Small::all();
    let one_step = LinearSvmSettings {
        max_iterations: 1,
        ..LinearSvmSettings::default()
    };
    let machine = one_step.check().unwrap();
    assert!(!machine.fit_svm(&iris.examples()).unwrap().has_converged());
}

#[test]
fn what_does_not_fit_is_refused() {
    let [iris, _] = Small::all();
    let examples = iris.examples();
    assert!(svm(1.0).fit_path(&examples, &[1.0, -1.0]).is_err());
    assert!(
        svm(1.0)
            .fit_grid(&examples, &[Some(5)], &[1.0])
            .unwrap_err()
            .to_string()
            .contains("5 principal components")
    );
    let model = svm(1.0).fit_svm(&examples).unwrap();
    assert!(model.predict(&[1.0; 5]).is_err());
    assert!(model.predict(&[1.0, 2.0, f32::NAN, 4.0]).is_err());
    assert!(svm(1.0).fit_path(&examples, &[]).unwrap().is_empty());
}

#[test]
fn the_same_machine_on_any_number_of_threads_and_after_storing() {
    let digits = Digits::new();
    let settings = LinearSvmSettings {
        n_components: Some(40),
        ..LinearSvmSettings::default()
    };
    let on_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        pool.install(|| {
            settings
                .check()
                .unwrap()
                .fit_svm(&digits.training())
                .unwrap()
        })
    };
    let model = on_threads(1);
    assert_eq!(model, on_threads(3));
    let json = serde_json::to_string(&model).unwrap();
    let read: LinearSvmModel = serde_json::from_str(&json).unwrap();
    assert_eq!(
        read.predict(digits.test_features()).unwrap(),
        model.predict(digits.test_features()).unwrap()
    );
}
