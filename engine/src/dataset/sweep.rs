//! The files of a sweep area, one a run: listed once, and every footer read before the first question.
//!
//! A truncated or foreign file among thousands would otherwise surface in the middle of a query, or not at all. The footers
//! stay in the session's cache, so that planning does not read them again. Reading one is waiting where the store is remote,
//! and computing where it is not, so that the runtime's threads share them. Files of one version have equal schemas, which are
//! compared with the contract once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use datafusion::execution::runtime_env::RuntimeEnv;
use engram_schemas::{DatasetLocation, RunFile, recordings, results, trajectories};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::checks::Checks;
use super::content::{Content, check_content};
use super::{Damaged, FileOfRun, FileRuns, TableFile};
use crate::session::Damage;
use crate::{Error, Result};

/// How many footers are read at a time. Reading one is all waiting where the store is remote.
const CONCURRENT_FOOTERS: usize = 32;

/// How many whole files are read at a time.
const CONCURRENT_FILES: usize = 4;

/// The parts of the tables, checked.
pub(super) struct Parts {
    pub(super) files: Vec<TableFile>,
    pub(super) damaged: Vec<Damaged>,
    pub(super) file_runs: FileRuns,
}

/// Lists a table's folder.
pub(super) async fn list_table(
    location: &DatasetLocation,
    table: &'static str,
) -> Result<Vec<TableFile>> {
    let folder = location.root().clone().join(table);
    let objects = list(location, &folder).await?;
    Ok(objects
        .into_iter()
        .map(|object| TableFile { table, object })
        .collect())
}

/// Checks the files of some tables, leaving their footers in the cache of `runtime`. What is wrong is an error, or left out.
pub(super) async fn check(
    location: &DatasetLocation,
    files: Vec<TableFile>,
    damage: Damage,
    runtime: &RuntimeEnv,
) -> Result<Parts> {
    let checks_of = |table: &'static str, expected: SchemaRef| {
        let checks = Checks {
            location: location.clone(),
            footers: runtime.cache_manager.get_file_metadata_cache(),
            table,
            expected,
            passed: Mutex::default(),
        };
        (table, Arc::new(checks))
    };
    let checks = HashMap::from([
        checks_of(trajectories::TABLE, trajectories::file_schema()),
        checks_of(recordings::TABLE, recordings::file_schema()),
        checks_of(results::TABLE, results::file_schema()),
    ]);
    let all = files.into_iter().filter_map(|file| {
        let checks = checks.get(file.table)?;
        Some((file, Arc::clone(checks)))
    });
    let n_at_a_time = match damage {
        Damage::Refuse => CONCURRENT_FOOTERS,
        Damage::Skip => CONCURRENT_FILES,
    };
    let mut checked = stream::iter(all)
        .map(|(file, checks)| {
            tokio::spawn(async move {
                let found = check_file(&file, &checks, damage).await;
                (file, found)
            })
        })
        .buffer_unordered(n_at_a_time);
    let mut parts = Parts {
        files: Vec::new(),
        damaged: Vec::new(),
        file_runs: FileRuns::new(),
    };
    while let Some(done) = checked.next().await {
        let doing = "checking the dataset's files";
        let (file, found) = done.map_err(|source| Error::Computation { doing, source })?;
        match found {
            Ok(of_run) => {
                if let Some(of_run) = of_run {
                    parts.file_runs.insert(file.object.location.clone(), of_run);
                }
                parts.files.push(file);
            }
            Err(error) if damage == Damage::Skip && is_of_the_file(&error) => {
                parts.damaged.push(Damaged {
                    file: location.display(&file.object.location),
                    reason: reason(&error),
                });
            }
            Err(error) => return Err(error),
        }
    }
    parts
        .files
        .sort_by(|a, b| (a.table, &a.object.location).cmp(&(b.table, &b.object.location)));
    parts.damaged.sort();
    Ok(parts)
}

/// Checks a file's name and footer, and where damaged files are to be left out also its bytes. Gives the run that all its rows
/// are of, if there is one.
async fn check_file(
    file: &TableFile,
    checks: &Checks,
    damage: Damage,
) -> Result<Option<FileOfRun>> {
    let (object, location) = (&file.object, &checks.location);
    let named = match file.table {
        trajectories::TABLE => RunFile::parse(&object.location, location.root()).map(|_| ()),
        recordings::TABLE => {
            RunFile::parse_recordings(&object.location, location.root()).map(|_| ())
        }
        _ => Ok(()),
    };
    named.map_err(|error| located(error, location))?;
    let of_run = checks.check(object).await?;
    if damage == Damage::Skip {
        let read = async { location.store().get(&object.location).await?.bytes().await };
        let bytes = read.await.map_err(|source| Error::List {
            place: location.display(&object.location),
            source,
        })?;
        if let Content::Damaged { reason } = check_content(&bytes) {
            return Err(Error::ForeignFile {
                file: location.display(&object.location),
                table: file.table,
                reason,
            });
        }
    }
    Ok(of_run)
}

/// Whether an error is about a single file, and not about the store or the version of this program.
fn is_of_the_file(error: &Error) -> bool {
    match error {
        // A store that refuses or times out says nothing about the file.
        Error::UnreadableFile { source, .. } => {
            !matches!(source, parquet::errors::ParquetError::External(_))
        }
        Error::ForeignFile { .. } => true,
        _ => false,
    }
}

fn reason(error: &Error) -> String {
    match error {
        Error::UnreadableFile { source, .. } => source.to_string(),
        Error::ForeignFile { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

/// The objects below a folder, sorted; none where there is no folder.
///
/// # Errors
/// [`Error::List`] when the store refuses.
pub async fn list(location: &DatasetLocation, folder: &Path) -> Result<Vec<ObjectMeta>> {
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
