//! A dataset's files as they were when it was opened, as a store: listings and lengths are answered from memory, so that no
//! question asks the store again what is there, and a file that came later is in none of them or in all.
//!
//! Of a release not even the first listing is needed, because its manifest is one. The ends of its parts lie together in one
//! object, and are fetched by a request for many.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result,
};

use super::part_ends::PartEnds;

/// Two ranges of a part are fetched as one when what lies between them is at most this share of both. What is wanted of a
/// part is a block of columns that say which row it is, and a statistic here and there.
const GAP_SHARE: u64 = 8;

/// Two ranges are fetched as one when at most so many bytes lie between them.
const SMALL_GAP_BYTES: u64 = 16 << 10;

/// A store in which some folders hold what a dataset held when it was opened. Everything else passes through.
pub(crate) struct Snapshot {
    store: Arc<dyn ObjectStore>,
    folders: Vec<Path>,
    files: BTreeMap<Path, ObjectMeta>,
    part_ends: Option<Arc<PartEnds>>,
}

impl Snapshot {
    /// The `files` of some `folders` of a store.
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        folders: Vec<Path>,
        files: impl IntoIterator<Item = ObjectMeta>,
    ) -> Self {
        Self {
            store,
            folders,
            files: files
                .into_iter()
                .map(|file| (file.location.clone(), file))
                .collect(),
            part_ends: None,
        }
    }

    /// Answers requests for the ends of files from where they lie together.
    pub(crate) fn with_part_ends(mut self, part_ends: Arc<PartEnds>) -> Self {
        self.part_ends = Some(part_ends);
        self
    }

    fn covers(&self, path: &Path) -> bool {
        let mut folders = self.folders.iter();
        folders.any(|folder| path == folder || path.prefix_matches(folder))
    }

    /// The files below a prefix, of those that are answered for.
    fn below(&self, prefix: &Path) -> impl Iterator<Item = &ObjectMeta> {
        let first = self.files.range(prefix.clone()..);
        let prefix = prefix.clone();
        let stem = prefix.to_string();
        first
            .map(|(_, file)| file)
            .take_while(move |file| file.location.as_ref().starts_with(&stem))
            .filter(move |file| file.location.prefix_matches(&prefix) && file.location != prefix)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} files of {})", self.files.len(), self.store)
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.store, f)
    }
}

#[async_trait]
impl ObjectStore for Snapshot {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !self.covers(location) {
            return self.store.get_opts(location, options).await;
        }
        let Some(file) = self.files.get(location) else {
            return Err(object_store::Error::NotFound {
                path: location.to_string(),
                source: "it was not there when the dataset was opened".into(),
            });
        };
        if options.head {
            return Ok(answer(file, 0..0, Bytes::new()));
        }
        if let (Some(part_ends), Some(range)) = (&self.part_ends, &options.range) {
            let range = absolute(range, file.size)?;
            if let Some(bytes) = part_ends.get(&self.store, location, &range).await? {
                return Ok(answer(file, range, bytes));
            }
        }
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        // Files of a run are small, and what a store does by itself suits them.
        if self.part_ends.is_none() || !self.covers(location) {
            return self.store.get_ranges(location, ranges).await;
        }
        let merged = merged(ranges);
        let parts: Vec<Bytes> = stream::iter(merged.clone())
            .map(|range| self.get_range(location, range).boxed())
            .buffered(merged.len().max(1))
            .try_collect()
            .await?;
        let cut = |range: &Range<u64>| {
            let place = merged
                .iter()
                .position(|whole| whole.start <= range.start && range.end <= whole.end);
            place.map_or_else(Bytes::new, |place| {
                let from = (range.start - merged[place].start) as usize;
                let to = (range.end - merged[place].start) as usize;
                parts[place].slice(from..to.min(parts[place].len()))
            })
        };
        Ok(ranges.iter().map(cut).collect())
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match prefix {
            Some(prefix) if self.covers(prefix) => {
                let files: Vec<_> = self.below(prefix).cloned().map(Ok).collect();
                stream::iter(files).boxed()
            }
            _ => self.store.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let Some(prefix) = prefix.filter(|prefix| self.covers(prefix)) else {
            return self.store.list_with_delimiter(prefix).await;
        };
        let mut found = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
        };
        for file in self.below(prefix) {
            let mut rest = file.location.prefix_match(prefix).into_iter().flatten();
            match (rest.next(), rest.next()) {
                (Some(folder), Some(_)) => {
                    let folder = prefix.clone().join(folder);
                    if found.common_prefixes.last() != Some(&folder) {
                        found.common_prefixes.push(folder);
                    }
                }
                _ => found.objects.push(file.clone()),
            }
        }
        Ok(found)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

fn answer(file: &ObjectMeta, range: Range<u64>, bytes: Bytes) -> GetResult {
    GetResult {
        payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
        meta: file.clone(),
        range,
        attributes: object_store::Attributes::default(),
    }
}

/// A range of bytes from the beginning of a file of this length.
fn absolute(range: &GetRange, length: u64) -> Result<Range<u64>> {
    range
        .as_range(length)
        .map_err(|source| object_store::Error::Generic {
            store: "Snapshot",
            source: Box::new(source),
        })
}

/// Ranges in order, of which near ones are one.
fn merged(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        if let Some(last) = merged.last_mut() {
            let gap = range.start.saturating_sub(last.end);
            let both = (last.end - last.start) + (range.end - range.start);
            if gap <= SMALL_GAP_BYTES.max(both / GAP_SHARE) {
                last.end = last.end.max(range.end);
                continue;
            }
        }
        merged.push(range);
    }
    merged
}

