//! The footers that a session keeps. Those of some files are kept as queries read them, 28 kB of a run's file; those of all further files
//! as they stand in a file, in less than a third of that, and are decoded whenever a query opens the file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use datafusion::common::{HashMap as Entries, Result, TableReference};
// Not the type of that name one module up, which queries do not look for.
use datafusion::datasource::physical_plan::parquet::metadata::CachedParquetMetaData;
use datafusion::execution::cache::cache_manager::CachedFileMetadataEntry;
use datafusion::execution::cache::default_cache::DefaultCache;
use datafusion::execution::cache::{Cache, CacheEntryInfo};
use object_store::ObjectMeta;
use object_store::path::Path;
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::schema::types::SchemaDescPtr;

use super::footers::TAIL;

/// Files whose footers are kept as queries read them: more than the study has runs.
const N_DECODED: usize = 2_000;

/// Footers by the files that they are of.
pub(crate) struct FooterCache {
    n_decoded: usize,
    decoded: DefaultCache<Path, CachedFileMetadataEntry>,
    encoded: Mutex<Encoded>,
}

/// Footers as they stand in a file.
struct Encoded {
    footers: HashMap<Path, EncodedFooter>,
    n_bytes: usize,
    /// What does not fit is read again by every scan of a query.
    limit: usize,
}

#[derive(Clone)]
struct EncodedFooter {
    object: ObjectMeta,
    bytes: Bytes,
    /// What the columns are, which is said once for many files.
    schema: SchemaDescPtr,
}

impl FooterCache {
    pub(crate) fn new() -> Self {
        Self::of(N_DECODED)
    }

    fn of(n_decoded: usize) -> Self {
        Self {
            n_decoded,
            // Its own limit is a number of files.
            decoded: DefaultCache::new(usize::MAX),
            encoded: Mutex::new(Encoded {
                footers: HashMap::new(),
                n_bytes: 0,
                limit: usize::MAX,
            }),
        }
    }

    fn encoded(&self) -> MutexGuard<'_, Encoded> {
        self.encoded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a footer is kept as it is.
    fn stays_decoded(&self, file: &Path, footer: &ParquetMetaData) -> bool {
        let has_indexes = footer.column_index().is_some() || footer.offset_index().is_some();
        has_indexes || self.decoded.len() < self.n_decoded || self.decoded.contains_key(file)
    }
}

impl Encoded {
    fn insert(&mut self, file: &Path, footer: EncodedFooter) -> Option<EncodedFooter> {
        let before = self.remove(file);
        if self.n_bytes + footer.size() <= self.limit {
            self.n_bytes += footer.size();
            self.footers.insert(file.clone(), footer);
        }
        before
    }

    fn remove(&mut self, file: &Path) -> Option<EncodedFooter> {
        let removed = self.footers.remove(file)?;
        self.n_bytes -= removed.size();
        Some(removed)
    }
}

impl EncodedFooter {
    fn of(entry: &CachedFileMetadataEntry, footer: &ParquetMetaData) -> Option<Self> {
        let mut bytes = Vec::new();
        ParquetMetaDataWriter::new(&mut bytes, footer)
            .with_write_path_in_schema(false)
            .finish()
            .ok()?;
        bytes.truncate(bytes.len().checked_sub(TAIL)?);
        bytes.shrink_to_fit();
        Some(Self {
            object: entry.meta.clone(),
            bytes: bytes.into(),
            schema: footer.file_metadata().schema_descr_ptr(),
        })
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 2 * self.object.location.as_ref().len() + self.bytes.len()
    }

    /// What was kept; nothing where it cannot be decoded, so that the file is read.
    fn decoded(&self) -> Option<CachedFileMetadataEntry> {
        let options = ParquetMetaDataOptions::new().with_schema(Arc::clone(&self.schema));
        let footer =
            ParquetMetaDataReader::decode_metadata_with_options(&self.bytes, Some(&options));
        let footer = CachedParquetMetaData::new(Arc::new(footer.ok()?));
        Some(CachedFileMetadataEntry::new(
            self.object.clone(),
            Arc::new(footer),
        ))
    }
}

impl Cache<Path, CachedFileMetadataEntry> for FooterCache {
    fn get(&self, file: &Path) -> Option<CachedFileMetadataEntry> {
        self.decoded.get(file).or_else(|| {
            // Others need not wait for the decoding.
            let encoded = self.encoded().footers.get(file).cloned();
            encoded?.decoded()
        })
    }

    fn put(&self, file: &Path, entry: CachedFileMetadataEntry) -> Option<CachedFileMetadataEntry> {
        let footer = entry.file_metadata.as_any();
        let footer = footer.downcast_ref::<CachedParquetMetaData>();
        let footer = footer.map(CachedParquetMetaData::parquet_metadata);
        let encoded = footer
            .filter(|footer| !self.stays_decoded(file, footer))
            .and_then(|footer| EncodedFooter::of(&entry, footer));
        let before = match encoded {
            Some(encoded) => self.encoded().insert(file, encoded),
            None => {
                let before = self.encoded().remove(file);
                return self.decoded.put(file, entry).or_else(|| before?.decoded());
            }
        };
        before?.decoded()
    }

    fn remove(&self, file: &Path) -> Option<CachedFileMetadataEntry> {
        let encoded = self.encoded().remove(file);
        self.decoded.remove(file).or_else(|| encoded?.decoded())
    }

