//! What may be written to, and what is replaced.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engram_schemas::DatasetLocation;
use futures::TryStreamExt;
use object_store::{ObjectStoreExt, path};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::account::Account;
use crate::output::{Output, Upload, hidden_prefix};
use crate::settings::Overwrite;
use crate::{Error, Result};

/// The empty file that says that a folder is whole, as Hadoop and Spark have it. Readers of datasets pass over it.
pub(crate) const WHOLE: &str = "_SUCCESS";

/// A place for one file, or for a folder of them.
pub(crate) struct Target {
    location: DatasetLocation,
    overwrite: Overwrite,
    account: Arc<Account>,
    runtime: Handle,
}

impl Target {
    /// Looks at the place before anything is computed.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::IsFolder`] and [`Error::IsNoFile`] for what may not be replaced; [`Error::Store`] for a store that does not say
    /// what is there.
    pub(crate) async fn file(location: &DatasetLocation, overwrite: Overwrite) -> Result<Self> {
        let target = Self::new(location, overwrite);
        let place = location.to_string();
        if let Some(path) = location.local_path() {
            match fs::metadata(&path) {
                Ok(found) if found.is_dir() => return Err(Error::IsFolder { place }),
                Ok(found) if !found.is_file() => return Err(Error::IsNoFile { place }),
                Ok(_) if overwrite == Overwrite::Refuse => return Err(Error::Exists { place }),
                _ => return Ok(target),
            }
        }
        match location.store().head(location.root()).await {
            Ok(_) if overwrite == Overwrite::Refuse => Err(Error::Exists { place }),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => Ok(target),
            Err(source) => Err(Error::Store { place, source }),
        }
    }

    /// Looks at the folder before anything is computed.
    ///
    /// # Errors
    /// [`Error::Exists`] for what may not be replaced, [`Error::Foreign`] for a folder that is not an export's;
    /// [`Error::Store`] for a store that does not list.
    pub(crate) async fn folder(location: &DatasetLocation, overwrite: Overwrite) -> Result<Self> {
        let target = Self::new(location, overwrite);
        let place = || location.to_string();
        if location.local_path().is_some_and(|path| path.is_file()) {
            return Err(Error::Exists { place: place() });
        }
        let there = target.objects().await?;
        if there.is_empty() {
            return Ok(target);
        }
        if overwrite == Overwrite::Refuse {
            return Err(Error::Exists { place: place() });
        }
        match there.iter().find(|object| !target.is_of_export(object)) {
            None => Ok(target),
            Some(foreign) => Err(Error::Foreign {
                place: place(),
                found: location.display(foreign),
            }),
        }
    }

    fn new(location: &DatasetLocation, overwrite: Overwrite) -> Self {
        Self {
            location: location.clone(),
            overwrite,
            account: Arc::default(),
            runtime: Handle::current(),
        }
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The one file.
    ///
    /// # Errors
    /// Those of [`Output::file`].
    pub(crate) fn output(&self) -> Result<Output> {
        match self.location.local_path() {
            Some(path) => {
                let place = path.display().to_string();
                Output::file(&path, place, self.overwrite, Arc::clone(&self.account))
            }
            None => Ok(self.object(self.location.root().clone(), self.overwrite)),
        }
    }

    fn object(&self, path: path::Path, overwrite: Overwrite) -> Output {
        let store = Arc::clone(self.location.store());
        let place = self.location.display(&path);
        let upload = Upload::new(store, path, place, overwrite, self.runtime.clone());
        Output::object(upload, Arc::clone(&self.account))
    }

    async fn objects(&self) -> Result<Vec<path::Path>> {
        let listed = self.location.store().list(Some(self.location.root()));
        let listed = listed.map_ok(|object| object.location).try_collect();
        listed.await.map_err(|source| Error::Store {
            place: self.location.to_string(),
            source,
        })
    }

    /// Whether a partitioned export may have written it: the mark, or a part below folders of values.
    fn is_of_export(&self, object: &path::Path) -> bool {
        let Some(below) = object.prefix_match(self.location.root()) else {
            return false;
        };
        let below: Vec<_> = below.collect();
        match below.split_last() {
            Some((name, [])) => name.as_ref() == WHOLE,
            Some((name, folders)) => {
                is_part(name.as_ref()) && folders.iter().all(|folder| folder.as_ref().contains('='))
            }
            None => false,
        }
    }

    /// Begins to fill the folder.
    ///
    /// # Errors
    /// [`Error::Write`] and [`Error::Store`] for a place that does not take it.
    pub(crate) fn begin(self) -> Result<Folder> {
        let Some(target) = self.location.local_path() else {
            // In a store nothing can be replaced as a whole. What is there stops being whole first.
            if self.overwrite == Overwrite::Replace {
                self.runtime.block_on(self.remove_objects())?;
            }
            return Ok(Folder {
                target: self,
                beside: None,
                written: Vec::new(),
            });
        };
        let parent = target.parent().unwrap_or(Path::new("/"));
        let made = fs::create_dir_all(parent).and_then(|()| {
            let prefix = hidden_prefix(&target);
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).suffix(".partial");
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
            builder.tempdir_in(parent)
        });
        let made = made.map_err(Error::write(target.display()))?;
        Ok(Folder {
            target: self,
            beside: Some((made, target)),
            written: Vec::new(),
        })
    }

