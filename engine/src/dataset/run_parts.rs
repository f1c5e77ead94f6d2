//! Looks up in a release's index which parts have rows of a run.
//!
//! The index is sorted by run. Its end, which says which page has which runs, is read once, and of the rest the pages of the runs
//! that are asked for.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::AsArray;
use bytes::Bytes;
use engram_schemas::run_parts::column;
use engram_schemas::{DatasetLocation, Manifest};
use futures::future::{BoxFuture, try_join_all};
use futures::{FutureExt, TryFutureExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, RowSelection, RowSelector,
};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use tokio::sync::OnceCell;

/// What is read of the index's end at once: that of 500,000 runs.
const END_BYTES: usize = 32 << 10;

/// The parts of a run.
pub(crate) type PartsOfRun = Arc<[Path]>;

/// The index of a release.
#[derive(Debug)]
pub(crate) struct RunParts {
    file: IndexFile,
    root: Path,
    end: OnceCell<ArrowReaderMetadata>,
    known: Mutex<HashMap<String, PartsOfRun>>,
}

impl RunParts {
    /// The index of a release, if it has one.
    ///
    /// # Errors
    /// As [`engram_schemas::manifest::File::path`].
    pub(crate) fn of(
        manifest: &Manifest,
        location: &DatasetLocation,
    ) -> engram_schemas::Result<Option<Self>> {
        let Some(file) = manifest.run_parts() else {
            return Ok(None);
        };
        Ok(Some(Self {
            file: IndexFile {
                store: Arc::clone(location.store()),
                path: file.path(location.root())?,
                size: file.size_bytes,
            },
            root: location.root().clone(),
            end: OnceCell::new(),
            known: Mutex::default(),
        }))
    }

    /// The parts of those of some runs that the index has.
    ///
    /// # Errors
    /// For an index that cannot be read.
    pub(crate) async fn look_up(
        &self,
        runs: &BTreeSet<&str>,
    ) -> Result<HashMap<String, PartsOfRun>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown: BTreeSet<&str> = {
            let known = known();
            let runs = runs.iter().copied();
            runs.filter(|run| !known.contains_key(*run)).collect()
        };
        if !unknown.is_empty() {
            let read = self.read(&unknown).await?;
            known().extend(read);
        }
        let known = known();
        let found = runs.iter().filter_map(|run| known.get_key_value(*run));
        Ok(found
            .map(|(run, parts)| (run.clone(), Arc::clone(parts)))
            .collect())
    }

    async fn read(&self, runs: &BTreeSet<&str>) -> Result<HashMap<String, PartsOfRun>> {
        let mut file = self.file.clone();
        let end = self.end.get_or_try_init(|| async {
            let options =
                ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
            ArrowReaderMetadata::load_async(&mut file, options).await
        });
        let end = end.await?.clone();
        let pages = pages(end.metadata(), runs);
        let rows = ParquetRecordBatchStreamBuilder::new_with_metadata(self.file.clone(), end)
            .with_row_selection(pages)
            .build()?;
        let batches: Vec<_> = rows.try_collect().await?;
        let mut found: HashMap<String, Vec<Path>> = HashMap::new();
        for batch in batches {
            let texts = |name| batch.column_by_name(name)?.as_string_opt::<i32>();
            let (Some(of), Some(parts)) = (texts(column::RUN_ID), texts(column::PART)) else {
                let file = &self.file.path;
                return Err(ParquetError::General(format!(
                    "{file} is no index of runs: it lacks the columns of one"
                )));
            };
            for (run, part) in of.iter().zip(parts).filter_map(|(run, part)| run.zip(part)) {
                if runs.contains(run) {
                    let part = Path::from(part);
                    let part = self.root.parts().chain(part.parts()).collect();
                    found.entry(run.to_owned()).or_default().push(part);
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|(run, parts)| (run, parts.into()))
            .collect())
    }
}

/// The index in its store.
#[derive(Clone, Debug)]
struct IndexFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for IndexFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        let read = self.store.get_range(&self.path, range);
        read.map_err(failed).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        // A store would bring what lies less than a megabyte apart together, and all between.
        let read = ranges
            .into_iter()
            .map(|range| self.store.get_range(&self.path, range));
        try_join_all(read).map_err(failed).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let read = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(END_BYTES))
                .load_and_finish(self, size);
            Ok(Arc::new(read.await?))
        }
        .boxed()
    }
}