#[cfg(test)]
mod tests {
    use object_store::integration;
    use object_store::memory::InMemory;

    use super::*;

    async fn meta(store: &Arc<dyn ObjectStore>, path: &str) -> ObjectMeta {
        store.head(&Path::from(path)).await.unwrap()
    }

    /// The suite that `object_store` holds its own stores to.
    #[tokio::test]
    async fn what_lies_elsewhere_passes_through() {
        let stores = [Vec::new(), vec![Path::from("a dataset/trajectories")]];
        for folders in stores {
            let store = || Snapshot::new(Arc::new(InMemory::new()), folders.clone(), []);
            integration::put_get_delete_list(&store()).await;
            integration::get_opts(&store()).await;
            integration::put_opts(&store(), true).await;
            integration::list_uses_directories_correctly(&store()).await;
            integration::list_with_delimiter(&store()).await;
            integration::list_with_offset_exclusivity(&store()).await;
            integration::rename_and_copy(&store()).await;
            integration::copy_if_not_exists(&store()).await;
            integration::copy_rename_nonexistent_object(&store()).await;
            integration::stream_get(&store()).await;
            integration::put_get_attributes(&store()).await;
        }
    }

    #[tokio::test]
    async fn files_are_those_that_were_there_when_it_was_opened() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for path in ["d/t/x=1/a", "d/t/x=1/b", "d/t/x=2/c", "d/t2/e", "d/u/f"] {
            store.put(&Path::from(path), "rows".into()).await.unwrap();
        }
        let mut files = Vec::new();
        for path in ["d/t/x=1/a", "d/t/x=2/c"] {
            files.push(meta(&store, path).await);
        }
        let snapshot = Snapshot::new(Arc::clone(&store), vec![Path::from("d/t")], files);
        store
            .put(&Path::from("d/t/x=3/later"), "rows".into())
            .await
            .unwrap();
        store.delete(&Path::from("d/t/x=2/c")).await.unwrap();
        let listed = async |prefix: &str| -> Vec<String> {
            let prefix = Path::from(prefix);
            let listed = snapshot
                .list(Some(&prefix))
                .map_ok(|file| file.location.to_string());
            listed.try_collect().await.unwrap()
        };
        assert_eq!(listed("d/t").await, ["d/t/x=1/a", "d/t/x=2/c"]);
        assert_eq!(listed("d/t/x=1").await, ["d/t/x=1/a"]);
        assert_eq!(listed("d/t/x=9").await, [""; 0]);
        assert_eq!(
            listed("d/t2").await,
            ["d/t2/e"],
            "a neighbour whose name begins alike"
        );
        let folders = snapshot
            .list_with_delimiter(Some(&Path::from("d/t")))
            .await
            .unwrap();
        assert_eq!(
            folders.common_prefixes,
            [Path::from("d/t/x=1"), Path::from("d/t/x=2")]
        );
        assert!(folders.objects.is_empty());
        let folder = snapshot
            .list_with_delimiter(Some(&Path::from("d/t/x=1")))
            .await
            .unwrap();
        assert_eq!(folder.objects.len(), 1);
        // What was not there is not found, and what has gone since is found to be gone when it is read.
        assert!(snapshot.head(&Path::from("d/t/x=1/b")).await.is_err());
        assert_eq!(
            snapshot.head(&Path::from("d/t/x=2/c")).await.unwrap().size,
            4
        );
        assert!(snapshot.get(&Path::from("d/t/x=2/c")).await.is_err());
        assert!(snapshot.get(&Path::from("d/u/f")).await.is_ok());
    }

    #[test]
    fn near_ranges_are_fetched_as_one() {
        let ends = |ranges: &[Range<u64>]| -> Vec<(u64, u64)> {
            let merged = merged(ranges);
            merged
                .iter()
                .map(|range| (range.start, range.end))
                .collect()
        };
        let far = 10 * SMALL_GAP_BYTES;
        let near = SMALL_GAP_BYTES;
        assert_eq!(
            ends(&[0..10, 10..20, far..far + 10]),
            [(0, 20), (far, far + 10)]
        );
        assert_eq!(ends(&[near + 10..near + 20, 0..10]), [(0, near + 20)]);
        // Behind much that is wanted a larger gap is worth a request less.
        let much = GAP_SHARE * far;
        assert_eq!(
            ends(&[0..much, much + far..much + far + 1]),
            [(0, much + far + 1)]
        );
        assert_eq!(ends(&[0..10, 2..5]), [(0, 10)]);
    }
}
