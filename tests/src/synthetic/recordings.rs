//! Recordings of pretended runs: what a generator writes to the table `recordings`.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Builder, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
};
use engram_schemas::recordings::{column, file_schema};
use engram_schemas::{Depth, SCHEMA_VERSION};

use super::{Result, Run, hash, object_root, write_parquet};

/// Units recorded of each layer, and stimuli.
const N_UNITS: usize = 24;
const N_STIMULI: i64 = 2;

/// What is recorded at a checkpoint.
#[derive(Clone, Copy)]
struct Key {
    epoch: i32,
    layer: usize,
    measure: &'static str,
    /// None for weights.
    stimulus: Option<i64>,
}

impl Run {
    /// Writes what is recorded of some units of every layer.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_recordings(&self, dataset: &Path) -> Result<()> {
        let file = self.run_file().recordings_path(&object_root());
        write_parquet(
            &dataset.join(file.as_ref()),
            &self.recordings()?,
            SCHEMA_VERSION,
        )
    }

    fn recordings(&self) -> Result<RecordBatch> {
        let n_layers = self.layers().len();
        let mut keys = Vec::new();
        for &epoch in &self.epochs {
            for layer in 0..n_layers {
                let of = |measure, stimulus| Key {
                    epoch,
                    layer,
                    measure,
                    stimulus,
                };
                keys.push(of("weight", None));
                for measure in ["activation", "activity_change"] {
                    keys.extend((0..N_STIMULI).map(|stimulus| of(measure, Some(stimulus))));
                }
            }
        }
        let text = |value: &dyn Fn(usize) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(
                keys.iter().map(|key| value(key.layer)),
            ))
        };
        let long = |value: &dyn Fn(i32) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values(
                keys.iter().map(|key| value(key.epoch)),
            ))
        };
        let short = |value: &dyn Fn(i32, usize) -> i32| -> ArrayRef {
            Arc::new(Int32Array::from_iter_values(
                keys.iter().map(|key| value(key.epoch, key.layer)),
            ))
        };
        let mut values = ListBuilder::new(Float32Builder::new());
        for key in &keys {
            let Key { epoch, layer, .. } = key;
            let stimulus = match (key.measure, key.stimulus) {
                ("activation", Some(stimulus)) => stimulus.to_string(),
                (measure, stimulus) => format!("{measure}{stimulus:?}"),
            };
            for unit in 0..N_UNITS {
                let name = format!("{}/{layer}/{epoch}/{stimulus}/{unit}", self.run_id());
                values
                    .values()
                    .append_value((hash(&name) * 2.0 - 0.5) as f32);
            }
            values.append(true);
        }
        let values: ArrayRef = Arc::new(values.finish());
        let columns = file_schema()
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                column::RUN_ID => text(&|_| self.run_id()),
                column::LEARNING_RULE => text(&|_| self.learning_rule.to_string()),
                column::STATUS => text(&|_| self.status.to_string()),
                column::LAYER => text(&|layer| self.layers()[layer].to_owned()),
                column::DEPTH => text(&|layer| Depth::of_layer(layer, n_layers).to_string()),
                column::MEASURE => Arc::new(StringArray::from_iter_values(
                    keys.iter().map(|key| key.measure),
                )),
                column::BATCH_SIZE => short(&|_, _| self.batch_size),
                column::LAYER_INDEX => short(&|_, layer| layer as i32),
                column::EPOCH => short(&|epoch, _| epoch),
                column::MODEL_SEED => long(&|_| self.model_seed),
                column::STEP => long(&|epoch| i64::from(epoch) * 42),
                column::N_CANDIDATES => long(&|_| 2048),
                column::STIMULUS => {
                    Arc::new(Int64Array::from_iter(keys.iter().map(|key| key.stimulus)))
                }
                column::VALUES => Arc::clone(&values),
                _ => long(&|_| 0),
            })
            .collect();
        Ok(RecordBatch::try_new(file_schema(), columns)?)
    }
}
