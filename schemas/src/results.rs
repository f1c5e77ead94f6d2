//! The table `results`: one row per experiment, classifier and split, so that a figure is a query.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

/// The table's name in SQL, and the name of its folder in a dataset.
pub const TABLE: &str = "results";

/// The columns' names, each written once.
pub mod column {
    /// Hash of everything that the row follows from: query, data, classifier, settings.
    pub const RESULT_ID: &str = "result_id";
    /// Name of the experiment, as in `queries/`.
    pub const EXPERIMENT: &str = "experiment";
    /// The SQL that built the feature matrix.
    pub const QUERY: &str = "query";
    /// Name of the classifier.
    pub const CLASSIFIER: &str = "classifier";
    /// The classifier's settings (JSON).
    pub const SETTINGS: &str = "settings";
    /// What an example's side of the split hangs on: `example` or `run`.
    pub const SPLIT_BY: &str = "split_by";
    /// The split's number, from 0.
    pub const SPLIT: &str = "split";
    /// Seed of splits and classifier.
    pub const SEED: &str = "seed";
    /// Training examples.
    pub const N_TRAIN: &str = "n_train";
    /// Test examples.
    pub const N_TEST: &str = "n_test";
    /// Features an example.
    pub const N_FEATURES: &str = "n_features";
    /// Share of test examples classified correctly.
    pub const ACCURACY: &str = "accuracy";
    /// Expected accuracy of guessing: one over the number of classes.
    pub const CHANCE: &str = "chance";
    /// The classes, in the order of the confusion matrix.
    pub const CLASSES: &str = "classes";
    /// Test examples by true class (rows) and predicted class (columns), row by row.
    pub const CONFUSION: &str = "confusion";
    /// The observed statistics and other groups of features that importances are given for.
    pub const STATISTICS: &str = "statistics";
    /// Importance of each of them, summed over the trajectory, in the same order.
    pub const IMPORTANCES: &str = "importances";
}

/// Columns of a file of the table.
pub fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        use DataType::{Float64, Int32, Int64, Utf8};
        let list = |item: DataType| DataType::List(Arc::new(Field::new_list_field(item, true)));
        Arc::new(Schema::new(
            [
                (column::RESULT_ID, Utf8),
                (column::EXPERIMENT, Utf8),
                (column::QUERY, Utf8),
                (column::CLASSIFIER, Utf8),
                (column::SETTINGS, Utf8),
                (column::SPLIT_BY, Utf8),
                (column::SPLIT, Int32),
                (column::SEED, Int64),
                (column::N_TRAIN, Int64),
                (column::N_TEST, Int64),
                (column::N_FEATURES, Int64),
                (column::ACCURACY, Float64),
                (column::CHANCE, Float64),
                (column::CLASSES, list(Utf8)),
                (column::CONFUSION, list(Int64)),
                (column::STATISTICS, list(Utf8)),
                (column::IMPORTANCES, list(Float64)),
            ]
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type, false))
            .collect::<Vec<_>>(),
        ))
    });
    Arc::clone(&SCHEMA)
}
