//! From a trajectory to the bytes of its Parquet file.

use bytes::Bytes;
use engram_schemas::trajectories::column;
use engram_schemas::{
    CODE_VERSION_KEY, CONFIGURATION_KEY, Observable, SCHEMA_VERSION, SCHEMA_VERSION_KEY, file_hash,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::Result;
use crate::trajectory::Trajectory;

/// The Parquet file of a trajectory. Equal trajectories give equal bytes.
///
/// # Errors
/// [`crate::Error::Encode`] or [`crate::Error::Parquet`].
pub fn to_parquet(trajectory: &Trajectory) -> Result<Bytes> {
    let batch = trajectory.to_batch()?;
    let properties = properties(trajectory);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    finish(writer)
}

/// Ends a file, and puts its hash into it.
pub(crate) fn finish(writer: ArrowWriter<Vec<u8>>) -> Result<Bytes> {
    let mut file = writer.into_inner()?;
    file_hash::seal(&mut file);
    Ok(file.into())
}

/// What both files of a run have in common: compression, and the metadata that say what is in them.
pub(crate) fn base_properties(trajectory: &Trajectory) -> WriterPropertiesBuilder {
    let metadata = [
        (SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_owned()),
        (CODE_VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned()),
        (CONFIGURATION_KEY, trajectory.configuration().to_json()),
        (file_hash::FILE_HASH_KEY, file_hash::PLACEHOLDER.to_owned()),
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
    // A file is small: what says which row it is takes next to nothing as a dictionary, and every column that is compressed
    // costs its readers a decompressor of its own.
    let mut builder = base_properties(trajectory).set_compression(Compression::UNCOMPRESSED);
    // Observed values hardly ever repeat, so a dictionary of them is a second copy, and compression gains a sixth of the
    // space for a third of the time that reading takes: a file is small, and every column of it would begin anew. Their
    // bounds are left out: Parquet's bounds pass over NaN, and a reader that trusts them takes a column of one number and
    // NaNs for that number.
    let angles = [column::FEEDBACK_ANGLE, column::GRADIENT_ANGLE].map(str::to_owned);
    for name in Observable::all().map(Observable::column).chain(angles) {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column.clone(), Encoding::PLAIN)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    builder.build()
}
