//! How a dataset is opened.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use engram_engine::session::{Damage, SessionSettings};
use engram_schemas::DatasetLocation;
use pyo3::prelude::*;

use crate::dataset::Dataset;
use crate::errors;

/// Opens a dataset: a folder or a URL (``file://``, ``s3://``, ``gs://``, ``az://``, ``https://``).
///
/// Its files are listed and checked; a later file is not seen. Queries may hold ``memory_limit`` bytes and go on in temporary
/// files where they can; without it there is no limit. They compute on ``threads`` threads, one a core by default, and no
/// answer depends on how many. The table ``results`` lies at ``results``; by default in the dataset, or for a release, which
/// is never changed, in ``./engram-results``. With ``skip_damaged``, files that are not what they should be are left out, and
/// are in ``Dataset.damaged``; every byte is read first then.
///
/// >>> with engram.open(url) as dataset:
/// ...     dataset.sql("SELECT 1 AS one").numpy()["one"].tolist()
/// [1]
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
