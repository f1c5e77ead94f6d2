//! Footers, read and kept. There is one for every run, and most of what it says is what every other one says: how the columns are
//! called and of which types they are. Kept is that once.

use std::sync::Arc;

use bytes::Bytes;
// Not the type of that name one module up, which queries do not look for.
use datafusion::datasource::physical_plan::parquet::metadata::CachedParquetMetaData;
use datafusion::execution::cache::cache_manager::{CachedFileMetadataEntry, FileMetadataCache};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    FileMetaData, FooterTail, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy,
};
use parquet::schema::types::SchemaDescPtr;

/// What is read of a file's end at once: the footer of a run's file and some of its indexes.
const END_BYTES: u64 = 32 << 10;

/// What stands behind the footer: its length in four bytes, and the name of the format in four.
pub(super) const TAIL: usize = 8;

/// The footer of a file, if it is kept.
pub(super) fn kept(
    footers: &FileMetadataCache,
    object: &ObjectMeta,
) -> Option<Arc<ParquetMetaData>> {
    let entry = footers.get(&object.location)?;
    let footer = entry.file_metadata.as_any();
    let footer = footer.downcast_ref::<CachedParquetMetaData>()?;
    entry
        .is_valid_for(object)
        .then(|| Arc::clone(footer.parquet_metadata()))
}

/// What some files have as columns, and how the footers begin that say so.
#[derive(Clone)]
pub(super) struct Columns {
    pub(super) schema: SchemaDescPtr,
    /// Unknown of files whose footers were read by somebody else.
    beginning: Option<Bytes>,
}

impl Columns {
    /// The columns that a footer says.
    fn of(footer: &Bytes) -> Result<Self> {
        let schema = ParquetMetaDataReader::decode_schema(footer)?;
        // The shortest beginning that says them: what is longer does, what is shorter does not.
        let (mut too_short, mut enough) = (0, footer.len());
        while too_short + 1 < enough {
            let middle = too_short.midpoint(enough);
            match ParquetMetaDataReader::decode_schema(&footer[..middle]) {
                Ok(_) => enough = middle,
                Err(_) => too_short = middle,
            }
        }
        Ok(Self {
            schema,
            beginning: Some(Bytes::copy_from_slice(&footer[..enough])),
        })
    }

    /// The columns of a footer that was read before.
    pub(super) fn of_kept(footer: &ParquetMetaData) -> Self {
        Self {
            schema: footer.file_metadata().schema_descr_ptr(),
            beginning: None,
        }
    }

    fn begin(&self, footer: &[u8]) -> bool {
        let beginning = self.beginning.as_ref();
        beginning.is_some_and(|beginning| footer.starts_with(beginning))
    }
}

/// Reads the footer of a file, and gives its columns: those of `known` that it has, or new ones. What is known is asked when the
/// file was read, as others may have been read meanwhile.
///
/// # Errors
/// For a file that is none of Parquet, and when the store refuses.
pub(super) async fn read(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
    known: impl FnOnce() -> Vec<Columns>,
) -> Result<(ParquetMetaData, Columns)> {
    let bytes = bytes(store, object).await?;
    let known = known().into_iter().find(|known| known.begin(&bytes));
    let columns = match known {
        Some(known) => known,
        None => Columns::of(&bytes)?,
    };
    // No reader looks at these two.
    let options = ParquetMetaDataOptions::new()
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_schema(Arc::clone(&columns.schema));
    let footer = ParquetMetaDataReader::decode_metadata_with_options(&bytes, Some(&options))?;
    Ok((footer, columns))
}

async fn bytes(store: &dyn ObjectStore, object: &ObjectMeta) -> Result<Bytes> {
    let read = async |from: u64| {
        let read = store.get_range(&object.location, from..object.size);
        read.await
            .map_err(|error| ParquetError::External(Box::new(error)))
    };
    let too_few = || {
        let n_bytes = object.size;
        ParquetError::EOF(format!(
            "it has {n_bytes} bytes, too few for a Parquet file"
        ))
    };
    // A store may refuse to read nothing.
    if object.size < TAIL as u64 {
        return Err(too_few());
    }
    let end = read(object.size.saturating_sub(END_BYTES)).await?;
    let tail = end.last_chunk::<TAIL>().ok_or_else(too_few)?;
    let n_bytes = FooterTail::try_new(tail)?.metadata_length() + TAIL;
    let end = match n_bytes <= end.len() {
        true => end,
        false => match object.size.checked_sub(n_bytes as u64) {
            Some(from) => read(from).await?,
            None => {
                return Err(ParquetError::EOF(format!(
                    "its footer is to have {n_bytes} bytes, and it has {}",
                    object.size
                )));
            }
        },
    };
    Ok(end.slice(end.len() - n_bytes..end.len() - TAIL))
}

/// Without the schema of Arrow, a text as long as all the rest, which readers that are told the schema do not look at.
pub(super) fn without_arrow_schema(footer: ParquetMetaData) -> ParquetMetaData {
    let mut parts = footer.into_builder();
    let row_groups = parts.take_row_groups();
    let footer = parts.build();
    let file = footer.file_metadata();
    let entries = file.key_value_metadata().map(|entries| {
        let others = entries
            .iter()
            .filter(|entry| entry.key != ARROW_SCHEMA_META_KEY);
        others.cloned().collect()
    });
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        entries,
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    ParquetMetaData::new(file, row_groups)
}

