//! From a trajectory to the bytes of its Parquet file.

use bytes::Bytes;
use engram_schemas::{
    CODE_VERSION_KEY, CONFIGURATION_KEY, Observable, SCHEMA_VERSION, SCHEMA_VERSION_KEY,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::Result;
use crate::trajectory::Trajectory;

/// The Parquet file of a trajectory. Equal trajectories give equal bytes.
///
/// # Errors
/// [`crate::Error::Encode`] or [`crate::Error::Parquet`].
pub fn to_parquet(trajectory: &Trajectory) -> Result<Bytes> {
    let batch = trajectory.to_batch()?;
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties(trajectory)))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(file.into())
}

fn properties(trajectory: &Trajectory) -> WriterProperties {
    let metadata = [
        (SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_owned()),
        (CODE_VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned()),
        (CONFIGURATION_KEY, trajectory.run.configuration.to_json()),
    ];
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| KeyValue::new(key.to_owned(), value))
        .collect();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("engram {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata));
    // Observed values hardly ever repeat, so a dictionary of them is a second copy. Their bounds are left out: Parquet's
    // bounds pass over NaN, and a reader that trusts them takes a column of one number and NaNs for that number.
    for observable in Observable::all() {
        let column = ColumnPath::from(observable.column());
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    builder.build()
}
