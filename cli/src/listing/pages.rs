//! The names in a folder of a store. A cloud store gives them page by page, and each page says where the next begins: what is more
//! than a page is listed from several places on, side by side.

use std::future::ready;

use engram_schemas::DatasetLocation;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, Result};

/// Names of a page, with every store that has pages.
const PAGE: usize = 1_000;

/// Listings at a time.
const SIDE_BY_SIDE: usize = 16;

/// How the names in a folder begin.
pub(super) enum Names {
    /// With the digits of a hash.
    Hashes,
    /// With folders of folders, in which files lie.
    Partitions,
}

/// The objects in a folder and below it, in no order.
pub(super) async fn objects(
    location: &DatasetLocation,
    folder: Path,
    names: Names,
) -> Result<BoxStream<'static, Result<ObjectMeta>>> {
    let store = location.store();
    let mut rest = store.list(Some(&folder));
    if !location.lists_in_order() {
        return Ok(rest);
    }
    let first: Vec<ObjectMeta> = rest.by_ref().take(PAGE).try_collect().await?;
    let last = match first.last() {
        Some(last) if first.len() == PAGE => last.location.clone(),
        _ => return Ok(stream::iter(first.into_iter().map(Ok)).boxed()),
    };
    drop(rest);
    let mut borders = match names {
        Names::Hashes => (1..16)
            .map(|digit| folder.clone().join(format!("{digit:x}")))
            .collect(),
        Names::Partitions => partitions(location, &folder).await?,
    };
    borders.retain(|border| *border > last);
    borders.sort();
    borders.insert(0, last);
    let ends: Vec<Option<Path>> = borders[1..]
        .iter()
        .cloned()
        .map(Some)
        .chain([None])
        .collect();
    let store = std::sync::Arc::clone(store);
    let ranges = stream::iter(borders.into_iter().zip(ends));
    let others = ranges.flat_map_unordered(SIDE_BY_SIDE, move |(after, end)| {
        let from = store.list_with_offset(Some(&folder), &after);
        let is_of_range = move |object: &ObjectMeta| {
            ready(Ok(end.as_ref().is_none_or(|end| object.location <= *end)))
        };
        from.try_take_while(is_of_range).boxed()
    });
    Ok(stream::iter(first.into_iter().map(Ok))
        .chain(others)
        .boxed())
}

/// The folders in the folders of a folder.
async fn partitions(location: &DatasetLocation, folder: &Path) -> Result<Vec<Path>> {
    let store = location.store();
    let outer = store
        .list_with_delimiter(Some(folder))
        .await?
        .common_prefixes;
    let inner = stream::iter(outer)
        .map(|outer| async move { store.list_with_delimiter(Some(&outer)).await })
        .buffered(SIDE_BY_SIDE);
    let inner: Vec<_> = inner.try_collect().await?;
    Ok(inner
        .into_iter()
        .flat_map(|listed| listed.common_prefixes)
        .collect())
}
