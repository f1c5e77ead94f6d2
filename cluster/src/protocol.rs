//! What clients and nodes tell each other beside plans and rows: which Engram they are, and which dataset they mean.
//!
//! A plan names functions and operators of this program, and files. Another version may mean something else by them, so that
//! plans go between equal versions only: a version is the release's number, and a hash of all that is compiled (`build.rs`). The files of a dataset are named by one hash: a node that has another state of the
//! dataset opens it again, and refuses if that does not help.

use engram_engine::Session;
use engram_schemas::file_hash::hexadecimal;
use sha2::{Digest, Sha256};

/// The version of this program: equal where it was built from equal sources.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("ENGRAM_SOURCES"));

/// The header with the version of a client.
pub(crate) const VERSION_HEADER: &str = "x-engram-version";

/// The header with the identity of the dataset that a client has opened.
pub(crate) const DATASET_HEADER: &str = "x-engram-dataset";

/// The header with the URLs of the nodes that a query is divided among, by commas.
pub(crate) const NODES_HEADER: &str = "x-engram-nodes";

/// The header with what losses are told by.
pub(crate) const MARK_HEADER: &str = "x-engram-mark";

/// What the headers of a request may hold, in bytes. The URLs of some thousand nodes have room.
pub(crate) const MOST_HEADER_BYTES: u32 = 256 << 10;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Greeting {
    /// The version of its program.
    pub(crate) version: String,
    /// The threads that it computes on.
    pub(crate) n_threads: usize,
}

impl Greeting {
    /// As one text, which is what the protocol has room for.
    pub(crate) fn written(&self) -> String {
        format!("engram {} threads {}", self.version, self.n_threads)
    }

    /// Reads it; nothing where something else answers than a node of Engram.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("engram ")?;
        let (version, n_threads) = rest.split_once(" threads ")?;
        Some(Self {
            version: version.to_owned(),
            n_threads: n_threads.parse().ok()?,
        })
    }
}

/// What names the dataset and its state: equal where a plan means the same files.
pub(crate) fn identity(session: &Session) -> String {
    let dataset = session.dataset();
    let location = session.location();
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text);
        hash.update([0]);
    };
    add(location.store_url().as_str());
    add(location.root().as_ref());
    dataset.identity().for_each(&mut add);
    for file in dataset.files() {
        if has(session, file.table) {
            add(file.object.location.as_ref());
            add(&file.object.size.to_string());
        }
    }
    hexadecimal(hash.finalize().as_slice())
}

/// Whether a table's files lie where every node finds them: results may lie beside the dataset, on the client's machine.
pub(crate) fn has(session: &Session, table: &str) -> bool {
    table != engram_schemas::results::TABLE
        || session.results_location().url() == session.location().url()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_read_as_it_was_written() {
        let greeting = Greeting {
            version: "0.1.0-dev".to_owned(),
            n_threads: 8,
        };
        assert_eq!(Greeting::read(&greeting.written()), Some(greeting));
        for other in ["", "2.0.0", "engram", "engram 1 threads x"] {
            assert_eq!(Greeting::read(other), None, "{other}");
        }
    }
}