/// Keeps a footer where queries look for it.
pub(super) fn keep(footers: &FileMetadataCache, object: &ObjectMeta, footer: Arc<ParquetMetaData>) {
    let footer = Arc::new(CachedParquetMetaData::new(footer));
    footers.put(
        &object.location,
        CachedFileMetadataEntry::new(object.clone(), footer),
    );
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, RecordBatch};
    use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
    use datafusion::execution::cache::default_cache::DefaultCache;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use parquet::arrow::{ArrowWriter, parquet_to_arrow_schema};
    use parquet::file::metadata::PageIndexPolicy;

    /// A file of so many columns.
    pub(in super::super) fn file(n_columns: usize) -> Vec<u8> {
        let columns = (0..n_columns).map(|column| {
            let values: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
            (format!("column {column}"), values)
        });
        let rows = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        bytes
    }

    pub(in super::super) async fn put(store: &InMemory, path: &str, bytes: Vec<u8>) -> ObjectMeta {
        let path = Path::from(path);
        store.put(&path, bytes.into()).await.unwrap();
        store.head(&path).await.unwrap()
    }

    #[tokio::test]
    async fn the_footer_is_that_of_the_file_and_its_columns_are_kept_once() {
        let store = InMemory::new();
        // The footer of the last takes more than is read at once.
        for n_columns in [1, 5, 1_000] {
            let bytes = file(n_columns);
            let whole =
                ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(bytes.clone()));
            let whole = whole.unwrap();
            let object = put(&store, "file", bytes).await;
            let (first, columns) = read(&store, &object, Vec::new).await.unwrap();
            assert_eq!(first.file_metadata(), whole.file_metadata());
            assert_eq!(first.num_row_groups(), whole.num_row_groups());
            // Enough of the footer to say the columns, and nothing of what other files say otherwise.
            let beginning = columns.beginning.clone().unwrap();
            assert!(ParquetMetaDataReader::decode_schema(&beginning).is_ok());
            let shorter = &beginning[..beginning.len() - 1];
            assert!(ParquetMetaDataReader::decode_schema(shorter).is_err());
            let known = vec![columns];
            let (second, columns) = read(&store, &object, || known.clone()).await.unwrap();
            let schema = second.file_metadata().schema_descr_ptr();
            assert!(Arc::ptr_eq(&known[0].schema, &schema));
            assert!(Arc::ptr_eq(&known[0].schema, &columns.schema));
            let other = put(&store, "file", file(n_columns + 1)).await;
            let (other, _) = read(&store, &other, || known.clone()).await.unwrap();
            assert_eq!(
                other.file_metadata().schema_descr().num_columns(),
                n_columns + 1
            );
        }
    }

    #[tokio::test]
    async fn what_is_kept_has_the_schema_once() {
        let store = InMemory::new();
        let object = put(&store, "file", file(20)).await;
        let (whole, _) = read(&store, &object, Vec::new).await.unwrap();
        let n_bytes = whole.memory_size();
        let kept = without_arrow_schema(whole);
        assert!(kept.memory_size() < n_bytes);
        let file = kept.file_metadata();
        let schema =
            parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()).unwrap();
        assert_eq!(schema.fields().len(), 20);
        assert_eq!(kept.num_row_groups(), 1);
    }

    /// A query that did not find the footer would read it again.
    #[tokio::test]
    async fn queries_find_what_is_kept() {
        let store = InMemory::new();
        let object = put(&store, "file", file(3)).await;
        let footers: Arc<FileMetadataCache> = Arc::new(DefaultCache::new(1 << 20));
        assert!(kept(footers.as_ref(), &object).is_none());
        let footer = Arc::new(read(&store, &object, Vec::new).await.unwrap().0);
        keep(footers.as_ref(), &object, Arc::clone(&footer));
        let found = kept(footers.as_ref(), &object).unwrap();
        assert!(Arc::ptr_eq(&found, &footer));
        store.delete(&object.location).await.unwrap();
        let found = DFParquetMetadata::new(&store, &object)
            .with_file_metadata_cache(Some(footers))
            .with_page_index_policy(Some(PageIndexPolicy::Skip))
            .fetch_metadata()
            .await;
        assert!(Arc::ptr_eq(&found.unwrap(), &footer));
    }

    #[tokio::test]
    async fn what_is_no_parquet_file_is_refused() {
        let store = InMemory::new();
        let whole = file(5);
        let n = whole.len();
        let mut long_footer = whole.clone();
        long_footer[n - 8..n - 4].copy_from_slice(&u32::MAX.to_le_bytes());
        for bytes in [
            Vec::new(),
            b"PAR1".to_vec(),
            whole[..n - 1].to_vec(),
            whole[n - 20..].to_vec(),
            long_footer,
        ] {
            let object = put(&store, "file", bytes).await;
            let refused = read(&store, &object, Vec::new).await.map(drop).unwrap_err();
            assert!(!matches!(refused, ParquetError::External(_)), "{refused}");
        }
    }
}
