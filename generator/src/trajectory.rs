//! A run's observations as rows of the table `trajectories`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use engram_plan::{LayerSpec, ObservationCondition, PlannedRun};
use engram_schemas::trajectories::{column, file_schema};
use engram_schemas::{Observable, Status};

use crate::network::Network;
use crate::observe::Checkpoint;
use crate::{Error, Result};

/// The checkpoints of a run.
#[derive(Debug)]
pub struct Trajectory {
    /// The run.
    pub run: PlannedRun,
    /// How it ended.
    pub status: Status,
    layers: Vec<LayerSpec>,
    checkpoints: Vec<(usize, usize, Checkpoint)>,
}

impl Trajectory {
    /// A trajectory without checkpoints.
    pub fn new(run: &PlannedRun, network: &Network) -> Self {
        let layers = network
            .layers
            .iter()
            .map(|layer| layer.spec.clone())
            .collect();
        Self {
            run: run.clone(),
            status: Status::Trained,
            layers,
            checkpoints: Vec::new(),
        }
    }

    /// Adds what was seen after `epoch` epochs and `step` steps.
    pub fn push(&mut self, epoch: usize, step: usize, checkpoint: Checkpoint) {
        self.checkpoints.push((epoch, step, checkpoint));
    }

    /// Accuracy at the last checkpoint.
    pub fn validation_accuracy(&self) -> Option<f64> {
        self.checkpoints
            .last()
            .map(|(_, _, checkpoint)| checkpoint.validation_accuracy)
    }

    /// What was seen at each checkpoint: epoch, step, observation.
    pub fn checkpoints(&self) -> &[(usize, usize, Checkpoint)] {
        &self.checkpoints
    }

    /// The rows, ordered by layer and epoch.
    ///
    /// # Errors
    /// [`Error::Encode`] when they do not keep to the schema.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let configuration = &self.run.configuration;
        let condition = ObservationCondition::default();
        let rows: Vec<(usize, &LayerSpec, &(usize, usize, Checkpoint))> = self
            .layers
            .iter()
            .enumerate()
            .flat_map(|(index, layer)| {
                self.checkpoints
                    .iter()
                    .map(move |seen| (index, layer, seen))
            })
            .collect();
        let n_rows = rows.len();
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; n_rows])) };
        let long =
            |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![value as i64; n_rows])) };
        let float = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value; n_rows])) };
        let schema = file_schema();
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                column::RUN_ID => text(&self.run.run_id),
                column::LEARNING_RULE => text(configuration.learning_rule.rule().as_str()),
                column::BATCH_SIZE => Arc::new(Int32Array::from(vec![
                    configuration.batch_size
                        as i32;
                    n_rows
                ])),
                column::MODEL_SEED => long(configuration.model_seed),
                column::DATASET_SEED => long(configuration.dataset_seed),
                column::LEARNING_RATE => float(configuration.learning_rate),
                column::STATUS => text(self.status.as_str()),
                column::LAYER => Arc::new(StringArray::from_iter_values(
                    rows.iter().map(|(_, layer, _)| layer.name.as_str()),
                )),
                column::LAYER_INDEX => Arc::new(Int32Array::from_iter_values(
                    rows.iter().map(|(index, _, _)| *index as i32),
                )),
                column::DEPTH => Arc::new(StringArray::from_iter_values(
                    rows.iter().map(|(_, layer, _)| layer.depth.as_str()),
                )),
                column::N_UNITS => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|(_, layer, _)| layer.n_units as i64),
                )),
                column::N_WEIGHTS => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|(_, layer, _)| layer.n_weights() as i64),
                )),
                column::EPOCH => Arc::new(Int32Array::from_iter_values(
                    rows.iter().map(|(_, _, seen)| seen.0 as i32),
                )),
                column::STEP => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|(_, _, seen)| seen.1 as i64),
                )),
                column::VALIDATION_LOSS => Arc::new(Float64Array::from_iter_values(
                    rows.iter().map(|(_, _, seen)| seen.2.validation_loss),
                )),
                column::VALIDATION_ACCURACY => Arc::new(Float64Array::from_iter_values(
                    rows.iter().map(|(_, _, seen)| seen.2.validation_accuracy),
                )),
                column::UNIT_FRACTION => float(condition.unit_fraction),
                column::NOISE_STDDEV => float(condition.noise_stddev),
                column::OBSERVATION_SEED => long(condition.seed),
                name => {
                    let place =
                        Observable::all().position(|observable| observable.column() == name);
                    let value =
                        |(index, _, seen): &(usize, &LayerSpec, &(usize, usize, Checkpoint))| {
                            place.and_then(|place| seen.2.layers[*index].get(place).copied())
                        };
                    Arc::new(Float64Array::from_iter(rows.iter().map(value)))
                }
            }
        });
        RecordBatch::try_new(schema.clone(), columns.collect()).map_err(Error::Encode)
    }
}
