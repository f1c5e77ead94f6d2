//! The ends of a release's parts, fetched together.
//!
//! A Parquet file is read from its end: where the columns lie stands in the footer. The footers of an architecture's parts are
//! neighbours in one object of the release, and a question that asks one of them will ask the others, unless it is known to be about a
//! few parts.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use engram_schemas::manifest::{FOOTERS, Manifest, PartFile};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, Result};
use tokio::sync::OnceCell;

/// The most that is fetched at once.
const MOST_BYTES: u64 = 4 << 20;

/// So few parts are asked each for itself: a request more takes less time than the ends of all others.
const FEW: usize = 3;

/// The ends of parts.
#[derive(Debug)]
pub(crate) struct PartEnds {
    object: Path,
    groups: Vec<Group>,
    places: HashMap<Path, Place>,
}

/// Ends that lie next to each other and are fetched together.
#[derive(Debug)]
struct Group {
    range: Range<u64>,
    bytes: OnceCell<Bytes>,
}

/// Where the end of a part is.
#[derive(Debug)]
struct Place {
    group: usize,
    /// Of the end in the object of all ends.
    offset: u64,
    /// The bytes of the part that its end is.
    tail: Range<u64>,
    /// Whether it is asked without the others of its group.
    is_alone: AtomicBool,
    bytes: OnceCell<Bytes>,
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
                is_alone: AtomicBool::new(false),
                bytes: OnceCell::new(),
            };
            places.insert(path, place);
        }
        Ok(Self {
            object: root.clone().join(FOOTERS),
            groups,
            places,
        })
    }

    /// Takes note of which parts a question is about. It changes what is fetched and not what is found.
    pub(crate) fn announce(&self, parts: &[&Path]) {
        if parts.len() > FEW {
            return;
        }
        for place in parts.iter().filter_map(|part| self.places.get(part)) {
            place.is_alone.store(true, Ordering::Relaxed);
        }
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
        let of_part = place.offset..place.offset + (place.tail.end - place.tail.start);
        let is_alone = place.is_alone.load(Ordering::Relaxed) && group.bytes.get().is_none();
        let (from_store, kept) = match is_alone {
            true => (&of_part, &place.bytes),
            false => (&group.range, &group.bytes),
        };
        let fetch = || store.get_range(&self.object, from_store.clone());
        let bytes = kept.get_or_try_init(fetch).await?;
        let from = place.offset - from_store.start + (range.start - place.tail.start);
        let to = from + (range.end - range.start);
        if to > bytes.len() as u64 {
            return Ok(None);
        }
        Ok(Some(bytes.slice(from as usize..to as usize)))
    }
}
