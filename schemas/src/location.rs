//! From the place that a user names to an object store and a path in it.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use crate::{Error, Result};

/// A dataset's place, opened: `file:///...`, `s3://`, `gs://`, `az://`, `http(s)://` or a plain path.
///
/// Credentials and endpoints of cloud stores come from the environment by the usual names (`AWS_ACCESS_KEY_ID`,
/// `AWS_ENDPOINT_URL`, ...).
#[derive(Clone, Debug)]
pub struct DatasetLocation {
    url: Url,
    store: Arc<dyn ObjectStore>,
    root: Path,
}

impl DatasetLocation {
    /// Opens the place without touching the data.
    ///
    /// # Errors
    /// [`Error::Location`] when `given` is neither a path nor a URL of a known scheme, [`Error::Store`] when the store
    /// cannot be set up.
    pub fn open(given: &str) -> Result<Self> {
        let url = to_url(given)?;
        let (scheme, root) = ObjectStoreScheme::parse(&url).map_err(|error| Error::Location {
            given: given.to_owned(),
            reason: error.to_string(),
        })?;
        let store: Arc<dyn ObjectStore> = match scheme {
            ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new()),
            _ => {
                let settings = std::env::vars().map(|(name, value)| (name.to_lowercase(), value));
                let (store, _) =
                    object_store::parse_url_opts(&url, settings).map_err(|source| {
                        Error::Store {
                            url: url.to_string(),
                            source,
                        }
                    })?;
                Arc::from(store)
            }
        };
        Ok(Self { url, store, root })
    }

    /// The place as a URL that ends in a slash.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The store that the dataset lies in.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The dataset's path inside the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The URL of the store itself, without the dataset's path.
    pub fn store_url(&self) -> Url {
        let mut url = self.url.clone();
        url.set_path("/");
        url
    }

    /// The folder in the local file system, when the dataset is there.
    pub fn local_path(&self) -> Option<PathBuf> {
        let path = (self.url.scheme() == "file").then(|| self.url.to_file_path().ok())??;
        // Without the URL's closing slash, which a file of that name would not be found under.
        Some(path.components().collect())
    }

    /// The place of an object of the dataset in the form that a user can open: a path when it is local, else a URL.
    pub fn display(&self, object: &Path) -> String {
        if self.url.scheme() == "file" {
            return format!("/{object}");
        }
        let below = object.prefix_match(&self.root).map(|parts| {
            parts
                .map(|part| part.as_ref().to_owned())
                .collect::<Vec<_>>()
                .join("/")
        });
        format!(
            "{}{}",
            self.url,
            below.unwrap_or_else(|| object.to_string())
        )
    }
}

fn to_url(given: &str) -> Result<Url> {
    let reason = |reason: &str| Error::Location {
        given: given.to_owned(),
        reason: reason.to_owned(),
    };
    if given.trim().is_empty() {
        return Err(reason("it is empty"));
    }
    // A drive letter is no scheme; a scheme has at least two characters and is followed by `://`.
    if given.contains("://") {
        let mut url = Url::parse(given).map_err(|error| reason(&error.to_string()))?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        return Ok(url);
    }
    let path = std::path::absolute(given).map_err(|error| reason(&error.to_string()))?;
    Url::from_directory_path(&path).map_err(|()| reason("it is not an absolute path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_open() {
        let local = DatasetLocation::open("/data/digits").unwrap();
        assert_eq!(local.url().as_str(), "file:///data/digits/");
        assert_eq!(local.root().as_ref(), "data/digits");
        assert_eq!(local.local_path(), Some(PathBuf::from("/data/digits")));
        assert_eq!(
            local.display(&Path::from("data/digits/a.parquet")),
            "/data/digits/a.parquet"
        );
        let cloud = DatasetLocation::open("s3://bucket/a/b").unwrap();
        assert_eq!(
            (cloud.root().as_ref(), cloud.store_url().as_str()),
            ("a/b", "s3://bucket/")
        );
        assert_eq!(
            cloud.display(&Path::from("a/b/c.parquet")),
            "s3://bucket/a/b/c.parquet"
        );
    }

    #[test]
    fn a_foreign_scheme_is_refused() {
        let error = DatasetLocation::open("ftp://host/data").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`ftp://host/data` is not a place for a dataset"),
            "{error}"
        );
    }
}
