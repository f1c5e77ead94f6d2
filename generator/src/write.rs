//! From a trajectory to its file in the object store: one run, one file, one atomic put.

use bytes::Bytes;
use engram_schemas::trajectories::column;
use engram_schemas::{
    CODE_VERSION_KEY, CONFIGURATION_KEY, DatasetLocation, Observable, SCHEMA_VERSION,
    SCHEMA_VERSION_KEY, layout,
};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde::Serialize;

use crate::observe::recordings;
use crate::trajectory::Trajectory;
use crate::{Error, Result};

/// What may differ between two runs of the same configuration, and therefore stays out of the data.
#[derive(Clone, Debug, Serialize)]
pub struct RunLog {
    /// The run.
    pub run_id: String,
    /// Host that trained it.
    pub host: String,
    /// Device that trained it.
    pub device: String,
    /// Threads that libtorch used.
    pub n_threads: usize,
    /// Wall time of training and observing.
    pub elapsed_seconds: f64,
    /// Version of the program.
    pub code_version: &'static str,
}

/// Stores a trajectory under its run's name, with its recordings where there are some, then its log.
///
/// The file appears whole or not at all. When another worker has put the same run there meanwhile, its bytes are the
/// same and stay.
///
/// # Errors
/// [`Error::Store`] with the place, or what cannot be encoded.
pub async fn write(
    location: &DatasetLocation,
    trajectory: &Trajectory,
    log: &RunLog,
) -> Result<()> {
    let file = trajectory.file();
    // A run exists if its trajectories do, so they come last.
    if let Some(recordings) = recordings::to_parquet(trajectory)? {
        create(location, &file.recordings_path(location.root()), recordings).await?;
    }
    let trajectories = to_parquet(trajectory)?;
    create(location, &file.path(location.root()), trajectories).await?;
    let path = layout::run_log(location.root(), &log.run_id, trajectory.status.into());
    let text = serde_json::to_vec_pretty(log).unwrap_or_default();
    let put = location.store().put(&path, PutPayload::from(text)).await;
    put.map(|_| ()).map_err(|source| Error::Store {
        place: location.display(&path),
        source,
    })
}

/// Puts `bytes` at `path` unless something is there.
async fn create(location: &DatasetLocation, path: &Path, bytes: Bytes) -> Result<()> {
    let options = PutOptions::from(PutMode::Create);
    match location.store().put_opts(path, bytes.into(), options).await {
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
        Err(source) => Err(Error::Store {
            place: location.display(path),
            source,
        }),
    }
}

/// The Parquet file of a trajectory. Equal trajectories give equal bytes.
///
/// # Errors
/// [`Error::Encode`] or [`Error::Parquet`].
pub fn to_parquet(trajectory: &Trajectory) -> Result<Bytes> {
    let batch = trajectory.to_batch()?;
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties(trajectory)))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(file.into())
}

/// What both files of a run have in common: compression, and the metadata that say what is in them.
pub(crate) fn base_properties(trajectory: &Trajectory) -> WriterPropertiesBuilder {
    let metadata = [
        (SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_owned()),
        (CODE_VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned()),
        (CONFIGURATION_KEY, trajectory.configuration().to_json()),
    ];
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| KeyValue::new(key.to_owned(), value))
        .collect();
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("engram {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata))
}

fn properties(trajectory: &Trajectory) -> WriterProperties {
    let mut builder = base_properties(trajectory);
    // Observed values hardly ever repeat, so a dictionary of them is a second copy. Their bounds are left out: Parquet's
    // bounds pass over NaN, and a reader that trusts them takes a column of one number and NaNs for that number.
    let angles = [column::FEEDBACK_ANGLE, column::GRADIENT_ANGLE].map(str::to_owned);
    for name in Observable::all().map(Observable::column).chain(angles) {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    builder.build()
}
