//! Who may have nodes compute: the secret that they share with their clients and with each other, and certificates.
//!
//! All nodes of a cluster and all its clients know one token. A node is a client of the others, because rows go from node to
//! node.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use http::HeaderValue;
use subtle::ConstantTimeEq;
use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};
use url::Url;

use crate::{Error, Result};

/// The fewest characters of a token. Shorter ones can be found by trying.
const SHORTEST_TOKEN: usize = 16;

/// The secret of a cluster.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token from a text that holds nothing else.
    ///
    /// # Errors
    /// For one that is too short, or has more than letters, digits and signs in it.
    pub fn parse(text: &str) -> Result<Self> {
        let token = text.trim();
        let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        // The text is a secret: an error does not repeat it.
        if token.len() < SHORTEST_TOKEN || !is_plain {
            return Err(Error::Settings {
                problem: format!("a token has at least {SHORTEST_TOKEN} characters, and no spaces"),
                hint: "make a token with `openssl rand -hex 32`",
            });
        }
        Ok(Self(token.to_owned()))
    }

    /// The token in a file.
    ///
    /// # Errors
    /// When it cannot be read, and those of [`Token::parse`].
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(&text)
    }

    /// What a client shows.
    pub(crate) fn shown(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether a client shows it.
    pub(crate) fn is_shown(&self, value: Option<&HeaderValue>) -> bool {
        let shown = value.and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// What a client of nodes shows, and whom it trusts.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token of the cluster, if it has one.
    pub token: Option<Token>,
    /// The file of the certificates, as PEM, that vouch for those of nodes; without it nothing is encrypted.
    pub authority: Option<PathBuf>,
}

/// The certificate of a node.
#[derive(Clone, Debug)]
pub struct NodeCertificate {
    /// The file of the certificate, followed by those that vouch for it, as PEM.
    pub certificate: PathBuf,
    /// The file of its private key, as PEM.
    pub key: PathBuf,
}

impl NodeCertificate {
    pub(crate) fn server(&self) -> Result<ServerTlsConfig> {
        let identity = Identity::from_pem(read(&self.certificate)?, read(&self.key)?);
        Ok(ServerTlsConfig::new().identity(identity))
    }
}

/// Reads what vouches for certificates.
pub(crate) fn authority(file: &Path) -> Result<Certificate> {
    Ok(Certificate::from_pem(read(file)?))
}

/// How a connection to a node is encrypted.
pub(crate) fn client(authority: &Certificate, node: &Url) -> ClientTlsConfig {
    let tls = ClientTlsConfig::new().ca_certificate(authority.clone());
    match node.fragment() {
        Some(name) => tls.domain_name(name),
        None => tls,
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(|source| Error::Read {
        file: file.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_and_never_told() {
        let token = Token::parse("0123456789abcdef\n").unwrap();
        assert!(token.is_shown(token.shown().as_ref()));
        let other = Token::parse("0123456789abcdeF").unwrap();
        assert!(!token.is_shown(other.shown().as_ref()));
        assert!(!token.is_shown(None));
        assert_eq!(format!("{token:?}"), "Token");
        for text in ["", "short", "0123456789 abcdef"] {
            let error = Token::parse(text).unwrap_err().to_string();
            assert!(
                !error.contains("short") && !error.contains("0123"),
                "{error}"
            );
        }
    }
}
