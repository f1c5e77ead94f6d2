//! How a dataset is opened.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use engram_engine::session::{Damage, SessionSettings};
use engram_schemas::DatasetLocation;
use pyo3::prelude::*;

use crate::dataset::Dataset;
use crate::errors;

/// Opens a dataset. Its files are listed and checked; what comes later is not seen.
///
/// >>> with engram.open(url) as dataset:
/// ...     dataset.sql("SELECT 1 AS one").numpy()["one"].tolist()
/// [1]
///
/// Args:
///     url: a folder or a URL (``file://``, ``s3://``, ``gs://``, ``az://``, ``https://``).
///     memory_limit: what queries may hold in memory, in bytes. Sorts and aggregations that need more go on in temporary
///         files. By default there is no limit.
///     threads: what queries and classifiers compute on, one a core by default. No answer depends on it.
///     results: where the table ``results`` lies; by default in the dataset, or for a release, which is never changed, in
///         ``./engram-results``.
///     skip_damaged: leave files out that are not what they should be; ``Dataset.damaged`` lists them. Every byte is read
///         first.
///
/// Raises:
///     DatasetError: where there is no dataset, or one that cannot be read.
#[pyfunction]
#[pyo3(signature = (url, *, memory_limit=None, threads=None, results=None, skip_damaged=false))]
pub(crate) fn open(
    py: Python<'_>,
    url: PathBuf,
    memory_limit: Option<u64>,
    threads: Option<usize>,
    results: Option<PathBuf>,
    skip_damaged: bool,
) -> PyResult<Dataset> {
    let n_threads = match threads.map(NonZeroUsize::new) {
        None => None,
        Some(Some(n_threads)) => Some(n_threads),
        Some(None) => {
            return Err(errors::argument(
                "`threads` is 0 and must be at least 1",
                None,
            ));
        }
    };
    let location = |given: &PathBuf, open: fn(&str) -> engram_schemas::Result<DatasetLocation>| {
        open(&given.to_string_lossy()).map_err(|error| errors::of_engine(error.into()))
    };
    let settings = SessionSettings {
        memory_limit_bytes: memory_limit,
        n_threads,
        damage: match skip_damaged {
            true => Damage::Skip,
            false => Damage::Refuse,
        },
        results: results
            .map(|results| location(&results, DatasetLocation::open_to_write))
            .transpose()?,
        ..SessionSettings::default()
    };
    let given = url.to_string_lossy().into_owned();
    Dataset::open(py, given, location(&url, DatasetLocation::open)?, settings)
}
