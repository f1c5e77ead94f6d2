//! Who asks: tokens and what clients show of them.
//!
//! A token comes as `authorization: Bearer TOKEN`, or as the password of `authorization: Basic`, whatever the user: that is how
//! database tools ask people for one. Tokens are read from a file or the environment, never from an argument, which every
//! process of a machine can see.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use subtle::ConstantTimeEq;

use crate::{Error, Result};

/// The fewest characters of a token. Shorter ones can be found by trying.
const SHORTEST_TOKEN: usize = 16;

/// The tokens that a server knows, each with a name for its holder.
#[derive(Clone, Default)]
pub struct Tokens(Vec<Token>);

#[derive(Clone)]
struct Token {
    name: String,
    secret: String,
}

/// Whoever asks a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The name of its token, where tokens are asked for.
    pub name: Option<String>,
    /// Where it asks from.
    pub address: Option<SocketAddr>,
}

impl Tokens {
    /// Reads a file of tokens: one a line, with a name before it or without. Empty lines and those that begin with `#` are passed
    /// over.
    ///
    /// # Errors
    /// When the file cannot be read, holds no token, or one that is too short.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        let tokens = Self::parse(&text)?;
        if tokens.is_empty() {
            return Err(Error::Settings {
                problem: format!("there is no token in {}", file.display()),
                hint: "write one a line, as in `openssl rand -hex 32 > FILE`",
            });
        }
        Ok(tokens)
    }

    /// As [`Tokens::read`], from a text; one without tokens is none.
    ///
    /// # Errors
    /// For a token that is too short, or a line of more than a name and a token.
    pub fn parse(text: &str) -> Result<Self> {
        let mut tokens = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, secret) = match line.split_once(char::is_whitespace) {
                Some((name, secret)) => (name.to_owned(), secret.trim()),
                None => (format!("token {}", tokens.len() + 1), line),
            };
            // The text is a secret: an error says only where it is.
            if secret.contains(char::is_whitespace) || secret.len() < SHORTEST_TOKEN {
                return Err(Error::Settings {
                    problem: format!(
                        "line {number} of the tokens is not a name and a token of at least {SHORTEST_TOKEN} characters"
                    ),
                    hint: "make a token with `openssl rand -hex 32`",
                });
            }
            let secret = secret.to_owned();
            tokens.push(Token { name, secret });
        }
        Ok(Self(tokens))
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether there is none, so that nobody is asked for one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of whoever shows this value of the header `authorization`; none where no tokens are asked for.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] where a token is asked for and none of ours is shown.
    pub fn holder(&self, authorization: Option<&str>) -> Result<Option<String>> {
        if self.is_empty() {
            return Ok(None);
        }
        let shown = authorization.ok_or(Error::Unauthenticated {
            problem: "this server asks for a token",
        })?;
        let shown = secret(shown).ok_or(Error::Unauthenticated {
            problem: "the header `authorization` holds neither a bearer token nor a user and a password",
        })?;
        // Every token is compared in full, so that the time it takes tells nothing of them.
        let mut holder = None;
        for token in &self.0 {
            if bool::from(token.secret.as_bytes().ct_eq(shown.as_bytes())) {
                holder = Some(token.name.clone());
            }
        }
        holder.map(Some).ok_or(Error::Unauthenticated {
            problem: "the token is not one of this server's",
        })
    }
}

/// The token in a value of the header `authorization`.
pub(crate) fn secret(authorization: &str) -> Option<String> {
    let (scheme, value) = authorization.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    // Some drivers leave the padding out.
    let decoded = BASE64_STANDARD
        .decode(value)
        .or_else(|_| BASE64_STANDARD_NO_PAD.decode(value))
        .ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (_user, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|token| &token.name))
            .finish()
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("anonymous");
        match self.address {
            Some(address) => write!(f, "{name}@{address}"),
            None => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "alice 0123456789abcdef";

    #[test]
    fn a_token_is_shown_as_bearer_or_as_a_password() {
        let tokens = Tokens::parse(&format!("# people\n{ALICE}\n\nfedcba9876543210")).unwrap();
        let holder = |header: &str| tokens.holder(Some(header)).ok().flatten();
        assert_eq!(holder("Bearer 0123456789abcdef").unwrap(), "alice");
        assert_eq!(holder("bearer fedcba9876543210").unwrap(), "token 2");
        let basic = BASE64_STANDARD.encode("anyone:0123456789abcdef");
        assert_eq!(holder(&format!("Basic {basic}")).unwrap(), "alice");
        let unpadded = basic.trim_end_matches('=');
        assert_eq!(holder(&format!("Basic {unpadded}")).unwrap(), "alice");
        for wrong in [
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcde",
            "Bearer",
            "0123456789abcdef",
            "Basic ???",
            "Digest 0123456789abcdef",
        ] {
            assert_eq!(holder(wrong), None, "{wrong}");
        }
        assert!(tokens.holder(None).is_err());
        assert_eq!(Tokens::default().holder(None).unwrap(), None);
    }

    #[test]
    fn a_secret_is_never_told() {
        assert_eq!(
            format!("{:?}", Tokens::parse(ALICE).unwrap()),
            "[\"alice\"]"
        );
        for text in ["alice short", "short", "alice 0123456789abcdef more"] {
            let error = Tokens::parse(text).unwrap_err().told();
            assert!(
                !error.contains("short") && !error.contains("0123"),
                "{error}"
            );
        }
    }
}