fn failed(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// The rows of those pages that may have one of the runs: all rows where it is not known which.
fn pages(metadata: &ParquetMetaData, runs: &BTreeSet<&str>) -> RowSelection {
    let mut selectors = Vec::new();
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let n_rows = usize::try_from(group.num_rows()).unwrap_or_default();
        let place = group
            .columns()
            .iter()
            .position(|column| column.column_descr().name() == column::RUN_ID);
        let index = place.and_then(|place| {
            let bounds = metadata.column_index()?.get(number)?.get(place)?;
            let pages = metadata.offset_index()?.get(number)?.get(place)?;
            match bounds {
                ColumnIndexMetaData::BYTE_ARRAY(bounds) => Some((bounds, pages.page_locations())),
                _ => None,
            }
        });
        let Some((bounds, pages)) = index else {
            selectors.push(RowSelector::select(n_rows));
            continue;
        };
        let first_row = |page: usize| {
            pages.get(page).map_or(n_rows, |page| {
                usize::try_from(page.first_row_index).unwrap_or_default()
            })
        };
        for page in 0..pages.len() {
            let n_rows = first_row(page + 1) - first_row(page);
            let may_have = |(least, greatest): (&[u8], &[u8])| {
                runs.iter()
                    .any(|run| least <= run.as_bytes() && run.as_bytes() <= greatest)
            };
            let bounds = bounds.min_value(page).zip(bounds.max_value(page));
            selectors.push(match bounds.is_none_or(may_have) {
                true => RowSelector::select(n_rows),
                false => RowSelector::skip(n_rows),
            });
        }
    }
    selectors.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{RecordBatch, StringArray};
    use engram_schemas::run_parts::file_schema;
    use object_store::memory::InMemory;
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    const PAGE_ROWS: usize = 50;

    /// An index of runs 0, 2, 4, ..., every tenth of which has two parts.
    async fn index(n_runs: usize) -> RunParts {
        let mut rows = Vec::new();
        for run in 0..n_runs {
            rows.push((name(2 * run), "trajectories/a.parquet"));
            if run % 10 == 0 {
                rows.push((name(2 * run), "recordings/b.parquet"));
            }
        }
        rows.sort();
        let runs = StringArray::from_iter_values(rows.iter().map(|(run, _)| run));
        let parts = StringArray::from_iter_values(rows.iter().map(|(_, part)| part));
        let rows =
            RecordBatch::try_new(file_schema(), vec![Arc::new(runs), Arc::new(parts)]).unwrap();
        let properties = WriterProperties::builder()
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        let file = IndexFile {
            store: Arc::new(InMemory::new()),
            path: Path::from("release/run_parts.parquet"),
            size: bytes.len() as u64,
        };
        file.store.put(&file.path, bytes.into()).await.unwrap();
        RunParts {
            file,
            root: Path::from("release"),
            end: OnceCell::new(),
            known: Mutex::default(),
        }
    }

    fn name(run: usize) -> String {
        format!("{run:08x}")
    }

    #[tokio::test]
    async fn every_run_is_found_and_no_other() {
        let n_runs = 500;
        let trajectories = Path::from("release/trajectories/a.parquet");
        let recordings = Path::from("release/recordings/b.parquet");
        let index = index(n_runs).await;
        let names: Vec<String> = (0..2 * n_runs + 1).map(name).collect();
        for (number, run) in names.iter().enumerate() {
            let found = index.look_up(&[run.as_str()].into()).await.unwrap();
            let parts = found.get(run).map_or(&[][..], |parts| parts);
            let is_there = number < 2 * n_runs && number % 2 == 0;
            assert_eq!(parts.contains(&trajectories), is_there, "{run}");
            assert_eq!(parts.contains(&recordings), is_there && number % 20 == 0);
        }
        let all = names.iter().map(String::as_str).collect();
        assert_eq!(index.look_up(&all).await.unwrap().len(), n_runs);
        // What is known is not asked again.
        index.file.store.delete(&index.file.path).await.unwrap();
        let some = [names[4].as_str(), &names[6]].into();
        assert_eq!(index.look_up(&some).await.unwrap().len(), 2);
        assert!(index.look_up(&[names[5].as_str()].into()).await.is_err());
    }

    #[tokio::test]
    async fn a_run_is_a_page_of_the_index() {
        let index = index(5_000).await;
        let mut file = index.file.clone();
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let end = ArrowReaderMetadata::load_async(&mut file, options).await;
        let end = end.unwrap();
        for run in [0, 1_234, 9_998].map(name) {
            let n_rows = pages(end.metadata(), &[run.as_str()].into()).row_count();
            assert!((1..=2 * PAGE_ROWS).contains(&n_rows), "{n_rows}");
        }
        assert_eq!(pages(end.metadata(), &["~"].into()).row_count(), 0);
    }
}
