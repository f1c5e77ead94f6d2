//! What can go wrong between a client's question and its answer, and before a server runs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use engram_engine::sql_error::Kind;

/// The result of an operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A question that is not answered to the end, or a server that does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine does not take the question, or failed while it computed the answer.
    #[error(transparent)]
    Engine(#[from] engram_engine::Error),
    /// More questions than are answered at a time, and more than may wait.
    #[error("the server is too busy: {running} queries run and {waiting} wait")]
    Busy {
        /// How many run.
        running: usize,
        /// How many wait.
        waiting: usize,
    },
    /// A question that waited for its turn as long as one may.
    #[error("the server is too busy: the query waited {} s for its turn", seconds(*waited))]
    Waited {
        /// How long.
        waited: Duration,
    },
    /// A server that is about to end.
    #[error("the server is shutting down")]
    Closing,
    /// A query that takes longer than it may.
    #[error("the query took longer than {} s, which is the limit here", seconds(*limit))]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// An answer of more rows than one may have.
    #[error("the answer has more than {limit} rows, which is the limit here")]
    TooManyRows {
        /// How many it may have.
        limit: u64,
    },
    /// A statement of more bytes than one may have.
    #[error("the statement has {length} bytes, and {limit} are the limit here")]
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A client that asks and then does not read what it is sent.
    #[error("the client read nothing for {} s, so that the query was ended", seconds(*limit))]
    Idle {
        /// How long it may do nothing.
        limit: Duration,
    },
    /// A query that its client, or a server that is about to end, has ended.
    #[error("the query was cancelled")]
    Cancelled,
    /// A computation that ended in a panic: a defect of this program.
    #[error("the query ended for an unknown reason, which is a defect of the server")]
    Computation,
    /// A client without a token, or with a wrong one.
    #[error("{problem}")]
    Unauthenticated {
        /// What is wrong.
        problem: &'static str,
    },
    /// More statements prepared at a time than may be.
    #[error("there are {limit} prepared statements, which is the limit here")]
    TooManyStatements {
        /// How many there may be.
        limit: usize,
    },
    /// Prepared statements and values bound to them that are larger than they may be together.
    #[error(
        "prepared statements and what is bound to them would take more than {limit} bytes, which is the limit here"
    )]
    StatementsTooLarge {
        /// How many bytes they may take.
        limit: usize,
    },
    /// A prepared statement that is not there: never made, closed, or not used for long.
    #[error("there is no such prepared statement: it was closed, or was not used for long")]
    NoSuchStatement,
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
    /// A listener that failed while the server ran.
    #[error("cannot serve on {address}")]
    Serve {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
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
    #[error("{} cannot be used for TLS: {problem}", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// What whoever gets the error can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Engine(engram_engine::Error::Sql(error)) => match error.kind() {
                // The engine's words are for someone who started the command.
                Kind::Write => "this server only reads the dataset; save the answer on your side",
                Kind::Limit => {
                    "ask for fewer rows or columns at once, or ask who runs the server for a larger --query-memory"
                }
                _ => return error.hint(),
            },
            Self::Engine(error) => return engram_engine::hint(error),
            Self::Busy { .. } | Self::Waited { .. } => "try again in a few seconds",
            Self::Closing => "try again when it runs again",
            Self::TimedOut { .. } => {
                "ask for less at once, or ask who runs the server for a larger --timeout"
            }
            Self::TooManyRows { .. } => "add a LIMIT or a WHERE, or aggregate",
            Self::Idle { .. } => "read the answer as it comes, or ask for less at once",
            Self::Unauthenticated { .. } => {
                "send the header `authorization: Bearer TOKEN`, or the token as the password of any user"
            }
            Self::TooLong { .. } => {
                "bind long lists of values as parameters, or say by a join or a range what they have in common"
            }
            Self::TooManyStatements { .. } | Self::StatementsTooLarge { .. } => {
                "close statements that are not needed any more"
            }
            Self::NoSuchStatement => "prepare it again",
            Self::Settings { hint, .. } => hint,
            Self::Bind { source, .. } => match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "something listens there already; choose another port, or port 0 for any"
                }
                std::io::ErrorKind::PermissionDenied => "choose a port above 1023",
                _ => "choose an address of this machine, as in 127.0.0.1:50051",
            },
            Self::Certificate { .. } => "give a certificate chain and its private key, both as PEM",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether the same question may well be answered a little later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Waited { .. } | Self::Closing
        )
    }

    /// The error and what to do about it, in one text for protocols that have room for one only.
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(&format!("\n  cause: {cause}"));
            source = cause.source();
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
