//! A run's observations as rows of the table `trajectories`.

mod state;

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use engram_plan::{LayerSpec, Observation, ObservationCondition, PlannedRun, RunConfiguration};
use engram_schemas::trajectories::{column, file_schema};
use engram_schemas::{Observable, RunFile, Status};

use crate::network::Network;
use crate::observe::{Angles, Checkpoint};
use crate::{Error, Result};

/// The checkpoints of a run.
#[derive(Debug)]
pub struct Trajectory {
    /// The run.
    pub run: PlannedRun,
    /// How it ended.
    pub status: Status,
    /// What was observed: the run's own observation, or another one of the same networks.
    observation: Observation,
    layers: Vec<LayerSpec>,
    checkpoints: Vec<(usize, usize, Checkpoint)>,
}

/// A row: its condition, layer and checkpoint.
struct Row<'a> {
    condition: usize,
    layer: usize,
    seen: &'a (usize, usize, Checkpoint),
}

impl Trajectory {
    /// A trajectory without checkpoints.
    pub fn new(run: &PlannedRun, network: &Network) -> Self {
        Self::observed(run, network, run.configuration.observation.clone())
    }

    /// A trajectory without checkpoints of a run whose stored networks are observed again, by `observation`. It has a
    /// [file](Self::file) of its own.
    pub fn observed(run: &PlannedRun, network: &Network, observation: Observation) -> Self {
        let layers = network.layers.iter().map(|layer| layer.spec.clone());
        Self {
            run: run.clone(),
            status: Status::Trained,
            observation,
            layers: layers.collect(),
            checkpoints: Vec::new(),
        }
    }

    /// The configuration that the rows follow from: the run's, with the observation that was made.
    pub fn configuration(&self) -> RunConfiguration {
        RunConfiguration {
            observation: self.observation.clone(),
            ..self.run.configuration.clone()
        }
    }

    /// The file of the trajectory: the run's, `<run_id>.parquet`, or `<run_id>-<hash of the observation>.parquet` where
    /// the observation is another than the run's own.
    pub fn file(&self) -> RunFile {
        self.run.observed_file(&self.observation)
    }

    /// What was observed.
    pub fn observation(&self) -> &Observation {
        &self.observation
    }

    /// The layers, in order.
    pub fn layers(&self) -> &[LayerSpec] {
        &self.layers
    }

    /// Adds what was seen after `epoch` epochs and `step` steps.
    pub fn push(&mut self, epoch: usize, step: usize, checkpoint: Checkpoint) {
        self.checkpoints.push((epoch, step, checkpoint));
    }

    /// Epochs trained at the last checkpoint.
    pub fn last_epoch(&self) -> usize {
        self.checkpoints.last().map_or(0, |(epoch, _, _)| *epoch)
    }

    /// Loss at the last checkpoint.
    pub fn validation_loss(&self) -> Option<f64> {
        let last = self.checkpoints.last();
        last.map(|(_, _, checkpoint)| checkpoint.evaluation.loss)
    }

    /// Accuracy at the last checkpoint.
    pub fn validation_accuracy(&self) -> Option<f64> {
        self.checkpoints
            .last()
            .and_then(|(_, _, checkpoint)| checkpoint.evaluation.accuracy)
    }

    /// What was seen at each checkpoint: epoch, step, observation.
    pub fn checkpoints(&self) -> &[(usize, usize, Checkpoint)] {
        &self.checkpoints
    }

    /// The rows, ordered by condition, layer and epoch.
    ///
    /// # Errors
    /// [`Error::Encode`] when they do not keep to the schema.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        let configuration = &self.run.configuration;
        let conditions = &self.observation.conditions;
        let mut rows = Vec::new();
        for condition in 0..conditions.len() {
            for layer in 0..self.layers.len() {
                rows.extend(self.checkpoints.iter().map(|seen| Row {
                    condition,
                    layer,
                    seen,
                }));
            }
        }
        let n_rows = rows.len();
        let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; n_rows])) };
        let long =
            |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![value as i64; n_rows])) };
        let float = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![value; n_rows])) };
        let of_condition = |value: fn(&ObservationCondition) -> f64| -> ArrayRef {
            let values = rows.iter().map(|row| value(&conditions[row.condition]));
            Arc::new(Float64Array::from_iter_values(values))
        };
        let layer = |row: &Row<'_>| &self.layers[row.layer];
        let angle = |angle: fn(&Angles) -> Option<f64>| -> ArrayRef {
            let of = |row: &Row<'_>| row.seen.2.angles.get(row.layer).and_then(angle);
            Arc::new(Float64Array::from_iter(rows.iter().map(of)))
        };
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
                    rows.iter().map(|row| layer(row).name.as_str()),
                )),
                column::LAYER_INDEX => Arc::new(Int32Array::from_iter_values(
                    rows.iter().map(|row| row.layer as i32),
                )),
                column::DEPTH => Arc::new(StringArray::from_iter_values(
                    rows.iter().map(|row| layer(row).depth.as_str()),
                )),
                column::N_UNITS => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|row| layer(row).n_units as i64),
                )),
                column::N_WEIGHTS => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|row| layer(row).n_weights() as i64),
                )),
                column::EPOCH => Arc::new(Int32Array::from_iter_values(
                    rows.iter().map(|row| row.seen.0 as i32),
                )),
                column::STEP => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|row| row.seen.1 as i64),
                )),
                column::VALIDATION_LOSS => Arc::new(Float64Array::from_iter_values(
                    rows.iter().map(|row| row.seen.2.evaluation.loss),
                )),
                column::VALIDATION_ACCURACY => Arc::new(Float64Array::from_iter(
                    rows.iter().map(|row| row.seen.2.evaluation.accuracy),
                )),
                column::UNIT_FRACTION => of_condition(|condition| condition.unit_fraction),
                column::NOISE_STDDEV => of_condition(|condition| condition.noise_stddev),
                column::OBSERVATION_SEED => Arc::new(Int64Array::from_iter_values(
                    rows.iter().map(|row| conditions[row.condition].seed as i64),
                )),
                column::DEFINITION => Arc::new(StringArray::from_iter_values(
                    rows.iter()
                        .map(|row| conditions[row.condition].definition.as_str()),
                )),
                column::FEEDBACK_ANGLE => angle(|angles| angles.0),
                column::GRADIENT_ANGLE => angle(|angles| angles.1),
                name => {
                    let place =
                        Observable::all().position(|observable| observable.column() == name);
                    let value = |row: &Row<'_>| {
                        let values = row.seen.2.layers.get(row.layer)?.get(row.condition)?;
                        values.get(place?).copied()
                    };
                    Arc::new(Float64Array::from_iter(rows.iter().map(value)))
                }
            }
        });
        RecordBatch::try_new(schema.clone(), columns.collect()).map_err(Error::Encode)
    }
}
