//! From the place that a user names to an object store and a path in it.
//!
//! A place may come with a password (`https://user:password@host`). It goes into the store's connection and nowhere else:
//! neither [`DatasetLocation::url`] nor an error nor the debug form has it.

mod connect;
mod failure;
mod persistent;
mod secrets;

use std::fmt;
use std::path::{Component, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

pub use failure::{StoreFailure, causes, hint};

use crate::{Error, Result};

/// A dataset's place, opened: `file:///...`, `s3://`, `gs://`, `az://`, `http(s)://` (to read only) or a plain path.
///
/// Credentials and endpoints of cloud stores come from the environment by the usual names (`AWS_ACCESS_KEY_ID`,
/// `AWS_ENDPOINT_URL`, ...). docs/storage.md lists them.
#[derive(Clone)]
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
        let mut url = to_url(given)?;
        let login = secrets::take_login(&mut url);
        let (store, root) = connect::connect(&url, login)?;
        Ok(Self { url, store, root })
    }

    /// Opens a place that is to be written to.
    ///
    /// # Errors
    /// Those of [`DatasetLocation::open`], and [`Error::ReadOnly`] for a place that can only be read.
    pub fn open_to_write(given: &str) -> Result<Self> {
        let location = Self::open(given)?;
        match location.url.scheme() {
            "http" | "https" => Err(Error::ReadOnly {
                place: location.to_string(),
            }),
            _ => Ok(location),
        }
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

    /// Whether the store lists names in their order, as bytes, and from any name on without going through those before: a listing
    /// can then be divided.
    pub fn lists_in_order(&self) -> bool {
        let bucket = self.url.host_str().unwrap_or_default();
        matches!(self.url.scheme(), "s3" | "gs") && persistent::lists_in_order(bucket)
    }

    /// The place in the form in which the user may give it again: as it was given when it is local, else without secrets.
    pub fn as_given(&self, given: &str) -> String {
        match self.local_path() {
            Some(_) => given.to_owned(),
            None => self.to_string(),
        }
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

impl fmt::Display for DatasetLocation {
    /// The place as a user would write it: a path when it is local, else a URL without a closing slash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local_path() {
            Some(path) => write!(f, "{}", path.display()),
            None => f.write_str(self.url.as_str().trim_end_matches('/')),
        }
    }
}

impl fmt::Debug for DatasetLocation {
    /// Without the store, whose debug form has credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatasetLocation")
            .field(&self.url.as_str())
            .finish()
    }
}

fn to_url(given: &str) -> Result<Url> {
    let unusable = |reason: &str, hint: &str| Error::Location {
        given: secrets::without_secrets(given),
        reason: reason.to_owned(),
        hint: hint.to_owned(),
    };
    if given.trim().is_empty() {
        return Err(unusable("it is empty", FORMS));
    }
    // A drive letter is no scheme; a scheme has at least two characters and is followed by `://`.
    if !given.contains("://") {
        let path =
            std::path::absolute(given).map_err(|error| unusable(&error.to_string(), FORMS))?;
        return Url::from_directory_path(without_parents(&path))
            .map_err(|()| unusable("it is not an absolute path", FORMS));
    }
    let mut url = Url::parse(given).map_err(|error| unusable(&error.to_string(), FORMS))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(unusable(
            "a place has no `?` and no `#` in it",
            "signed URLs of single files are no place for a dataset; a token of Azure is read from \
             AZURE_STORAGE_SAS_TOKEN, and docs/storage.md has the variables of the others",
        ));
    }
    if url.password().is_some() && !url.scheme().starts_with("http") {
        return Err(unusable(
            "it has a password in it, and only http(s):// takes one",
            "credentials of cloud stores are read from the environment; docs/storage.md has the variables",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

/// The path without `..`, which stores have no name for. As the system has it, the parent is that of the folder which a symbolic
/// link leads to.
fn without_parents(path: &std::path::Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                resolved = resolved.canonicalize().unwrap_or(resolved);
                resolved.pop();
            }
            component => resolved.push(component),
        }
    }
    resolved
}

/// What a place may be.
const FORMS: &str = "name a folder, or a URL: s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH, file:///PATH, \
                     or https://HOST/PATH to read only";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_open() {
        let local = DatasetLocation::open("/data/digits").unwrap();
        assert_eq!(local.url().as_str(), "file:///data/digits/");
        assert_eq!(local.root().as_ref(), "data/digits");
        assert_eq!(local.local_path(), Some(PathBuf::from("/data/digits")));
        assert_eq!(local.to_string(), "/data/digits");
        assert_eq!(
            local.display(&Path::from("data/digits/a.parquet")),
            "/data/digits/a.parquet"
        );
        let cloud = DatasetLocation::open("s3://bucket/a/b").unwrap();
        assert_eq!(
            (cloud.root().as_ref(), cloud.store_url().as_str()),
            ("a/b", "s3://bucket/")
        );
        assert_eq!(cloud.to_string(), "s3://bucket/a/b");
        assert_eq!(
            cloud.display(&Path::from("a/b/c.parquet")),
            "s3://bucket/a/b/c.parquet"
        );
    }

    #[test]
    fn a_parent_s_folder_opens() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        let below = real.join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        let open = |place: PathBuf| DatasetLocation::open(&place.display().to_string());
        let place = |place: PathBuf| open(place).unwrap().local_path().unwrap();
        assert_eq!(place(below.join("../c")), real.join("a/c"));
        assert_eq!(place(below.join("../../data")), real.join("data"));
        assert_eq!(place(real.join("none/../data")), real.join("data"));
        let above = DatasetLocation::open("..").unwrap().local_path().unwrap();
        assert_eq!(above, std::env::current_dir().unwrap().parent().unwrap());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&below, real.join("link")).unwrap();
            assert_eq!(place(real.join("link/../c")), real.join("a/c"));
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for place in ["ftp://host/data", "memory:///data"] {
            let error = DatasetLocation::open(place).unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("`{place}` is not a place for a dataset")),
                "{error}"
            );
            assert!(error.hint().unwrap().contains("s3://BUCKET/PATH"));
        }
    }

    #[test]
    fn http_is_read_and_not_written() {
        let place = "http://127.0.0.1:1/data";
        assert!(DatasetLocation::open(place).is_ok());
        let error = DatasetLocation::open_to_write(place).unwrap_err();
        assert_eq!(error.to_string(), format!("{place} can only be read"));
    }

    #[test]
    fn no_form_of_a_place_has_its_password() {
        let location = DatasetLocation::open("https://user:hidden@host/data").unwrap();
        assert_eq!(location.url().as_str(), "https://host/data/");
        assert_eq!(
            format!("{location} {location:?}"),
            "https://host/data DatasetLocation(\"https://host/data/\")"
        );
        for place in [
            "s3://key:hidden@bucket/data",
            "az://container/data?sv=1&sig=hidden",
            "https://user:hid/hidden@host:x/data",
            "ftp://user:hidden@host/data",
            "https://host/data#hidden",
        ] {
            let error = DatasetLocation::open(place).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hid/"), "{error}");
            assert!(!format!("{error} {error:?}").contains("hidden"), "{error}");
        }
        // What stands before an `@` there is the container.
        let azure = DatasetLocation::open("abfss://files@account.dfs.core.windows.net/a").unwrap();
        assert_eq!(azure.root().as_ref(), "a");
    }
}