    async fn remove_objects(&self) -> Result<()> {
        let mark = self.location.root().clone().join(WHOLE);
        let others = self.objects().await?;
        let others = others.into_iter().filter(|object| *object != mark);
        for object in std::iter::once(mark.clone()).chain(others) {
            self.remove(&object).await?;
        }
        Ok(())
    }

    async fn remove(&self, object: &path::Path) -> Result<()> {
        match self.location.store().delete(object).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(Error::Store {
                place: self.location.display(object),
                source,
            }),
        }
    }
}

/// Whether a file is named as a part of an export is, `part-N.ENDING`. Those of releases and of other programs have more in their
/// names.
fn is_part(name: &str) -> bool {
    let number = name
        .strip_prefix("part-")
        .and_then(|rest| rest.split('.').next());
    number.is_some_and(|number| {
        let parsed: Option<u64> = number.parse().ok();
        parsed.is_some_and(|parsed| parsed.to_string() == number)
    })
}

/// A folder that is being filled. On a disk it appears when it is whole; in a store its objects appear one by one, and the
/// mark last. Dropped before [`Folder::commit`] it leaves nothing behind, as far as the store answers.
pub(crate) struct Folder {
    target: Target,
    /// The hidden folder, and the place that it is renamed to.
    beside: Option<(TempDir, PathBuf)>,
    /// The objects that are there already.
    written: Vec<path::Path>,
}

impl Folder {
    pub(crate) fn account(&self) -> &Arc<Account> {
        self.target.account()
    }

    /// A file of the folder, named by its path below it, in which what is no letter or digit may be percent-encoded.
    ///
    /// # Errors
    /// Those of [`Output::file`]; [`Error::Store`] for a name that the store cannot have.
    pub(crate) fn output(&mut self, below: &str) -> Result<Output> {
        if let Some((hidden, target)) = &self.beside {
            let place = target.join(below).display().to_string();
            let path = hidden.path().join(below);
            let account = Arc::clone(self.account());
            return Output::file(&path, place, Overwrite::Refuse, account);
        }
        let path = path::Path::parse(format!("{}/{below}", self.target.location.root()));
        let path = path.map_err(|error| Error::Store {
            place: format!("{}/{below}", self.target.location),
            source: error.into(),
        })?;
        self.written.push(path.clone());
        Ok(self.target.object(path, Overwrite::Replace))
    }

    /// Says that the folder is whole.
    ///
    /// # Errors
    /// [`Error::Write`] and [`Error::Store`]; [`Error::Exists`] when somebody else has put something there meanwhile.
    pub(crate) fn commit(mut self) -> Result<()> {
        self.mark()?;
        self.written.clear();
        let Some((hidden, target)) = self.beside.take() else {
            return Ok(());
        };
        let failed = |source| Error::write(target.display())(source);
        let mut old = None;
        if self.target.overwrite == Overwrite::Replace && target.exists() {
            let parent = target.parent().unwrap_or(Path::new("/"));
            let made = tempfile::Builder::new()
                .prefix(&hidden_prefix(&target))
                .suffix(".old")
                .tempdir_in(parent);
            let made = made.map_err(failed)?;
            fs::rename(&target, made.path()).map_err(failed)?;
            old = Some(made);
        }
        let hidden = hidden.keep();
        let renamed = fs::rename(&hidden, &target);
        drop(old);
        renamed.map_err(|error| {
            let _ = fs::remove_dir_all(&hidden);
            match error.kind() {
                std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => {
                    Error::Exists {
                        place: target.display().to_string(),
                    }
                }
                _ => failed(error),
            }
        })
    }

    fn mark(&mut self) -> Result<()> {
        match &self.beside {
            Some((hidden, target)) => {
                let mark = fs::File::create_new(hidden.path().join(WHOLE));
                mark.and_then(|mark| mark.sync_all())
                    .map_err(Error::write(target.join(WHOLE).display()))
            }
            None => {
                let mark = self.target.location.root().clone().join(WHOLE);
                let put = self.target.location.store().put(&mark, Vec::new().into());
                let put = self.target.runtime.block_on(put);
                put.map(drop).map_err(|source| Error::Store {
                    place: self.target.location.display(&mark),
                    source,
                })
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for object in std::mem::take(&mut self.written) {
            // A folder without its mark is not whole, whatever stays in it.
            let _ = self.target.runtime.block_on(self.target.remove(&object));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_part;

    #[test]
    fn parts_of_others_are_none_of_ours() {
        for name in ["part-0.parquet", "part-12.csv.gz"] {
            assert!(is_part(name), "{name}");
        }
        for name in [
            "part-00000-f7d29a706e9c.parquet",
            "part-00.parquet",
            "part-.parquet",
            "part-1-c000.parquet",
            "parts-1.csv",
        ] {
            assert!(!is_part(name), "{name}");
        }
    }
}
