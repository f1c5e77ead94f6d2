//! Reading and writing single objects of a place, with errors that name them.

use bytes::Bytes;
use engram_schemas::{DatasetLocation, file_hash};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Whether an object was put, or was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Created,
    WasThere,
}

/// Puts an object, unless there is one.
pub(crate) async fn create(location: &DatasetLocation, path: &Path, content: Bytes) -> Result<Put> {
    let options = PutOptions::from(PutMode::Create);
    let put = location.store().put_opts(path, content.into(), options);
    match put.await {
        Ok(_) => Ok(Put::Created),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(Put::WasThere),
        Err(source) => Err(failed("write", location, path, source)),
    }
}

/// The content of an object, if there is one.
pub(crate) async fn read(location: &DatasetLocation, path: &Path) -> Result<Option<Bytes>> {
    let read = async { location.store().get(path).await?.bytes().await };
    match read.await {
        Ok(content) => Ok(Some(content)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(source) => Err(failed("read", location, path, source)),
    }
}

/// Removes an object, if there is one.
pub(crate) async fn remove(location: &DatasetLocation, path: &Path) -> Result<()> {
    match location.store().delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(source) => Err(failed("remove", location, path, source)),
    }
}

pub(crate) fn failed(
    what: &'static str,
    location: &DatasetLocation,
    path: &Path,
    source: object_store::Error,
) -> Error {
    let place = location.display(path);
    Error::Store {
        what,
        place,
        source,
    }
}

/// SHA-256 as hexadecimal digits.
pub(crate) fn sha256(content: &[u8]) -> String {
    file_hash::hexadecimal(&Sha256::digest(content))
}
