//! Where the rows of a file come from, in the file: key-value metadata of Parquet and Arrow.
//!
//! It follows from what was asked, of which dataset and by which version. There is no time and no machine in it, so that equal
//! requests make equal bytes.

use std::collections::HashMap;

use engram_engine::Session;
use engram_schemas::CODE_VERSION_KEY;

/// The dataset's place, without passwords.
const DATASET_KEY: &str = "engram.dataset";

/// Name and version of the release that the dataset is, if it is one.
const RELEASE_KEY: &str = "engram.release";

/// The query.
const SQL_KEY: &str = "engram.sql";

/// What is known of an answer to `sql`.
pub(crate) fn provenance(session: &Session, sql: &str) -> HashMap<String, String> {
    let release = session.dataset().release();
    let release = release.map(|release| format!("{} {}", release.name, release.version));
    let known = [
        (CODE_VERSION_KEY, Some(env!("CARGO_PKG_VERSION").to_owned())),
        (DATASET_KEY, Some(session.location().to_string())),
        (RELEASE_KEY, release),
        (SQL_KEY, Some(sql.trim().to_owned())),
    ];
    known
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}
