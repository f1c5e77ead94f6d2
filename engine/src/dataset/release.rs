//! The files of a release, as its manifest has them: nothing is listed, and no footer is read before it is needed.

use engram_schemas::manifest::{self, Manifest};
use engram_schemas::{DatasetLocation, SCHEMA_VERSION, file_hash, recordings, trajectories};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectMeta, ObjectStoreExt};
use sha2::{Digest, Sha256};

use super::checks::major;
use super::{Damaged, TableFile};
use crate::session::Damage;
use crate::{Error, Result};

/// How many parts are read at a time when all of them are checked.
const CONCURRENT_PARTS: usize = 4;

/// The manifest at a place, if it is a release.
///
/// # Errors
/// [`Error::Manifest`] for one that cannot be used, [`Error::NewerSchema`], [`Error::List`] when the store refuses.
pub(super) async fn manifest(location: &DatasetLocation) -> Result<Option<Manifest>> {
    let path = location.root().clone().join(manifest::FILE);
    let file = location.display(&path);
    let read = async { location.store().get(&path).await?.bytes().await };
    let text = match read.await {
        Ok(text) => text,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        // Whether it is a release or a sweep is not known: the place cannot be looked into.
        Err(source) => {
            let place = location.display(location.root());
            return Err(Error::List { place, source });
        }
    };
    let manifest = Manifest::from_json(&text).map_err(|source| Error::Manifest {
        file: file.clone(),
        source,
    })?;
    if major(&manifest.schema_version) > major(SCHEMA_VERSION) {
        return Err(Error::NewerSchema {
            file,
            found: manifest.schema_version,
        });
    }
    Ok(Some(manifest))
}

/// The parts of a release. Where damaged ones are to be left out, every byte is read.
pub(super) async fn parts(
    location: &DatasetLocation,
    manifest: &Manifest,
    damage: Damage,
) -> Result<(Vec<TableFile>, Vec<Damaged>)> {
    let mut files = Vec::new();
    for table in &manifest.tables {
        let name = match table.name.as_str() {
            recordings::TABLE => recordings::TABLE,
            _ => trajectories::TABLE,
        };
        for part in &table.parts {
            let object = ObjectMeta {
                location: part.file.path(location.root())?,
                // A release never changes, and equal releases are equal wherever they were copied to.
                last_modified: Default::default(),
                size: part.file.size_bytes,
                e_tag: Some(part.file.sha256.clone()),
                version: None,
            };
            files.push(TableFile {
                table: name,
                object,
            });
        }
    }
    if damage == Damage::Refuse {
        return Ok((files, Vec::new()));
    }
    let checked: Vec<_> = stream::iter(files)
        .map(|file| async move {
            let problem = problem(location, &file.object).await?;
            Ok::<_, Error>((file, problem))
        })
        .buffered(CONCURRENT_PARTS)
        .try_collect()
        .await?;
    let (mut whole, mut damaged) = (Vec::new(), Vec::new());
    for (file, problem) in checked {
        match problem {
            None => whole.push(file),
            Some(reason) => damaged.push(Damaged {
                file: location.display(&file.object.location),
                reason,
            }),
        }
    }
    Ok((whole, damaged))
}

/// What is wrong with the bytes of a part.
async fn problem(location: &DatasetLocation, object: &ObjectMeta) -> Result<Option<String>> {
    let read = async { location.store().get(&object.location).await?.bytes().await };
    let bytes = match read.await {
        Ok(bytes) => bytes,
        Err(object_store::Error::NotFound { .. }) => return Ok(Some("it is missing".to_owned())),
        Err(source) => {
            let place = location.display(&object.location);
            return Err(Error::List { place, source });
        }
    };
    let found = file_hash::hexadecimal(&Sha256::digest(&bytes));
    let is_whole = object.e_tag.as_ref() == Some(&found);
    Ok((!is_whole).then(|| "its SHA-256 is not that of the manifest".to_owned()))
}
