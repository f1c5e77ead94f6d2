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
    /// The query's parameters (JSON object): which of an experiment's variants the row belongs to.
    pub const PARAMETERS: &str = "parameters";
    /// What was done to the examples beforehand, see [`Control`](super::Control).
    pub const CONTROL: &str = "control";
    /// Name of the classifier.
    pub const CLASSIFIER: &str = "classifier";
    /// The classifier's settings (JSON); where there is a grid, those that the training examples chose.
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
    /// Standard error of each of them over the trees.
    pub const IMPORTANCE_ERRORS: &str = "importance_errors";
    /// How much accuracy on the test examples is lost when the values of one of them are permuted, in the same order.
    pub const PERMUTATION_IMPORTANCES: &str = "permutation_importances";
    /// Every point of the grid (JSON, as `settings`).
    pub const GRID_SETTINGS: &str = "grid_settings";
    /// Its accuracy over the folds of the training examples, in the same order.
    pub const GRID_ACCURACIES: &str = "grid_accuracies";
}

/// Columns that files of schema version 1.0 lack.
const SINCE_1_1: [&str; 6] = [
    column::PARAMETERS,
    column::CONTROL,
    column::IMPORTANCE_ERRORS,
    column::PERMUTATION_IMPORTANCES,
    column::GRID_SETTINGS,
    column::GRID_ACCURACIES,
];

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
                (column::PARAMETERS, Utf8),
                (column::CONTROL, Utf8),
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
                (column::IMPORTANCE_ERRORS, list(Float64)),
                (column::PERMUTATION_IMPORTANCES, list(Float64)),
                (column::GRID_SETTINGS, list(Utf8)),
                (column::GRID_ACCURACIES, list(Float64)),
            ]
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type, SINCE_1_1.contains(&name)))
            .collect::<Vec<_>>(),
        ))
    });
    Arc::clone(&SCHEMA)
}

/// What was done to the examples before a classifier saw them, so that its accuracy can be told from an artefact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Control {
    /// Nothing.
    #[default]
    None,
    /// The labels of the training examples were shuffled: accuracy must fall to chance.
    ShuffledLabels,
    /// Only networks whose task performance has its like under every other rule: accuracy cannot come from performance.
    MatchedPerformance,
}

impl Control {
    /// The name in the column `control`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ShuffledLabels => "shuffled_labels",
            Self::MatchedPerformance => "matched_performance",
        }
    }
}

/// One row of the table: one experiment's variant, classifier and split. The columns are described in [`mod@column`].
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    missing_docs,
    reason = "every field is a column, and the columns are described"
)]
pub struct ResultRow {
    pub experiment: String,
    pub query: String,
    pub parameters: String,
    pub control: String,
    pub classifier: String,
    pub settings: String,
    pub split_by: String,
    pub split: i32,
    pub seed: i64,
    pub n_train: i64,
    pub n_test: i64,
    pub n_features: i64,
    pub accuracy: f64,
    pub chance: f64,
    pub classes: Vec<String>,
    pub confusion: Vec<i64>,
    pub statistics: Vec<String>,
    pub importances: Vec<f64>,
    pub importance_errors: Vec<f64>,
    pub permutation_importances: Vec<f64>,
    pub grid_settings: Vec<String>,
    pub grid_accuracies: Vec<f64>,
}
