//! The parts of the experiment that need no dataset.

use super::outcome::summary;
use super::rows::{result_id, result_rows};
use engram_classifiers::RandomForestSettings;
use engram_schemas::randomness::generator;
use rand::seq::SliceRandom;

use super::*;
use crate::feature_matrix::Side;
use crate::{Example, Excluded};

/// Two statistics of two measures at two checkpoints and one depth indicator; one example a run and layer.
fn matrix(labels: &[usize], runs: &[&str]) -> FeatureMatrix {
    let names = [
        "weight_raw_mean@0",
        "weight_raw_mean@5",
        "activity_change_raw_mean@0",
        "activity_change_raw_mean@5",
    ];
    let example = |(place, run): (usize, &&str)| Example {
        run_id: (*run).to_owned(),
        task: "digits".to_owned(),
        architecture: "knet4".to_owned(),
        learning_rule: String::new(),
        layer: format!("conv{place}"),
        depth: "early".to_owned(),
    };
    let classes = ["sgdm", "adam"][..=*labels.iter().max().unwrap()]
        .iter()
        .map(|&class| class.to_owned());
    FeatureMatrix {
        names: names
            .into_iter()
            .chain(["depth_early"])
            .map(str::to_owned)
            .collect(),
        groups: ["weight_raw_mean", "activity_change_raw_mean", "depth"]
            .map(str::to_owned)
            .to_vec(),
        feature_groups: vec![0, 0, 1, 1, 2],
        values: (0..labels.len() * 5).map(|value| value as f32).collect(),
        examples: runs.iter().enumerate().map(example).collect(),
        classes: classes.collect(),
        labels: labels.to_vec(),
        sides: vec![None; labels.len()],
        excluded: Excluded::default(),
    }
}

#[test]
fn the_order_of_a_query_s_rows_does_not_matter() {
    let forward = matrix(&[0, 1, 0], &["a", "b", "a"]);
    let mut backward = forward.clone();
    backward.values = (0..3)
        .rev()
        .flat_map(|example| forward.row(example).to_vec())
        .collect();
    backward.examples.reverse();
    backward.labels.reverse();
    assert_ne!(forward.values, backward.values);
    let [forward, backward] = [forward, backward].map(FeatureMatrix::in_order);
    // The two examples of run a are told apart by their features alone.
    assert_eq!(
        forward.values[..10],
        [0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0]
    );
    assert_eq!(
        (&forward.values, &forward.examples),
        (&backward.values, &backward.examples)
    );
    assert_eq!(
        (forward.labels.as_slice(), backward.labels.as_slice()),
        (&[0, 0, 1][..], &[0, 0, 1][..])
    );
}

#[test]
fn an_experiment_s_identifier_follows_from_all_that_its_rows_do() {
    let default = IdentifySettings::default;
    let id = |settings: &IdentifySettings, runs: &[&str]| result_id(settings, runs.iter().copied());
    let first = id(&default(), &["a", "b"]);
    assert_eq!(first.len(), 20);
    let others = [
        id(&default(), &["a"]),
        id(&default(), &["ab"]),
        id(
            &IdentifySettings {
                query: "SELECT 1".to_owned(),
                ..default()
            },
            &["a", "b"],
        ),
        id(
            &IdentifySettings {
                splits: SplitSettings {
                    seed: 1,
                    ..Default::default()
                },
                ..default()
            },
            &["a", "b"],
        ),
        id(
            &IdentifySettings {
                points: vec![forest(1)],
                ..default()
            },
            &["a", "b"],
        ),
    ];
    assert!(!others.contains(&first), "{others:?}");
}

fn forest(n_trees: usize) -> Settings {
    Settings::RandomForest(RandomForestSettings {
        n_trees,
        ..RandomForestSettings::default()
    })
}

#[test]
fn one_rule_alone_is_refused() {
    let error = check_classes(&matrix(&[0, 0], &["a", "b"]), SplitBy::Example).unwrap_err();
    assert_eq!(
        error.to_string(),
        "all 2 examples have the learning rule `sgdm`: there is nothing to tell apart"
    );
}

#[test]
fn a_rule_with_too_few_examples_or_runs_is_named() {
    let text = |matrix, split_by| check_classes(&matrix, split_by).unwrap_err().to_string();
    assert_eq!(
        text(matrix(&[0, 0, 1], &["a", "a", "b"]), SplitBy::Example),
        "learning rule `adam` has 1 example(s); at least 2 are needed"
    );
    let one_run_each = matrix(&[0, 0, 1, 1], &["a", "a", "b", "b"]);
    assert!(check_classes(&one_run_each, SplitBy::Example).is_ok());
    assert!(text(one_run_each, SplitBy::Run).contains("has 1 run(s)"));
    let mut one_layer_twice = matrix(&[0, 0, 1, 1], &["a", "a", "b", "b"]);
    one_layer_twice.examples[3].layer = one_layer_twice.examples[2].layer.clone();
    assert!(text(one_layer_twice, SplitBy::Example).contains("has 1 example(s)"));
}

