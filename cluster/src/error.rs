//! What can go wrong between a session and the nodes that compute for it, and before a node runs.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use datafusion::error::DataFusionError;
use engram_engine::Hinted;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Nodes that do not answer, or a node that does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine cannot open the dataset, or failed.
    #[error(transparent)]
    Engine(#[from] engram_engine::Error),
    /// An address of a node that is none.
    #[error("`{given}` is not the address of a node")]
    Address {
        /// What was given.
        given: String,
    },
    /// Nodes of which none can answer.
    #[error("none of the nodes can answer{}", Told(refusals))]
    NoNode {
        /// Why each cannot.
        refusals: Vec<Refusal>,
    },
    /// Nodes that were lost one after the other while a query ran.
    #[error(
        "the query was tried {n_attempts} times, and each time a node was lost{}",
        Told(refusals)
    )]
    Exhausted {
        /// How often it was tried.
        n_attempts: usize,
        /// Which nodes were lost, and how.
        refusals: Vec<Refusal>,
    },
    /// A node that was lost when a part of the answer had been handed over.
    #[error(
        "the node {node} was lost after {n_rows} rows of the answer, which is not whole: {reason}"
    )]
    Lost {
        /// The node.
        node: String,
        /// What happened to it.
        reason: String,
        /// The rows that had been handed over.
        n_rows: u64,
    },
    /// A node whose part of a query ended in a panic. Another try would end there too.
    #[error("the node {node} failed: a computation of it ended in a panic")]
    Panicked {
        /// The node.
        node: String,
    },
    /// Settings that do not go together.
    #[error("{problem}")]
    Settings {
        /// What does not.
        problem: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// An address that cannot be listened on.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A listener that failed while the node ran.
    #[error("cannot serve on {address}")]
    Serve {
        /// The address.
        address: SocketAddr,
        /// What it said.
        source: tonic::transport::Error,
    },
    /// A file of tokens, certificates or keys that cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate or a key that cannot be used.
    #[error("{} cannot be used for TLS", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
}

/// A node that cannot answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The node.
    pub node: String,
    /// Why not.
    pub reason: String,
}

/// Refusals, a line each.
struct Told<'a>(&'a [Refusal]);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for refusal in self.0 {
            write!(f, "\n  {}: {}", refusal.node, refusal.reason)?;
        }
        Ok(())
    }
}

impl Error {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Engine(error) => return engram_engine::hint(error),
            Self::Address { .. } => {
                "an address is a host and a port, as in node-1:50061, 10.0.0.7:50061 or [::1]:50061"
            }
            Self::NoNode { refusals } => return hint_of(refusals),
            Self::Exhausted { .. } => {
                "see what the nodes say before they end; without --nodes the query runs here"
            }
            Self::Lost { .. } => "run the command again: it goes on with the other nodes",
            Self::Panicked { .. } => {
                "this is a defect of Engram: report it with what the node says; without --nodes the query runs here"
            }
            Self::Settings { hint, .. } => hint,
            Self::Bind { source, .. } => match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "something listens there already; choose another port, or port 0 for any"
                }
                std::io::ErrorKind::PermissionDenied => "choose a port above 1023",
                _ => "choose an address of this machine, as in 127.0.0.1:50061",
            },
            Self::Serve { .. } => "start the node again; queries go on with the other nodes",
            Self::Read { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => "check the path: there is no such file",
                std::io::ErrorKind::PermissionDenied => "let the user who runs the command read it",
                _ => "give a file of text",
            },
            Self::Certificate { .. } => "give a certificate chain and its private key, both as PEM",
        };
        Some(hint.to_owned())
    }
}

/// What all refusals have in common decides.
fn hint_of(refusals: &[Refusal]) -> Option<String> {
    let all = |words: &str| {
        refusals
            .iter()
            .all(|refusal| refusal.reason.contains(words))
    };
    let hint = if refusals.is_empty() {
        "check the name given to --nodes"
    } else if all("token") {
        "give the nodes' token with --nodes-token-file FILE or ENGRAM_NODES_TOKEN"
    } else if all("version") {
        "run the same engram here and on the nodes"
    } else if all("dataset") {
        "start the nodes with the --at of this command"
    } else {
        "start nodes with `engram node --listen ADDRESS --at URL`; without --nodes the query runs here"
    };
    Some(hint.to_owned())
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        match error.hint() {
            Some(hint) => Hinted::of_query(error, hint),
            None => Self::External(Box::new(error)),
        }
    }
}
