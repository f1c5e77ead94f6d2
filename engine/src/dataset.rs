//! Finds the files of a dataset and checks that each is what it should be.
//!
//! Every footer is read once, before the first question is answered: a truncated or foreign file among thousands would
//! otherwise surface in the middle of a query, or not at all. The footers stay in the session's cache, so that planning
//! does not read them again. Reading one is waiting where the store is remote, and computing where it is not, so that the
//! runtime's threads share them. Files of one version have equal schemas, which are compared with the contract once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::runtime_env::RuntimeEnv;
use engram_schemas::{
    DatasetLocation, RunFile, SCHEMA_VERSION, SCHEMA_VERSION_KEY, layout, recordings, results,
    trajectories::{self, column},
};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, parquet_to_arrow_schema};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::schema::types::SchemaDescPtr;

use crate::{Error, Result};

/// How many footers are read at a time. Reading one is all waiting where the store is remote.
const CONCURRENT_FOOTERS: usize = 32;

/// The checked files of a dataset.
#[derive(Debug)]
pub struct Dataset {
    /// Where it is.
    pub location: DatasetLocation,
    /// The parts of the table `trajectories`.
    pub runs: Vec<RunFile>,
    /// The number of parts of the table `recordings`.
    pub n_recordings: usize,
    /// What names the parts of the table `results`.
    pub result_ids: BTreeSet<String>,
    pub(crate) file_runs: Arc<FileRuns>,
}

/// The run of every file that is of one run alone, by what its footer says of its rows.
pub(crate) type FileRuns = HashMap<Path, String>;

impl Dataset {
    /// Lists the dataset's tables and checks every file's footer, leaving the footers in the cache of `runtime`.
    ///
    /// # Errors
    /// [`Error::NothingThere`] for a place without trajectories, [`Error::UnreadableFile`], [`Error::ForeignFile`] or
    /// [`Error::NewerSchema`] for a file that this program cannot trust, [`Error::List`] when the store refuses.
    pub async fn open(location: &DatasetLocation, runtime: &RuntimeEnv) -> Result<Self> {
        let files = list(location, &layout::trajectories_folder(location.root())).await?;
        if files.is_empty() {
            return Err(nothing_there(location).await);
        }
        let runs = files
            .iter()
            .map(|file| RunFile::parse(&file.location, location.root()))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| located(error, location))?;
        let recording_files = list(location, &layout::recordings_folder(location.root())).await?;
        let n_recordings = recording_files.len();
        for file in &recording_files {
            RunFile::parse_recordings(&file.location, location.root())
                .map_err(|error| located(error, location))?;
        }
        let result_files = list(location, &layout::results_folder(location.root())).await?;
        let names = result_files
            .iter()
            .filter_map(|file| file.location.filename());
        let result_ids = names
            .map(|name| name.trim_end_matches(".parquet").to_owned())
            .collect();
        let of = |files: Vec<ObjectMeta>, table, schema: fn() -> SchemaRef| {
            let checks = Arc::new(Checks {
                location: location.clone(),
                footers: runtime.cache_manager.get_file_metadata_cache(),
                table,
                expected: schema(),
                passed: Mutex::default(),
            });
            files
                .into_iter()
                .map(move |file| (file, Arc::clone(&checks)))
        };
        let all = of(files, trajectories::TABLE, trajectories::file_schema)
            .chain(of(
                recording_files,
                recordings::TABLE,
                recordings::file_schema,
            ))
            .chain(of(result_files, results::TABLE, results::file_schema));
        let file_runs = stream::iter(all)
            .map(|(file, checks)| {
                tokio::spawn(async move {
                    let run_id = checks.check(&file).await?;
                    Ok(run_id.map(|run_id| (file.location, run_id)))
                })
            })
            .buffer_unordered(CONCURRENT_FOOTERS)
            .map(|checked| {
                checked.unwrap_or_else(|source| {
                    let doing = "checking the dataset's files";
                    Err(Error::Computation { doing, source })
                })
            })
            .try_filter_map(async |file_run| Ok(file_run))
            .try_collect::<FileRuns>()
            .await?;
        Ok(Self {
            location: location.clone(),
            runs,
            n_recordings,
            result_ids,
            file_runs: Arc::new(file_runs),
        })
    }
}