#[test]
fn settings_are_read_by_name() {
    let read = serde_json::from_str::<IdentifySettings>;
    let settings =
        read(r#"{"query": "SELECT 1", "splits": {"split_by": "run"}, "points": [{"classifier": "random_forest", "n_trees": 7}]}"#)
            .unwrap();
    assert_eq!(
        (
            settings.splits.split_by,
            settings.splits.n_splits,
            settings.points
        ),
        (SplitBy::Run, 10, vec![forest(7)])
    );
    assert!(read(r#"{"trees": 7}"#).is_err());
}

#[test]
fn a_rule_that_shows_in_a_feature_is_identified() {
    let labels: Vec<usize> = (0..80).map(|example| example % 2).collect();
    let runs: Vec<String> = (0..80)
        .map(|example| format!("run{}", example / 4 * 2 + example % 2))
        .collect();
    let mut matrix = matrix(
        &labels,
        &runs.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    for (example, row) in matrix.values.chunks_mut(5).enumerate() {
        row.fill(0.0);
        row[2] = example as f32;
        row[3] = labels[example] as f32;
    }
    let trial = Trial {
        points: vec![forest(20)],
        n_folds: 2,
        folds_by: SplitBy::Example,
        control: Control::None,
        with_permutations: true,
        seed: 0,
    };
    // Every fourth example is tested: of both rules as many.
    let side = |example: usize| match example / 2 % 4 {
        0 => Some(Side::Test),
        _ => Some(Side::Train),
    };
    let splits = vec![Split::of((0..80).map(side)); 3];
    for split_by in [SplitBy::Example, SplitBy::Run] {
        let settings = IdentifySettings {
            splits: SplitSettings {
                n_splits: 3,
                split_by,
                ..Default::default()
            },
            ..Default::default()
        };
        let examples = TrialExamples::Numbers(matrix.clone());
        let tested = || examples.test_splits(&splits, &trial, &|_| ()).unwrap();
        let outcomes = tested();
        assert_eq!(outcomes, tested());
        for outcome in &outcomes {
            let missed = &outcome.permutation_importances;
            assert!(missed[1] > 0.3 && missed[0] == 0.0, "{missed:?}");
        }
        let rows = result_rows(&matrix, &settings, &outcomes);
        assert_eq!(
            rows.iter().map(|row| row.split).collect::<Vec<_>>(),
            [0, 1, 2]
        );
        assert!(
            rows.iter().all(|row| row.n_train == 60
                && row.n_test == 20
                && row.split_by == split_by.as_str())
        );
        let found = summary(
            &matrix,
            &settings,
            outcomes,
            40,
            "id".to_owned(),
            "file".to_owned(),
            None,
        );
        assert!(found.accuracy.mean > 0.9, "{found:?}");
        assert_eq!(found.importances[0].name, "activity_change_raw_mean");
        assert_eq!(found.confusion.n_examples(), 60);
        assert_eq!((found.chance, found.n_examples), (0.5, vec![40, 40]));
    }
}

#[test]
fn shuffled_labels_tell_nothing() {
    let labels: Vec<usize> = (0..200).map(|example| example % 2).collect();
    let runs: Vec<String> = (0..200).map(|example| format!("run{example}")).collect();
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let mut matrix = matrix(&labels, &runs);
    for (row, &label) in matrix.values.chunks_mut(5).zip(&labels) {
        row[2] = label as f32;
    }
    let split = Split::of((0..200).map(|example| match example / 2 % 2 {
        0 => Some(Side::Test),
        _ => Some(Side::Train),
    }));
    let accuracy = |control| {
        let trial = Trial {
            points: vec![forest(20)],
            n_folds: 2,
            folds_by: SplitBy::Example,
            control,
            with_permutations: false,
            seed: 0,
        };
        let of = |number| trial.run(&matrix, &split, number).unwrap().accuracy;
        (0..8).map(of).sum::<f64>() / 8.0
    };
    assert_eq!(accuracy(Control::None), 1.0);
    // Chance is one half, and eight tests of a hundred examples have a standard error of 0.02.
    let shuffled = accuracy(Control::ShuffledLabels);
    assert!((shuffled - 0.5).abs() < 0.1, "{shuffled}");
}

#[test]
fn folds_keep_networks_together_where_splits_do() {
    // Four layers of each of a hundred networks, which a feature tells apart; rules follow from nothing.
    let labels: Vec<usize> = (0..400).map(|example| example / 4 * 7 % 11 % 2).collect();
    let runs: Vec<String> = (0..400)
        .map(|example| format!("run{}", example / 4))
        .collect();
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let mut matrix = matrix(&labels, &runs);
    let mut places: Vec<u8> = (0..100).collect();
    places.shuffle(&mut generator("test", 0, 0));
    for (example, row) in matrix.values.chunks_mut(5).enumerate() {
        row.fill(0.0);
        row[2] = places[example / 4].into();
    }
    let split = Split {
        train: (0..320).collect(),
        test: (320..400).collect(),
        left_out: Vec::new(),
    };
    let on_folds = |folds_by| {
        let trial = Trial {
            points: vec![forest(20), forest(40)],
            n_folds: 5,
            folds_by,
            control: Control::None,
            with_permutations: false,
            seed: 0,
        };
        trial.run(&matrix, &split, 0).unwrap().grid_accuracies[1]
    };
    let (by_example, by_run) = (on_folds(SplitBy::Example), on_folds(SplitBy::Run));
    assert!(by_example > 0.9, "{by_example}");
    assert!(by_run < 0.7, "{by_run}");
}
