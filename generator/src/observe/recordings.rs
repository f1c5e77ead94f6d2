//! The recordings of a run as the Parquet file of the table `recordings`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use bytes::Bytes;
use engram_schemas::observable::Measure;
use engram_schemas::recordings::{column, file_schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::recording::Recording;
use super::recording_seed;
use crate::trajectory::Trajectory;
use crate::write::{base_properties, finish};
use crate::{Error, Result};

/// The Parquet file of a trajectory's recordings, a row group a checkpoint, or nothing where nothing was recorded. Equal
/// recordings give equal bytes.
///
/// # Errors
/// [`Error::Encode`] or [`Error::Parquet`].
pub fn to_parquet(trajectory: &Trajectory) -> Result<Option<Bytes>> {
    if trajectory.observation().recorded_units.is_none() {
        return Ok(None);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), file_schema(), Some(properties(trajectory)))?;
    for checkpoint in 0..trajectory.checkpoints().len() {
        writer.write(&to_batch(trajectory, checkpoint)?)?;
        writer.flush()?;
    }
    finish(writer).map(Some)
}

/// The rows of one checkpoint, ordered by layer, measure and stimulus.
///
/// # Errors
/// [`Error::Encode`] when they do not keep to the schema.
pub fn to_batch(trajectory: &Trajectory, checkpoint: usize) -> Result<RecordBatch> {
    let seen = trajectory.checkpoints().get(checkpoint);
    let (epoch, step, recordings) = match seen {
        Some((epoch, step, seen)) => (*epoch, *step, seen.recordings.as_slice()),
        None => (0, 0, [].as_slice()),
    };
    let rows: Vec<(&Recording, usize)> = recordings
        .iter()
        .flat_map(|recording| {
            let n_rows = recording.values.len() / recording.n_units.max(1);
            (0..n_rows).map(move |stimulus| (recording, stimulus))
        })
        .collect();
    let n_rows = rows.len();
    let configuration = &trajectory.run.configuration;
    let layer = |recording: &Recording| &trajectory.layers()[recording.layer];
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; n_rows])) };
    let long = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value; n_rows])) };
    let int = |value: i32| -> ArrayRef { Arc::new(Int32Array::from(vec![value; n_rows])) };
    let named = |name: &dyn Fn(&Recording) -> String| -> ArrayRef {
        let names = rows.iter().map(|(recording, _)| name(recording));
        Arc::new(StringArray::from_iter_values(names))
    };
    let schema = file_schema();
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            column::RUN_ID => text(&trajectory.run.run_id),
            column::LEARNING_RULE => text(configuration.learning_rule.rule().as_str()),
            column::BATCH_SIZE => int(configuration.batch_size as i32),
            column::MODEL_SEED => long(configuration.model_seed as i64),
            column::DATASET_SEED => long(configuration.dataset_seed as i64),
            column::STATUS => text(trajectory.status.as_str()),
            column::LAYER => named(&|recording| layer(recording).name.clone()),
            column::LAYER_INDEX => Arc::new(Int32Array::from_iter_values(
                rows.iter().map(|(recording, _)| recording.layer as i32),
            )),
            column::DEPTH => named(&|recording| layer(recording).depth.to_string()),
            column::EPOCH => int(epoch as i32),
            column::STEP => long(step as i64),
            column::OBSERVATION_SEED => long(recording_seed(trajectory.observation()) as i64),
            column::MEASURE => named(&|recording| recording.measure.as_str().to_owned()),
            column::N_CANDIDATES => Arc::new(Int64Array::from_iter_values(
                rows.iter()
                    .map(|(recording, _)| recording.n_candidates as i64),
            )),
            column::STIMULUS => Arc::new(Int64Array::from_iter(rows.iter().map(
                |(recording, stimulus)| {
                    (recording.measure != Measure::Weight).then_some(*stimulus as i64)
                },
            ))),
            _ => Arc::new(values(recordings, &rows)),
        }
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).map_err(Error::Encode)
}

/// The recorded values, a list a row. Rows are in the order of the recordings, so the lists are these one after another.
fn values(recordings: &[Recording], rows: &[(&Recording, usize)]) -> ListArray {
    let all = recordings
        .iter()
        .flat_map(|recording| recording.values.iter().copied());
    let lengths = rows.iter().map(|(recording, _)| recording.n_units);
    ListArray::new(
        Arc::new(Field::new_list_field(DataType::Float32, true)),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(Float32Array::from_iter_values(all)),
        None,
    )
}

fn properties(trajectory: &Trajectory) -> WriterProperties {
    // As for the trajectories: values hardly ever repeat, and bounds pass over NaN.
    let parts = [column::VALUES, "list", Field::LIST_FIELD_DEFAULT_NAME].map(str::to_owned);
    let values = ColumnPath::new(parts.to_vec());
    base_properties(trajectory)
        .set_column_dictionary_enabled(values.clone(), false)
        .set_column_encoding(values.clone(), Encoding::BYTE_STREAM_SPLIT)
        .set_column_statistics_enabled(values, EnabledStatistics::None)
        .build()
}
