//! The ends of a release's parts, fetched together.
//!
//! A Parquet file is read from its end: where the columns lie stands in the footer. The footers of an architecture's parts are
//! neighbours in one object of the release, and a question that asks one of them will ask the others.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use engram_schemas::manifest::{FOOTERS, Manifest, PartFile};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, Result};
use tokio::sync::OnceCell;

/// The most that is fetched at once: more than one part's, and not much for whoever asks one part alone.
const MOST_BYTES: u64 = 256 << 10;

/// The ends of parts.
pub(crate) struct PartEnds {
    object: Path,
    groups: Vec<Group>,
    places: HashMap<Path, Place>,
}

/// Ends that lie next to each other and are fetched together.
struct Group {
    range: Range<u64>,
    bytes: OnceCell<Bytes>,
}

/// Where the end of a part is.
struct Place {
    group: usize,
    /// Of the end in the object of all ends.
    offset: u64,
    /// The bytes of the part that its end is.
    tail: Range<u64>,
}

impl PartEnds {
    /// The ends of the parts of a release below `root`.
    ///
    /// # Errors
    /// As [`engram_schemas::manifest::File::path`].
    pub(crate) fn of(manifest: &Manifest, root: &Path) -> engram_schemas::Result<Self> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places = HashMap::new();
        let mut last = None;
        for part in manifest.parts() {
            let path = part.file.path(root)?;
            let file = PartFile::parse(&path, root)?;
            let end = part.footer_offset + part.footer_bytes;
            let same = Some((file.table, file.architecture));
            match groups.last_mut() {
                Some(group)
                    if last == same
                        && group.range.end == part.footer_offset
                        && end - group.range.start <= MOST_BYTES =>
                {
                    group.range.end = end;
                }
                _ => groups.push(Group {
                    range: part.footer_offset..end,
                    bytes: OnceCell::new(),
                }),
            }
            last = same;
            let place = Place {
                group: groups.len() - 1,
                offset: part.footer_offset,
                tail: part.file.size_bytes - part.footer_bytes..part.file.size_bytes,
            };
            places.insert(path, place);
        }
        Ok(Self {
            object: root.clone().join(FOOTERS),
            groups,
            places,
        })
    }

    /// A range of a part, if it lies in its end.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn get(
        &self,
        store: &Arc<dyn ObjectStore>,
        part: &Path,
        range: &Range<u64>,
    ) -> Result<Option<Bytes>> {
        let Some(place) = self.places.get(part) else {
            return Ok(None);
        };
        if range.start < place.tail.start || range.end > place.tail.end {
            return Ok(None);
        }
        let group = &self.groups[place.group];
        let fetch = || store.get_range(&self.object, group.range.clone());
        let bytes = group.bytes.get_or_try_init(fetch).await?;
        let from = place.offset - group.range.start + (range.start - place.tail.start);
        let to = from + (range.end - range.start);
        if to > bytes.len() as u64 {
            return Ok(None);
        }
        Ok(Some(bytes.slice(from as usize..to as usize)))
    }
}