async fn list(location: &DatasetLocation, folder: &Path) -> Result<Vec<ObjectMeta>> {
    match location
        .store()
        .list(Some(folder))
        .try_collect::<Vec<_>>()
        .await
    {
        Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
        Err(source) => Err(Error::List {
            place: location.display(folder),
            source,
        }),
        // The order of a listing is the store's; errors and plans should not depend on it.
        Ok(mut files) => {
            files.sort_by(|a, b| a.location.cmp(&b.location));
            Ok(files)
        }
    }
}

async fn nothing_there(location: &DatasetLocation) -> Error {
    let nothing = |found| Error::NothingThere {
        location: place(location),
        found,
    };
    match location
        .store()
        .list_with_delimiter(Some(location.root()))
        .await
    {
        Ok(listing) if !listing.objects.is_empty() || !listing.common_prefixes.is_empty() => {
            nothing("what is there has no folder `trajectories` with files in it")
        }
        _ => nothing("the place is empty or does not exist"),
    }
}

/// The dataset's place as a user would write it.
fn place(location: &DatasetLocation) -> String {
    let place = location.local_path().map_or_else(
        || location.url().to_string(),
        |path| path.display().to_string(),
    );
    match place.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() => shorter.to_owned(),
        _ => place,
    }
}

/// The file of a layout error in the form that a user can open.
fn located(error: engram_schemas::Error, location: &DatasetLocation) -> Error {
    match error {
        engram_schemas::Error::ForeignFile {
            path,
            table,
            reason,
        } => Error::ForeignFile {
            file: location.display(&path),
            table,
            reason,
        },
        other => other.into(),
    }
}

/// What every part of a table is checked against.
struct Checks {
    location: DatasetLocation,
    /// Where the footers stay.
    footers: Arc<FileMetadataCache>,
    table: &'static str,
    expected: SchemaRef,
    /// The schema of a file that was what it should be.
    passed: Mutex<Option<FileSchema>>,
}

/// A file's schema as it stands in its footer: Parquet's and Arrow's.
#[derive(PartialEq)]
struct FileSchema {
    parquet: SchemaDescPtr,
    arrow: Option<String>,
}

impl Checks {
    /// Checks a file, and gives the run that all its rows are of, if there is one.
    async fn check(&self, object: &ObjectMeta) -> Result<Option<String>> {
        let file = || self.location.display(&object.location);
        let table = self.table;
        let store: &dyn ObjectStore = self.location.store().as_ref();
        let footer = DFParquetMetadata::new(store, object)
            .with_file_metadata_cache(Some(Arc::clone(&self.footers)))
            // What lies in the pages is asked by few questions; these fetch it.
            .with_page_index_policy(Some(PageIndexPolicy::Skip))
            .fetch_metadata()
            .await
            .map_err(|error| Error::UnreadableFile {
                file: file(),
                table,
                source: parquet_error(error),
            })?;
        let foreign = |reason| Error::ForeignFile {
            file: file(),
            table,
            reason,
        };
        let version = entry(&footer, SCHEMA_VERSION_KEY).ok_or_else(|| {
            foreign(format!(
                "its metadata has no `{SCHEMA_VERSION_KEY}`, so engram did not write it"
            ))
        })?;
        if major(version) > major(SCHEMA_VERSION) {
            return Err(Error::NewerSchema {
                file: file(),
                found: version.to_owned(),
            });
        }
        let schema = FileSchema {
            parquet: footer.file_metadata().schema_descr_ptr(),
            arrow: entry(&footer, ARROW_SCHEMA_META_KEY).map(str::to_owned),
        };
        if self.passed().as_ref() == Some(&schema) {
            return Ok(run_of(&footer));
        }
        let found = footer.file_metadata();
        let found = parquet_to_arrow_schema(found.schema_descr(), found.key_value_metadata());
        let found = found.map_err(|source| Error::UnreadableFile {
            file: file(),
            table,
            source,
        })?;
        if let Some(reason) = difference(&self.expected, &found) {
            return Err(foreign(reason));
        }
        *self.passed() = Some(schema);
        Ok(run_of(&footer))
    }

