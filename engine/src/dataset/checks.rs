//! Checks that a file is a part of its table, by its footer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use engram_schemas::trajectories::{self, column};
use engram_schemas::{DatasetLocation, SCHEMA_VERSION, SCHEMA_VERSION_KEY, recordings};
use object_store::ObjectMeta;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, parquet_to_arrow_schema};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use super::FileOfRun;
use super::footers::{self, Columns};
use crate::{Error, Result};

/// What every part of a table is checked against.
pub(super) struct Checks {
    pub(super) location: DatasetLocation,
    /// Where the footers stay.
    pub(super) footers: Arc<FileMetadataCache>,
    pub(super) table: &'static str,
    pub(super) expected: SchemaRef,
    /// The schemas of files that were what they should be.
    pub(super) passed: Mutex<Vec<Passed>>,
}

/// So many schemas are remembered. A dataset has one for each version that wrote some of it.
const SCHEMAS: usize = 8;

/// A schema that passed, as it stands in footers.
#[derive(Clone)]
pub(super) struct Passed {
    columns: Columns,
    /// The same as Arrow has it.
    arrow: Option<Arc<str>>,
    /// Whether it is the table's to the letter.
    has_the_tables_columns: bool,
    /// Whether Parquet's schema alone says so much.
    is_said_by_parquet: bool,
}

impl Checks {
    /// Checks a file, and says of which run all its rows are, if they are of one.
    pub(super) async fn check(&self, object: &ObjectMeta) -> Result<Option<FileOfRun>> {
        let file = || self.location.display(&object.location);
        let kept = footers::kept(self.footers.as_ref(), object);
        let is_kept = kept.is_some();
        let (footer, columns) = match kept {
            Some(footer) => {
                let columns = Columns::of_kept(&footer);
                (footer, columns)
            }
            None => {
                let known = || {
                    let passed = self.passed();
                    passed.iter().map(|passed| passed.columns.clone()).collect()
                };
                let read = footers::read(self.location.store().as_ref(), object, known).await;
                let (footer, columns) = read.map_err(|source| self.unreadable(object, source))?;
                (Arc::new(footer), columns)
            }
        };
        let foreign = |reason| self.foreign(object, reason);
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
        let passed = self.compare(object, &footer, columns)?;
        let of_run = run_of(&footer).map(|run_id| FileOfRun {
            run_id,
            has_the_tables_columns: passed.has_the_tables_columns,
        });
        if !is_kept {
            let footer = match passed.has_the_tables_columns && passed.is_said_by_parquet {
                true => Arc::new(footers::without_arrow_schema(Arc::unwrap_or_clone(footer))),
                false => footer,
            };
            footers::keep(self.footers.as_ref(), object, footer);
        }
        Ok(of_run)
    }

    /// Compares a file's schema with the table's, unless it is that of a file before.
    fn compare(
        &self,
        object: &ObjectMeta,
        footer: &ParquetMetaData,
        columns: Columns,
    ) -> Result<Passed> {
        let arrow = entry(footer, ARROW_SCHEMA_META_KEY);
        let is_equal = |passed: &&Passed| {
            Arc::ptr_eq(&passed.columns.schema, &columns.schema) && passed.arrow.as_deref() == arrow
        };
        if let Some(passed) = self.passed().iter().find(is_equal) {
            return Ok(passed.clone());
        }
        let found = footer.file_metadata();
        let (parquet, entries) = (found.schema_descr(), found.key_value_metadata());
        let found = parquet_to_arrow_schema(parquet, entries)
            .map_err(|source| self.unreadable(object, source))?;
        if let Some(reason) = difference(&self.expected, &found) {
            return Err(self.foreign(object, reason));
        }
        let by_parquet = parquet_to_arrow_schema(parquet, None);
        let passed = Passed {
            columns,
            arrow: arrow.map(Arc::from),
            has_the_tables_columns: found.fields() == self.expected.fields(),
            is_said_by_parquet: by_parquet
                .is_ok_and(|by_parquet| by_parquet.fields() == found.fields()),
        };
        let mut all = self.passed();
        // The same may have passed meanwhile.
        let is_new = !all.iter().any(|other| {
            other.columns.schema == passed.columns.schema && other.arrow == passed.arrow
        });
        if is_new && all.len() < SCHEMAS {
            all.push(passed.clone());
        }
        Ok(passed)
    }

    fn unreadable(&self, object: &ObjectMeta, source: ParquetError) -> Error {
        Error::UnreadableFile {
            file: self.location.display(&object.location),
            table: self.table,
            source,
        }
    }

    fn foreign(&self, object: &ObjectMeta, reason: String) -> Error {
        Error::ForeignFile {
            file: self.location.display(&object.location),
            table: self.table,
            reason,
        }
    }

    fn passed(&self) -> MutexGuard<'_, Vec<Passed>> {
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
pub(super) fn major(version: &str) -> u64 {
    version
        .split('.')
        .next()
        .and_then(|part| part.parse().ok())
        .unwrap_or(u64::MAX)
}

/// Why a file is no part of a table, by the columns that its footer names: one that a table is to have is missing or of
/// another type. Nothing for a name that is no table's.
pub fn schema_problem(table: &str, footer: &ParquetMetaData) -> Option<String> {
    let expected = match table {
        trajectories::TABLE => trajectories::file_schema(),
        recordings::TABLE => recordings::file_schema(),
        _ => return None,
    };
    let file = footer.file_metadata();
    match parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()) {
        Ok(found) => difference(&expected, &found),
        Err(error) => Some(error.to_string()),
    }
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
