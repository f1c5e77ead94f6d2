//! From a query to the feature matrix.

use arrow::array::AsArray;
use engram_engine::FeatureMatrix;
use engram_engine::feature_matrix::features_of;
use engram_schemas::observable::Measure;
use engram_schemas::{LearningRule, Status};
use engram_tests::synthetic;

use super::{Dataset, EPOCHS};

#[tokio::test]
async fn the_feature_matrix_of_the_study() {
    let runs = synthetic::sweep(2, &EPOCHS);
    let dataset = Dataset::of(&runs);
    let session = dataset.open().await.unwrap();
    let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
        .await
        .unwrap();
    let n_layers = (4 + 5) * LearningRule::STUDIED.len() * 2;
    assert_eq!(
        (matrix.n_examples(), matrix.n_features()),
        (n_layers, 45 * EPOCHS.len() + 3)
    );
    assert_eq!(
        matrix.classes,
        [
            "sgdm",
            "adam",
            "feedback_alignment",
            "information_alignment"
        ]
    );
    assert_eq!(matrix.excluded.total(), 0);
    assert_eq!(matrix.groups.len(), 46);
    assert_eq!(
        matrix.names[..4],
        [
            "weight_raw_norm@0",
            "weight_raw_norm@1",
            "weight_raw_norm@2",
            "weight_raw_mean@0"
        ]
    );

    // Every value is the one of the file, in the row and column that its names say.
    for (row, example) in matrix.examples.iter().enumerate() {
        let run = runs
            .iter()
            .find(|run| run.run_id() == example.run_id)
            .unwrap();
        let rows = run.rows().unwrap();
        let layers = rows.column_by_name("layer").unwrap().as_string::<i32>();
        let epochs = rows
            .column_by_name("epoch")
            .unwrap()
            .as_primitive::<arrow::datatypes::Int32Type>();
        for (feature, name) in matrix.names.iter().enumerate() {
            let expected = match name.split_once('@') {
                Some((column, epoch)) => {
                    let epoch: i32 = epoch.parse().unwrap();
                    let at = (0..rows.num_rows())
                        .find(|&at| layers.value(at) == example.layer && epochs.value(at) == epoch)
                        .unwrap();
                    let values = rows.column_by_name(column).unwrap();
                    values
                        .as_primitive::<arrow::datatypes::Float64Type>()
                        .value(at) as f32
                }
                None => f32::from(u8::from(
                    name.strip_prefix("depth_") == Some(&example.depth),
                )),
            };
            assert_eq!(matrix.row(row)[feature], expected, "{name} of {example}");
        }
        assert_eq!(
            matrix.classes[matrix.labels[row]],
            run.learning_rule.as_str()
        );
    }

    let weights = FeatureMatrix::from_query(&session, &features_of(&[Measure::Weight]))
        .await
        .unwrap();
    assert_eq!(weights.n_features(), 21 * EPOCHS.len() + 3);
    assert!(
        weights
            .groups
            .iter()
            .all(|group| group.starts_with("weight_") || group == "depth")
    );
}

#[tokio::test]
async fn a_statistic_that_is_not_finite_somewhere_is_inadmissible() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut runs = synthetic::sweep(1, &EPOCHS);
        runs[5].replaced.push((2, 1, "weight_raw_skew", value));
        // What is excluded does not decide what is admissible.
        runs[6].status = Status::Diverged;
        runs[6].replaced.push((0, 0, "weight_raw_mean", value));
        let dataset = Dataset::of(&runs);
        let session = dataset.open().await.unwrap();
        let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
            .await
            .unwrap();
        assert_eq!(matrix.n_features(), 44 * EPOCHS.len() + 3, "{value}");
        assert!(!matrix.groups.iter().any(|group| group == "weight_raw_skew"));
        assert!(matrix.groups.iter().any(|group| group == "weight_raw_mean"));
    }
}

#[tokio::test]
async fn what_diverged_or_is_incomplete_is_excluded_and_counted() {
    let mut runs = synthetic::sweep(2, &EPOCHS);
    runs[0].status = Status::Diverged;
    runs[0].epochs.pop();
    runs[1].epochs.pop();
    // As many checkpoints as the others, but not the same.
    runs[2].epochs = vec![0, 1, 3];
    let dataset = Dataset::of(&runs);
    let session = dataset.open().await.unwrap();
    let matrix = FeatureMatrix::from_query(&session, &features_of(&Measure::ALL))
        .await
        .unwrap();
    let expected = [
        ("run diverged".to_owned(), 4),
        ("unusual checkpoints".to_owned(), 8),
    ];
    assert_eq!(matrix.excluded.0, expected.into());
    assert_eq!(matrix.n_examples(), 9 * 8 - 12);
    assert!(
        matrix
            .examples
            .iter()
            .all(|example| runs[..3].iter().all(|run| run.run_id() != example.run_id))
    );

    let dataset = Dataset::of(&runs[..1]);
    let error =
        FeatureMatrix::from_query(&dataset.open().await.unwrap(), &features_of(&Measure::ALL))
            .await
            .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no example is left for the feature matrix: 4 excluded (run diverged)"
    );
}
