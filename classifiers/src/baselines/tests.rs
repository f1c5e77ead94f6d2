//! The baselines against scikit-learn, and at their edges.

use super::*;
use crate::reference::{Small, relative_difference};
use crate::{Classifier, Examples, select_rows};

/// Of probabilities: what comes out is `f32`.
const TOLERANCE: f64 = 1e-6;

/// Of logistic regression's probabilities: both searches stop near the minimum and not at it.
const REGRESSION_TOLERANCE: f64 = 1e-4;

fn all() -> [Box<dyn Classifier>; 3] {
    [
        Box::new(LogisticRegressionSettings::default().check().unwrap()),
        Box::new(
            NearestNeighboursSettings { n_neighbours: 2 }
                .check()
                .unwrap(),
        ),
        Box::new(NaiveBayesSettings::default().check().unwrap()),
    ]
}

#[test]
fn probabilities_equal_scikit_learns() {
    for small in Small::all() {
        let examples = small.examples();
        let rows = select_rows(
            examples.features(),
            examples.n_features(),
            &small.rows_in_test,
        );
        let neighbours = NearestNeighboursSettings::default().check().unwrap();
        let [regression, _, naive_bayes] = all();
        let cases: [(&dyn Classifier, _, _); 3] = [
            (
                &*regression,
                &small.logistic_regression,
                REGRESSION_TOLERANCE,
            ),
            (&neighbours, &small.nearest_neighbours, TOLERANCE),
            (&*naive_bayes, &small.naive_bayes, TOLERANCE),
        ];
        for (classifier, reference, tolerance) in cases {
            let model = classifier.fit(&examples, 0).unwrap();
            let ours = model.predict_probabilities(&rows).unwrap();
            let ours: Vec<f64> = ours.into_iter().map(f64::from).collect();
            let difference = relative_difference(&ours, reference);
            assert!(
                difference < tolerance,
                "{}: {difference}",
                classifier.name()
            );
        }
    }
}

#[test]
fn constant_features_and_missing_classes_do_no_harm() {
    let names = ["a", "constant", "constant within a class"].map(str::to_owned);
    let features = [
        0.0, 5.0, 1.0, 0.1, 5.0, 1.0, 0.2, 5.0, 1.0, 5.0, 5.0, 2.0, 5.1, 5.0, 2.0, 5.2, 5.0, 2.0,
    ];
    for labels in [[0, 0, 0, 2, 2, 2], [1, 1, 1, 3, 3, 3]] {
        let examples = Examples::try_new(&features, &names, &labels, 4).unwrap();
        for classifier in all() {
            let model = classifier.fit(&examples, 0).unwrap();
            assert_eq!(model.predict(&features).unwrap(), labels);
            let probabilities = model.predict_probabilities(&features).unwrap();
            for (probabilities, label) in probabilities.chunks_exact(4).zip(labels) {
                assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
                assert!(probabilities[label as usize] > 0.5);
            }
            let far = [f32::MAX, f32::MIN, f32::MAX];
            let probabilities = model.predict_probabilities(&far).unwrap();
            assert!(probabilities.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn one_class_and_one_example_are_refused_or_learned_but_do_not_panic() {
    let names = ["a".to_owned()];
    let one_class = Examples::try_new(&[1.0, 2.0, 3.0], &names, &[1, 1, 1], 2).unwrap();
    let one_example = Examples::try_new(&[1.0], &names, &[1], 2).unwrap();
    let all_constant = Examples::try_new(&[1.0; 4], &names, &[0, 1, 1, 0], 2).unwrap();
    let [regression, neighbours, naive_bayes] = all();
    assert!(regression.fit(&one_class, 0).is_err());
    assert!(regression.fit(&one_example, 0).is_err());
    assert!(neighbours.fit(&one_example, 0).is_err());
    for (classifier, examples) in [
        (&neighbours, &one_class),
        (&naive_bayes, &one_class),
        (&naive_bayes, &one_example),
    ] {
        let model = classifier.fit(examples, 0).unwrap();
        assert_eq!(model.predict(&[2.0]).unwrap(), [1]);
    }
    for classifier in all() {
        let model = classifier.fit(&all_constant, 0).unwrap();
        assert_eq!(model.predict_probabilities(&[1.0]).unwrap(), [0.5, 0.5]);
        assert!(model.predict(&[f32::NAN]).is_err());
    }
}

#[test]
fn naive_bayes_predicts_as_smartcores() {
    use smartcore::linalg::basic::matrix::DenseMatrix;
    use smartcore::naive_bayes::gaussian::GaussianNB;
    for small in Small::all() {
        let examples = small.examples();
        let (n_examples, n_features) = (examples.n_examples(), examples.n_features());
        let scaled = Scaler::fit(&examples).scale(examples.features());
        let matrix = DenseMatrix::new(n_examples, n_features, scaled, false).unwrap();
        let labels = small.labels.clone();
        let peer = GaussianNB::fit(&matrix, &labels, Default::default()).unwrap();
        let [_, _, naive_bayes] = all();
        let model = naive_bayes.fit(&examples, 0).unwrap();
        assert_eq!(
            model.predict(&small.features).unwrap(),
            peer.predict(&matrix).unwrap()
        );
    }
}

#[test]
fn models_are_stored_and_settings_checked() {
    let [iris, _] = Small::all();
    let examples = iris.examples();
    let regression = LogisticRegressionSettings::default().check().unwrap();
    let model = regression.fit_regression(&examples).unwrap();
    let json = serde_json::to_string(&model).unwrap();
    let read: LogisticRegressionModel = serde_json::from_str(&json).unwrap();
    use crate::Model;
    assert_eq!(
        read.predict(examples.features()).unwrap(),
        model.predict(examples.features()).unwrap()
    );
    assert!(LogisticRegressionSettings { alpha: 0.0 }.check().is_err());
    assert!(NaiveBayesSettings { smoothing: -1.0 }.check().is_err());
    assert!(
        NearestNeighboursSettings { n_neighbours: 0 }
            .check()
            .is_err()
    );
    assert!(serde_json::from_str::<NearestNeighboursSettings>(r#"{"k": 5}"#).is_err());
}
