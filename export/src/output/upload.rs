//! An object of a store, sent in parts.

use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::settings::Overwrite;
use crate::{Error, Result};

/// The bytes of the first parts. Amazon takes none below 5 MiB but the last.
const PART_BYTES: usize = 8 << 20;

/// Amazon takes 10,000 parts. After so many they are twice as large, so that an object may have half a terabyte.
const PARTS_OF_A_SIZE: usize = 2_000;

/// How many parts are on their way at a time; each is in memory until it has arrived.
const CONCURRENT_PARTS: usize = 3;

/// An object that is being sent. Dropped before [`Upload::commit`] its parts are taken back.
pub(crate) struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// The object in words.
    place: String,
    overwrite: Overwrite,
    runtime: Handle,
    begun: Option<Box<dyn MultipartUpload>>,
    sending: JoinSet<object_store::Result<()>>,
    n_parts: usize,
}

impl Upload {
    /// Nothing is sent before there is a whole part.
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        path: Path,
        place: String,
        overwrite: Overwrite,
        runtime: Handle,
    ) -> Self {
        Self {
            store,
            path,
            place,
            overwrite,
            runtime,
            begun: None,
            sending: JoinSet::new(),
            n_parts: 0,
        }
    }

    /// The object in words.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// How many bytes the next part has.
    pub(super) fn part_bytes(&self) -> usize {
        PART_BYTES << (self.n_parts / PARTS_OF_A_SIZE).min(8)
    }

    /// Sends a part, when fewer than [`CONCURRENT_PARTS`] are on their way.
    pub(super) fn put(&mut self, part: Vec<u8>) -> Result<()> {
        let place = self.place.clone();
        self.send(part)
            .map_err(|source| Error::Store { place, source })
    }

    fn send(&mut self, part: Vec<u8>) -> object_store::Result<()> {
        let runtime = self.runtime.clone();
        while self.sending.len() >= CONCURRENT_PARTS {
            self.wait_for_one()?;
        }
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => runtime.block_on(self.store.put_multipart(&self.path))?,
        };
        self.sending.spawn_on(begun.put_part(part.into()), &runtime);
        self.begun = Some(begun);
        self.n_parts += 1;
        Ok(())
    }

    fn wait_for_one(&mut self) -> object_store::Result<()> {
        match self.runtime.clone().block_on(self.sending.join_next()) {
            None => Ok(()),
            Some(sent) => sent.map_err(object_store::Error::from)?,
        }
    }

    /// Sends the rest and has the object appear.
    pub(super) fn commit(mut self, last: Vec<u8>) -> Result<()> {
        self.complete(last).map_err(|source| match source {
            object_store::Error::AlreadyExists { .. } => Error::Exists {
                place: self.place.clone(),
            },
            source => Error::Store {
                place: self.place.clone(),
                source,
            },
        })
    }

    fn complete(&mut self, last: Vec<u8>) -> object_store::Result<()> {
        let runtime = self.runtime.clone();
        if self.begun.is_none() {
            let mode = match self.overwrite {
                Overwrite::Refuse => PutMode::Create,
                Overwrite::Replace => PutMode::Overwrite,
            };
            let put = self
                .store
                .put_opts(&self.path, last.into(), PutOptions::from(mode));
            return runtime.block_on(put).map(drop);
        }
        if !last.is_empty() {
            self.send(last)?;
        }
        while !self.sending.is_empty() {
            self.wait_for_one()?;
        }
        // Stores have no conditional end of an upload: what came since the export began is looked for once more.
        if self.overwrite == Overwrite::Refuse
            && runtime.block_on(self.store.head(&self.path)).is_ok()
        {
            return Err(object_store::Error::AlreadyExists {
                path: self.path.to_string(),
                source: "it came while the export was written".into(),
            });
        }
        if let Some(begun) = &mut self.begun {
            runtime.block_on(begun.complete())?;
        }
        self.begun = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut begun) = self.begun.take() {
            self.sending.abort_all();
            // A store that does not answer keeps the parts until its own rules remove them; they are no object.
            let _ = self.runtime.block_on(begun.abort());
        }
    }
}
