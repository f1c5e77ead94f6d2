//! What a server listens on, whom it answers, and how much it gives to each.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::identity::Tokens;
use crate::{Error, Result};

/// What a server listens on, whom it answers, and how much it gives to each.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where Flight SQL is spoken, if it is; port 0 takes any.
    pub flight: Option<SocketAddr>,
    /// Where HTTP is spoken, if it is; port 0 takes any.
    pub http: Option<SocketAddr>,
    /// The tokens of which every client must show one; without any, everybody is answered.
    pub tokens: Tokens,
    /// Who is answered without a token.
    pub anonymous: Anonymous,
    /// The certificate of both listeners; without one, nothing is encrypted.
    pub tls: Option<Tls>,
    /// How much a client gets.
    pub limits: ServerLimits,
}

/// Who is answered where there are no tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Programs of the same machine.
    #[default]
    Loopback,
    /// Whoever reaches the server.
    Everyone,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The file of the certificate, followed by those that vouch for it.
    pub certificate: PathBuf,
    /// The file of its private key.
    pub key: PathBuf,
}

/// How much a server gives to its clients.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Queries that run at a time.
    pub running: usize,
    /// Queries that may wait for their turn.
    pub waiting: usize,
    /// How long one may wait for its turn.
    pub patience: Duration,
    /// How long a query may take, from its turn to its last row.
    pub timeout: Duration,
    /// How long a client may leave rows unread that are ready for it.
    pub idle: Duration,
    /// How many rows an answer may have, if there is a limit.
    pub rows: Option<u64>,
    /// What the operators of one query may hold in memory, in bytes, if there is a limit besides that of the session.
    pub query_memory_bytes: Option<u64>,
    /// Statements that may be prepared at a time.
    pub statements: usize,
    /// How long a prepared statement is kept that is not used.
    pub statement_idle: Duration,
    /// How long queries may go on that run when the server is told to end.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: (2 * cores).max(4),
            waiting: 256,
            patience: Duration::from_secs(60),
            timeout: Duration::from_secs(300),
            idle: Duration::from_secs(30),
            rows: None,
            query_memory_bytes: None,
            statements: 1024,
            statement_idle: Duration::from_secs(3600),
            grace: Duration::from_secs(20),
        }
    }
}

impl ServerSettings {
    /// Whether a server can run by these settings, safely.
    ///
    /// # Errors
    /// [`Error::Settings`] when there is nothing to listen on, nothing may run, or strangers would be answered without a token.
    pub fn check(&self) -> Result<()> {
        let refused = |problem: &str, hint| {
            let problem = problem.to_owned();
            Err(Error::Settings { problem, hint })
        };
        let addresses = [self.flight, self.http];
        if addresses.iter().all(Option::is_none) {
            return refused(
                "there is nothing to listen on",
                "give --flight ADDRESS, --http ADDRESS or both",
            );
        }
        if self.limits.running == 0 {
            return refused(
                "no query could run",
                "give --max-queries a number from 1 on",
            );
        }
        let open = addresses
            .into_iter()
            .flatten()
            .find(|address| !address.ip().is_loopback());
        if let Some(address) = open
            && self.tokens.is_empty()
            && self.anonymous == Anonymous::Loopback
        {
            return refused(
                &format!(
                    "{address} can be reached from other machines, and whoever reaches it could read the dataset"
                ),
                "ask for a token with --token-file FILE or ENGRAM_SERVE_TOKEN, or let everybody in with --allow-anonymous",
            );
        }
        Ok(())
    }

    /// What an operator should know about settings that are allowed and not safe.
    pub fn warnings(&self) -> Vec<&'static str> {
        let addresses = [self.flight, self.http];
        let is_open = addresses
            .iter()
            .flatten()
            .any(|address| !address.ip().is_loopback());
        let mut warnings = Vec::new();
        if is_open && self.tls.is_none() && !self.tokens.is_empty() {
            warnings.push("tokens and answers go over the network unencrypted: give --tls-certificate and --tls-key, or put a proxy in front");
        }
        if is_open && self.tokens.is_empty() {
            warnings.push("whoever reaches the server can read the dataset");
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(address: &str) -> ServerSettings {
        ServerSettings {
            flight: Some(address.parse().unwrap()),
            http: None,
            tokens: Tokens::default(),
            anonymous: Anonymous::Loopback,
            tls: None,
            limits: ServerLimits::default(),
        }
    }

    #[test]
    fn strangers_need_a_token() {
        settings("127.0.0.1:0").check().unwrap();
        settings("[::1]:0").check().unwrap();
        let error = settings("0.0.0.0:50051").check().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("0.0.0.0:50051 can be reached"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("--token-file"));
        let everyone = ServerSettings {
            anonymous: Anonymous::Everyone,
            ..settings("0.0.0.0:50051")
        };
        everyone.check().unwrap();
        let known = ServerSettings {
            tokens: Tokens::parse("s3cr3t-of-some-length").unwrap(),
            ..settings("0.0.0.0:50051")
        };
        known.check().unwrap();
        assert_eq!(known.warnings().len(), 1);
    }
}