    fn contains_key(&self, file: &Path) -> bool {
        self.decoded.contains_key(file) || self.encoded().footers.contains_key(file)
    }

    fn len(&self) -> usize {
        self.decoded.len() + self.encoded().footers.len()
    }

    fn clear(&self) {
        self.decoded.clear();
        let mut encoded = self.encoded();
        encoded.footers.clear();
        encoded.n_bytes = 0;
    }

    fn name(&self) -> String {
        "FooterCache".to_owned()
    }

    fn cache_limit(&self) -> usize {
        self.encoded().limit
    }

    fn update_cache_limit(&self, limit: usize) {
        self.encoded().limit = limit;
    }

    fn cache_ttl(&self) -> Option<Duration> {
        None
    }

    fn update_cache_ttl(&self, _: Option<Duration>) {}

    fn drop_table_entries(&self, table: &TableReference) -> Result<()> {
        self.decoded.drop_table_entries(table)
    }

    fn list_entries(&self) -> Entries<Path, CacheEntryInfo<CachedFileMetadataEntry>> {
        let mut entries = self.decoded.list_entries();
        let encoded = self.encoded();
        let encoded = encoded.footers.iter().filter_map(|(file, footer)| {
            let info = CacheEntryInfo {
                value: footer.decoded()?,
                size_bytes: footer.size(),
                hits: 0,
                expires: None,
            };
            Some((file.clone(), info))
        });
        entries.extend(encoded);
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::footers::{self, Columns};
    use datafusion::execution::cache::cache_manager::FileMetadataCache;
    use object_store::ObjectStore;
    use object_store::memory::InMemory;

    /// Files of one version, and the cache after all of their footers were kept.
    async fn kept(
        n_files: usize,
        n_decoded: usize,
    ) -> (Vec<(ObjectMeta, ParquetMetaData)>, FooterCache) {
        let store = InMemory::new();
        let cache = FooterCache::of(n_decoded);
        let mut files: Vec<(ObjectMeta, ParquetMetaData)> = Vec::new();
        let mut known: Vec<Columns> = Vec::new();
        for number in 0..n_files {
            let path = format!("file-{number}");
            let object = footers::tests::put(&store, &path, footers::tests::file(30)).await;
            let store: &dyn ObjectStore = &store;
            let (footer, columns) = footers::read(store, &object, || known.clone())
                .await
                .unwrap();
            known.push(columns);
            footers::keep(&cache, &object, Arc::new(footer.clone()));
            files.push((object, footer));
        }
        (files, cache)
    }

    fn footer(cache: &FileMetadataCache, object: &ObjectMeta) -> Option<ParquetMetaData> {
        footers::kept(cache, object).map(|footer| ParquetMetaData::clone(&footer))
    }

    #[tokio::test]
    async fn footers_are_what_they_were_and_share_their_columns() {
        let (files, cache) = kept(5, 2).await;
        assert_eq!((cache.decoded.len(), cache.len()), (2, 5));
        let columns = files[0].1.file_metadata().schema_descr_ptr();
        for (object, whole) in &files {
            let found = footer(&cache, object).unwrap();
            assert_eq!(found.row_groups(), whole.row_groups());
            let (found, whole) = (found.file_metadata(), whole.file_metadata());
            assert_eq!(found.key_value_metadata(), whole.key_value_metadata());
            assert_eq!(found.num_rows(), whole.num_rows());
            assert!(Arc::ptr_eq(&found.schema_descr_ptr(), &columns));
        }
        assert_eq!(cache.list_entries().len(), 5);
    }

    #[tokio::test]
    async fn encoded_footers_take_a_fraction_of_the_memory() {
        let (files, cache) = kept(3, 0).await;
        let decoded: usize = files.iter().map(|(_, footer)| footer.memory_size()).sum();
        let encoded = cache.encoded().n_bytes;
        assert!(encoded * 3 < decoded, "{encoded} and {decoded}");
    }

    #[tokio::test]
    async fn a_file_that_changed_has_no_footer() {
        let (mut files, cache) = kept(2, 1).await;
        for (object, _) in &mut files {
            object.size += 1;
            assert!(footer(&cache, object).is_none());
        }
    }

    #[tokio::test]
    async fn a_footer_is_kept_once_and_can_be_removed() {
        let (files, cache) = kept(3, 1).await;
        for (object, whole) in &files {
            footers::keep(&cache, object, Arc::new(whole.clone()));
        }
        assert_eq!((cache.decoded.len(), cache.len()), (1, 3));
        for (object, _) in &files[..2] {
            assert!(cache.contains_key(&object.location));
            assert!(cache.remove(&object.location).is_some());
            assert!(!cache.contains_key(&object.location));
        }
        cache.remove(&files[2].0.location).unwrap();
        assert_eq!(cache.encoded().n_bytes, 0);
        assert!(cache.is_empty());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_not_kept() {
        let (files, cache) = kept(1, 0).await;
        let of_one = cache.encoded().n_bytes;
        cache.clear();
        cache.update_cache_limit(of_one + 1);
        for (place, (mut object, whole)) in
            [files[0].clone(), files[0].clone()].into_iter().enumerate()
        {
            object.location = Path::from(format!("copy-{place}"));
            footers::keep(&cache, &object, Arc::new(whole));
        }
        assert_eq!(cache.len(), 1);
    }
}
