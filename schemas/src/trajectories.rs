//! The table `trajectories`: one row per run, layer, checkpoint and observation condition.
//!
//! It is wide and denormalised on purpose. Any tool reads it without a join, and values that repeat cost next to nothing
//! once they are dictionary-encoded. Non-finite statistics are kept as they are.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::Observable;

/// The table's name in SQL, and the name of its folder in a dataset.
pub const TABLE: &str = "trajectories";

/// The partition columns, outermost first: they stand in the folders' names and not in the files.
pub const PARTITION_COLUMNS: [&str; 2] = [column::TASK, column::ARCHITECTURE];

/// The columns' names, each written once.
pub mod column {
    /// Task (partition).
    pub const TASK: &str = "task";
    /// Architecture (partition).
    pub const ARCHITECTURE: &str = "architecture";
    /// Hash of the run's full configuration.
    pub const RUN_ID: &str = "run_id";
    /// The learning rule: what the dataset is asked about.
    pub const LEARNING_RULE: &str = "learning_rule";
    /// Examples a step.
    pub const BATCH_SIZE: &str = "batch_size";
    /// Seed of initial weights, feedback weights and data order.
    pub const MODEL_SEED: &str = "model_seed";
    /// Seed of the split into training and validation examples.
    pub const DATASET_SEED: &str = "dataset_seed";
    /// The learning rate that was used: the base rate scaled by the batch size; NULL where it is not known.
    pub const LEARNING_RATE: &str = "learning_rate";
    /// How the run ended.
    pub const STATUS: &str = "status";
    /// The layer's name, `conv1`, `fc4`, ...
    pub const LAYER: &str = "layer";
    /// The layer's place, from 0 at the input.
    pub const LAYER_INDEX: &str = "layer_index";
    /// `early`, `middle` or `deep`.
    pub const DEPTH: &str = "depth";
    /// Output units a stimulus; NULL where it is not known.
    pub const N_UNITS: &str = "n_units";
    /// Entries of the forward kernel; NULL where it is not known.
    pub const N_WEIGHTS: &str = "n_weights";
    /// Epochs trained when the observation was made.
    pub const EPOCH: &str = "epoch";
    /// Optimizer steps taken by then; NULL where it is not known.
    pub const STEP: &str = "step";
    /// Mean loss over the validation examples; NULL where it is not known.
    pub const VALIDATION_LOSS: &str = "validation_loss";
    /// Share of validation examples classified correctly; NULL where the task has no classes.
    pub const VALIDATION_ACCURACY: &str = "validation_accuracy";
    /// Share of the units that were observed.
    pub const UNIT_FRACTION: &str = "unit_fraction";
    /// Standard deviation of the Gaussian noise that was added to every unit.
    pub const NOISE_STDDEV: &str = "noise_stddev";
    /// Seed of the choice of units and of the noise.
    pub const OBSERVATION_SEED: &str = "observation_seed";
    /// How weight norms and activity change are defined: `standard` or `published`.
    pub const DEFINITION: &str = "definition";
    /// Angle between feedback and forward kernel, in degrees; NULL unless asked for and defined.
    pub const FEEDBACK_ANGLE: &str = "feedback_angle";
    /// Angle between the learning rule's gradient of the kernel and that of backpropagation, in degrees; NULL unless
    /// asked for and defined.
    pub const GRADIENT_ANGLE: &str = "gradient_angle";
}

/// Columns of a file of the table, without the partition columns.
pub fn file_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        use DataType::{Float64, Int32, Int64, Utf8};
        let mut fields: Vec<Field> = [
            (column::RUN_ID, Utf8, false),
            (column::LEARNING_RULE, Utf8, false),
            (column::BATCH_SIZE, Int32, false),
            (column::MODEL_SEED, Int64, false),
            (column::DATASET_SEED, Int64, false),
            (column::LEARNING_RATE, Float64, true),
            (column::STATUS, Utf8, false),
            (column::LAYER, Utf8, false),
            (column::LAYER_INDEX, Int32, false),
            (column::DEPTH, Utf8, false),
            (column::N_UNITS, Int64, true),
            (column::N_WEIGHTS, Int64, true),
            (column::EPOCH, Int32, false),
            (column::STEP, Int64, true),
            (column::VALIDATION_LOSS, Float64, true),
            (column::VALIDATION_ACCURACY, Float64, true),
            (column::UNIT_FRACTION, Float64, false),
            (column::NOISE_STDDEV, Float64, false),
            (column::OBSERVATION_SEED, Int64, false),
            (column::DEFINITION, Utf8, false),
            (column::FEEDBACK_ANGLE, Float64, true),
            (column::GRADIENT_ANGLE, Float64, true),
        ]
        .into_iter()
        .map(|(name, data_type, nullable)| Field::new(name, data_type, nullable))
        .collect();
        fields.extend(
            Observable::all().map(|observable| Field::new(observable.column(), Float64, false)),
        );
        Arc::new(Schema::new(fields))
    });
    Arc::clone(&SCHEMA)
}
