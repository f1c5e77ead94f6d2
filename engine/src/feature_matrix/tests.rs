use std::sync::Arc;

use arrow::array::{Int32Array, ListArray, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type};

use super::*;

/// A row: rule, depth, why it is excluded, features.
type Row<'a> = (&'a str, &'a str, Option<&'a str>, Option<[f64; 4]>);

/// Rows of two statistics at two epochs.
fn rows(of: &[Row<'_>]) -> RecordBatch {
    let text = |pick: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..of.len()).map(pick)))
    };
    let statistics = ListArray::new(
        Arc::new(arrow::datatypes::Field::new_list_field(
            DataType::Utf8,
            true,
        )),
        arrow::buffer::OffsetBuffer::from_repeated_length(2, of.len()),
        Arc::new(StringArray::from_iter_values(
            of.iter()
                .flat_map(|_| ["weight_raw_mean", "weight_raw_norm"]),
        )),
        None,
    );
    let epochs = ListArray::from_iter_primitive::<Int32Type, _, _>(
        of.iter().map(|_| Some(vec![Some(0), Some(5)])),
    );
    let features = ListArray::from_iter_primitive::<Float64Type, _, _>(
        of.iter()
            .map(|row| row.3.map(|features| features.map(Some).to_vec())),
    );
    let excluded: ArrayRef = Arc::new(StringArray::from_iter(of.iter().map(|row| row.2)));
    RecordBatch::try_from_iter_with_nullable([
        ("run_id", text(&|row| format!("r{row}")), true),
        ("task", text(&|_| "digits".to_owned()), true),
        ("architecture", text(&|_| "knet4".to_owned()), true),
        ("learning_rule", text(&|row| of[row].0.to_owned()), true),
        ("layer", text(&|_| "conv1".to_owned()), true),
        ("depth", text(&|row| of[row].1.to_owned()), true),
        ("excluded", excluded, true),
        ("statistics", Arc::new(statistics) as ArrayRef, true),
        ("epochs", Arc::new(epochs) as ArrayRef, true),
        ("features", Arc::new(features) as ArrayRef, true),
    ])
    .unwrap()
}

#[test]
fn rows_are_laid_out_with_names_groups_and_labels() {
    let matrix = FeatureMatrix::from_rows(&rows(&[
        ("adam", "early", None, Some([1.0, 2.0, 3.0, 4.0])),
        ("sgdm", "deep", None, Some([5.0, 6.0, 7.0, 8.0])),
        ("adam", "middle", Some("run diverged"), None),
    ]))
    .unwrap();
    assert_eq!(
        matrix.names,
        [
            "weight_raw_mean@0",
            "weight_raw_mean@5",
            "weight_raw_norm@0",
            "weight_raw_norm@5",
            "depth_early",
            "depth_middle",
            "depth_deep",
        ]
    );
    assert_eq!(
        matrix.groups,
        ["weight_raw_mean", "weight_raw_norm", "depth"]
    );
    assert_eq!(matrix.feature_groups, [0, 0, 1, 1, 2, 2, 2]);
    assert_eq!(matrix.row(0), [1.0, 2.0, 3.0, 4.0, 1.0, 0.0, 0.0]);
    assert_eq!(matrix.row(1), [5.0, 6.0, 7.0, 8.0, 0.0, 0.0, 1.0]);
    // The rules' declared order, not that of the rows.
    assert_eq!(matrix.classes, ["sgdm", "adam"]);
    assert_eq!(matrix.labels, [1, 0]);
    assert_eq!(matrix.excluded.0, [("run diverged".to_owned(), 1)].into());
}

#[test]
fn what_a_classifier_could_not_read_is_refused() {
    let nan = rows(&[("adam", "early", None, Some([1.0, f64::NAN, 3.0, 4.0]))]);
    let error = FeatureMatrix::from_rows(&nan).unwrap_err().to_string();
    assert!(
        error.ends_with("layer conv1 of run r0 has a `weight_raw_mean@5` that is not finite"),
        "{error}"
    );
    // Finite in double precision, not in single.
    let large = rows(&[("adam", "early", None, Some([1.0, 2.0, 1e300, 4.0]))]);
    assert!(FeatureMatrix::from_rows(&large).is_err());
    let missing = rows(&[("adam", "early", None, None)]);
    let error = FeatureMatrix::from_rows(&missing).unwrap_err().to_string();
    assert!(
        error.contains("`features` is NULL for layer conv1 of run r0"),
        "{error}"
    );
    let rule = rows(&[("adm", "early", None, Some([0.0; 4]))]);
    assert!(
        FeatureMatrix::from_rows(&rule)
            .unwrap_err()
            .to_string()
            .contains("unknown learning rule `adm`")
    );
}

#[test]
fn a_query_without_its_columns_is_refused() {
    let other =
        RecordBatch::try_from_iter([("run_id", Arc::new(Int32Array::from(vec![1])) as ArrayRef)])
            .unwrap();
    let error = FeatureMatrix::from_rows(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the query does not give a feature matrix: it has no column `task`"
    );
}

#[test]
fn no_example_left_says_why() {
    let all = rows(&[("adam", "early", Some("run diverged"), None)]);
    assert_eq!(
        FeatureMatrix::from_rows(&all).unwrap_err().to_string(),
        "no example is left for the feature matrix: 1 excluded (run diverged)"
    );
}

#[test]
fn measures_can_be_chosen() {
    let chosen = features_of(&[Measure::Weight, Measure::ActivityChange]);
    assert!(chosen.contains("FROM features('weight', 'activity_change')"));
}
