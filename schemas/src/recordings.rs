//! The table `recordings`, the virtual electrode array: one row per run, layer, checkpoint, measure and stimulus, with the
//! values of the recorded units as they are.
//!
//! The recorded units of a layer are a uniformly random sample without replacement, in random order, the same at every
//! checkpoint: the first n of a row are a uniform sample of n. With it, experiments on unit sampling and noise are
//! queries, and no network is trained again.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

pub use crate::trajectories::PARTITION_COLUMNS;

/// The table's name in SQL, and the name of its folder in a dataset.
pub const TABLE: &str = "recordings";

/// The columns' names, each written once. Those of [`trajectories`](crate::trajectories::column) mean the same here.
pub mod column {
    pub use crate::trajectories::column::{
        ARCHITECTURE, BATCH_SIZE, DATASET_SEED, DEPTH, EPOCH, LAYER, LAYER_INDEX, LEARNING_RULE,
        MODEL_SEED, OBSERVATION_SEED, RUN_ID, STATUS, STEP, TASK,
    };
    /// What was recorded: `weight`, `activation` or `activity_change`.
    pub const MEASURE: &str = "measure";
    /// The stimulus, counted from 0 among the validation examples; NULL for weights, which do not hang on one.
    pub const STIMULUS: &str = "stimulus";
    /// The number of units that the recorded ones are a sample of: entries of the kernel, outputs, or inputs.
    pub const N_CANDIDATES: &str = "n_candidates";
    /// The recorded units' values, always in the same random order.
    pub const VALUES: &str = "values";
}

/// Columns of a file of the table, without the partition columns.
pub fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        use DataType::{Float32, Int32, Int64, Utf8};
        let list = DataType::List(Arc::new(Field::new_list_field(Float32, true)));
        Arc::new(Schema::new(
            [
                (column::RUN_ID, Utf8, false),
                (column::LEARNING_RULE, Utf8, false),
                (column::BATCH_SIZE, Int32, false),
                (column::MODEL_SEED, Int64, false),
                (column::DATASET_SEED, Int64, false),
                (column::STATUS, Utf8, false),
                (column::LAYER, Utf8, false),
                (column::LAYER_INDEX, Int32, false),
                (column::DEPTH, Utf8, false),
                (column::EPOCH, Int32, false),
                (column::STEP, Int64, false),
                (column::OBSERVATION_SEED, Int64, false),
                (column::MEASURE, Utf8, false),
                (column::N_CANDIDATES, Int64, false),
                (column::STIMULUS, Int64, true),
                (column::VALUES, list, false),
            ]
            .into_iter()
            .map(|(name, data_type, nullable)| Field::new(name, data_type, nullable))
            .collect::<Vec<_>>(),
        ))
    });
    Arc::clone(&SCHEMA)
}