    fn passed(&self) -> MutexGuard<'_, Option<FileSchema>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file's metadata says under `key`.
fn entry<'a>(footer: &'a ParquetMetaData, key: &str) -> Option<&'a str> {
    footer
        .file_metadata()
        .key_value_metadata()?
        .iter()
        .find(|entry| entry.key == key)?
        .value
        .as_deref()
}

/// The run that all rows are of, if the bounds of every row group say so.
fn run_of(footer: &ParquetMetaData) -> Option<String> {
    let columns = footer.file_metadata().schema_descr().columns();
    let place = columns
        .iter()
        .position(|column| column.name() == column::RUN_ID)?;
    let mut runs = footer.row_groups().iter().map(|rows| {
        let bounds = rows.column(place).statistics()?;
        let is_one = bounds.min_is_exact() && bounds.max_is_exact();
        let (least, most) = (bounds.min_bytes_opt()?, bounds.max_bytes_opt()?);
        (is_one && least == most).then_some(least)
    });
    let first = runs.next()??;
    let is_one = runs.all(|run| run == Some(first));
    is_one.then(|| String::from_utf8(first.to_vec()).ok())?
}

/// The major part of a version. What is not a number is newer than anything known.
fn major(version: &str) -> u64 {
    version
        .split('.')
        .next()
        .and_then(|part| part.parse().ok())
        .unwrap_or(u64::MAX)
}

/// Why a file of schema `found` is no part of a table of schema `expected`. Columns beyond the expected ones are left
/// alone: a later minor version may add some, and those that an earlier one lacks may be NULL.
fn difference(expected: &Schema, found: &Schema) -> Option<String> {
    expected
        .fields()
        .iter()
        .find_map(|field| match found.field_with_name(field.name()) {
            Err(_) if field.is_nullable() => None,
            Err(_) => Some(format!("it has no column `{}`", field.name())),
            Ok(column) if !column.data_type().equals_datatype(field.data_type()) => Some(format!(
                "its column `{}` is {}, not {}",
                field.name(),
                column.data_type(),
                field.data_type()
            )),
            Ok(_) => None,
        })
}

fn parquet_error(error: datafusion::error::DataFusionError) -> ParquetError {
    match error {
        datafusion::error::DataFusionError::ParquetError(error) => *error,
        other => ParquetError::External(Box::new(other)),
    }
}

/// The folder of one of the dataset's tables as a URL that ends in a slash.
pub(crate) fn table_url(location: &DatasetLocation, table: &str) -> url::Url {
    let mut url = location.url().clone();
    let path = format!("{}{table}/", url.path());
    url.set_path(&path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_major_part() {
        assert!(major("2.0") > major("1.9"));
        assert_eq!(major("1.12"), major("1.0"));
        assert!(major("later") > major("1.0"));
    }

    #[test]
    fn the_difference_of_two_schemas_is_named() {
        use arrow::datatypes::{DataType, Field};
        let schema = |name, data_type| Schema::new(vec![Field::new(name, data_type, false)]);
        let expected = schema("epoch", DataType::Int32);
        assert_eq!(
            difference(&expected, &schema("epoch", DataType::Int32)),
            None
        );
        assert_eq!(
            difference(&expected, &schema("epoch", DataType::Utf8)).as_deref(),
            Some("its column `epoch` is Utf8, not Int32")
        );
        assert_eq!(
            difference(&expected, &schema("step", DataType::Int32)).as_deref(),
            Some("it has no column `epoch`")
        );
    }
}
