//! The file of a run, as a generator writes it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array,
};
use engram_pickle::PublishedDataset;
use engram_schemas::trajectories::{column, file_schema};
use engram_schemas::{
    CODE_VERSION_KEY, CONFIGURATION_KEY, Observable, SCHEMA_VERSION, SCHEMA_VERSION_KEY, Status,
    file_hash,
};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::examples::{Layer, Run, RunKey};
use crate::{Error, Result};

/// Bytes of the hash that names a run, as many as of a trained one.
const NAME_BYTES: usize = 10;

/// What a run follows from, here: the dataset that it comes from, and what it is there.
pub fn configuration(key: &RunKey, run_fields: &[String], source_sha256: &str) -> Value {
    let further: serde_json::Map<String, Value> = run_fields
        .iter()
        .cloned()
        .zip(key.further.iter().map(|value| json!(value)))
        .collect();
    json!({
        "imported_from": { "format": "lr-identify", "sha256": source_sha256 },
        "task": key.task,
        "architecture": key.architecture,
        "learning_rule": key.learning_rule,
        "batch_size": key.batch_size,
        "model_seed": key.model_seed,
        "dataset_seed": key.dataset_seed,
        "further": further,
    })
}

/// A run's name: the hash of its configuration, which names the dataset.
pub fn run_id(configuration: &Value) -> String {
    let hash = Sha256::digest(configuration.to_string().as_bytes());
    file_hash::hexadecimal(&hash[..NAME_BYTES])
}

/// The bytes of a run's file: a row for each checkpoint and layer. What the dataset does not tell is NULL; statistics that it
/// does not have are NaN.
///
/// # Errors
/// [`Error::Range`] for checkpoints beyond the epochs that there are numbers for, [`Error::Encode`].
pub fn to_parquet(
    dataset: &PublishedDataset,
    run: &Run,
    run_id: &str,
    configuration: &Value,
    epochs_per_checkpoint: u32,
) -> Result<Vec<u8>> {
    let rows = rows(dataset, run, run_id, epochs_per_checkpoint)?;
    let metadata = [
        (SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_owned()),
        (CODE_VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned()),
        (CONFIGURATION_KEY, configuration.to_string()),
        (file_hash::FILE_HASH_KEY, file_hash::PLACEHOLDER.to_owned()),
    ];
    let metadata = metadata.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let properties = WriterProperties::builder()
        .set_created_by(format!("engram {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata.to_vec()))
        .set_dictionary_enabled(false)
        .build();
    let encode = |source| Error::Encode {
        what: format!("run {run_id}"),
        source,
    };
    let mut writer =
        ArrowWriter::try_new(Vec::new(), rows.schema(), Some(properties)).map_err(encode)?;
    writer.write(&rows).map_err(encode)?;
    let mut file = writer.into_inner().map_err(encode)?;
    file_hash::seal(&mut file);
    Ok(file)
}

fn rows(
    dataset: &PublishedDataset,
    run: &Run,
    run_id: &str,
    epochs_per_checkpoint: u32,
) -> Result<RecordBatch> {
    let epochs = epochs(dataset, epochs_per_checkpoint)?;
    let keys: Vec<(usize, &Layer)> = (0..dataset.n_checkpoints)
        .flat_map(|checkpoint| run.layers.iter().map(move |layer| (checkpoint, layer)))
        .collect();
    let key = &run.key;
    let n = keys.len();
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; n])) };
    let long = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value; n])) };
    let real = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value; n])) };
    let texts = |of: &dyn Fn(&Layer) -> &str| -> ArrayRef {
        let values = keys.iter().map(|(_, layer)| of(layer));
        Arc::new(StringArray::from_iter_values(values))
    };
    let reals = |of: &dyn Fn(&Layer) -> f64| -> ArrayRef {
        let values = keys.iter().map(|(_, layer)| of(layer));
        Arc::new(Float64Array::from_iter_values(values))
    };
    let schema = file_schema();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            column::RUN_ID => text(run_id),
            column::LEARNING_RULE => text(key.learning_rule.as_str()),
            column::BATCH_SIZE => Arc::new(Int32Array::from(vec![key.batch_size; n])),
            column::MODEL_SEED => long(key.model_seed),
            column::DATASET_SEED => long(key.dataset_seed),
            column::STATUS => text(Status::Trained.as_str()),
            column::LAYER => texts(&|layer| &layer.name),
            column::LAYER_INDEX => {
                let indices = keys.iter().map(|(_, layer)| layer.index);
                Arc::new(Int32Array::from_iter_values(indices))
            }
            column::DEPTH => texts(&|layer| layer.depth.as_str()),
            column::EPOCH => {
                let epochs = keys.iter().map(|(checkpoint, _)| epochs[*checkpoint]);
                Arc::new(Int32Array::from_iter_values(epochs))
            }
            column::UNIT_FRACTION => reals(&|layer| layer.unit_fraction),
            column::NOISE_STDDEV => reals(&|layer| layer.noise_stddev),
            column::OBSERVATION_SEED => {
                let seeds = keys.iter().map(|(_, layer)| layer.observation_seed);
                Arc::new(Int64Array::from_iter_values(seeds))
            }
            column::DEFINITION => texts(&|layer| layer.definition.as_str()),
            name => match place(dataset, name) {
                Some(place) => values(dataset, &keys, place),
                None if Observable::all().any(|observable| observable.column() == name) => {
                    real(f64::NAN)
                }
                None => new_null_array(field.data_type(), n),
            },
        }
    });
    let columns = columns.collect();
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

/// The epochs of the checkpoints: the dataset's own, or at a fixed distance from the start.
fn epochs(dataset: &PublishedDataset, epochs_per_checkpoint: u32) -> Result<Vec<i32>> {
    let checkpoints = 0..dataset.n_checkpoints as i64;
    let counted = || checkpoints.map(|checkpoint| checkpoint * i64::from(epochs_per_checkpoint));
    let epochs = dataset
        .epochs
        .clone()
        .unwrap_or_else(|| counted().collect());
    let in_range = |epoch: i64| {
        let epoch_in_range = i32::try_from(epoch).ok().filter(|epoch| *epoch >= 0);
        epoch_in_range.ok_or(Error::Range {
            what: "epoch",
            value: epoch,
        })
    };
    epochs.into_iter().map(in_range).collect()
}

/// Where the dataset has the statistic of a column.
fn place(dataset: &PublishedDataset, column: &str) -> Option<usize> {
    let is_it = |observable: Option<Observable>| {
        observable.is_some_and(|observable| observable.column() == column)
    };
    dataset
        .statistics
        .iter()
        .position(|statistic| is_it(statistic.observable))
}

fn values(dataset: &PublishedDataset, keys: &[(usize, &Layer)], statistic: usize) -> ArrayRef {
    let n_statistics = dataset.statistics.len();
    let values = keys.iter().map(|(checkpoint, layer)| {
        let row = layer.example * dataset.n_checkpoints + checkpoint;
        dataset.values[row * n_statistics + statistic]
    });
    let values = Float64Array::from_iter_values(values);
    debug_assert_eq!(values.len(), keys.len());
    Arc::new(values)
}
