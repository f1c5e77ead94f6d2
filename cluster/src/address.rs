//! Where nodes are: hosts with ports, and what their names stand for.
//!
//! Within a query a node goes by a URL. Nodes call each other by the same URLs, so that all a node has to know of another is in
//! it: whether the connection is encrypted, and, as its fragment, the name that the certificate has to bear. A name may stand
//! for many nodes, which then have one certificate and each an address of its own.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use url::Url;

use crate::{Error, Result};

/// The port of a node, if nobody says another.
pub const PORT: u16 = 50061;

/// A host and a port, as a user writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// Whether what goes to nodes is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Everybody on the way can read it.
    Plain,
    /// TLS.
    Tls,
}

impl Encryption {
    /// How a URL says so.
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Tls => "https",
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        let given = given.trim();
        let wrong = || Error::Address {
            given: given.to_owned(),
        };
        if let Ok(address) = given.parse::<SocketAddr>() {
            return Ok(Self {
                host: address.ip().to_string(),
                port: address.port(),
            });
        }
        if let Ok(address) = given.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self {
                host: address.to_string(),
                port: PORT,
            });
        }
        let (host, port) = match given.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (given, PORT),
        };
        let is_name =
            |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
        if host.is_empty() || !host.chars().all(is_name) {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (&self.host, self.port);
        match host.contains(':') {
            true => write!(f, "[{host}]:{port}"),
            false => write!(f, "{host}:{port}"),
        }
    }
}

impl Address {
    /// The nodes that the name stands for, in order.
    ///
    /// # Errors
    /// When the system does not know the name.
    pub(crate) async fn resolve(&self, encryption: Encryption) -> std::io::Result<Vec<Url>> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await?;
        Ok(self.nodes(found.collect(), encryption))
    }

    /// Whether it means this machine and no other.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_name) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// The nodes at the addresses that were found for it.
    fn nodes(&self, mut found: Vec<SocketAddr>, encryption: Encryption) -> Vec<Url> {
        found.sort();
        found.dedup();
        // A name of this machine stands for both of its loopback addresses, of which nodes listen on one.
        if found.len() > 1 && found.iter().all(|address| address.ip().is_loopback()) {
            found.retain(SocketAddr::is_ipv4);
        }
        found
            .into_iter()
            .filter_map(|address| self.url(address, encryption))
            .collect()
    }

    fn url(&self, address: SocketAddr, encryption: Encryption) -> Option<Url> {
        let scheme = encryption.scheme();
        let mut url = Url::parse(&format!("{scheme}://{address}")).ok()?;
        if encryption == Encryption::Tls {
            url.set_fragment(Some(&self.host));
        }
        Some(url)
    }
}

/// A node as people call it.
pub(crate) fn told(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_with_ports() {
        for (given, told) in [
            ("node-1", "node-1:50061"),
            ("node-1:7", "node-1:7"),
            ("10.0.0.7:50061", "10.0.0.7:50061"),
            ("::1", "[::1]:50061"),
            ("[::1]:7", "[::1]:7"),
            (" nodes.default.svc ", "nodes.default.svc:50061"),
        ] {
            assert_eq!(
                given.parse::<Address>().unwrap().to_string(),
                told,
                "{given}"
            );
        }
        for given in [
            "",
            ":7",
            "node:",
            "node:x",
            "node:70000",
            "http://node",
            "a b",
            "user@node:7",
        ] {
            assert!(given.parse::<Address>().is_err(), "{given}");
        }
    }

    #[tokio::test]
    async fn a_url_has_the_name_that_the_certificate_bears() {
        let address: Address = "127.0.0.1:7".parse().unwrap();
        let plain = address.resolve(Encryption::Plain).await.unwrap();
        assert_eq!(plain[0].as_str(), "http://127.0.0.1:7/");
        let name: Address = "localhost:7".parse().unwrap();
        let [url] = &name.resolve(Encryption::Tls).await.unwrap()[..] else {
            panic!("one address of two that are the same machine");
        };
        assert_eq!(url.fragment(), Some("localhost"));
        assert!(told(url).ends_with(":7"));
    }

    #[test]
    fn a_name_stands_for_all_its_addresses() {
        let name: Address = "nodes.default.svc:7".parse().unwrap();
        let nodes = |found: &[&str], encryption| {
            let found = found.iter().map(|address| address.parse().unwrap());
            let nodes = name.nodes(found.collect(), encryption);
            nodes.iter().map(Url::to_string).collect::<Vec<_>>()
        };
        let found = ["10.0.0.9:7", "10.0.0.7:7", "10.0.0.9:7", "[fd00::1]:7"];
        assert_eq!(
            nodes(&found, Encryption::Plain),
            [
                "http://10.0.0.7:7/",
                "http://10.0.0.9:7/",
                "http://[fd00::1]:7/"
            ]
        );
        assert_eq!(
            nodes(&found[..2], Encryption::Tls),
            [
                "https://10.0.0.7:7/#nodes.default.svc",
                "https://10.0.0.9:7/#nodes.default.svc"
            ]
        );
        // Both are this machine.
        assert_eq!(
            nodes(&["[::1]:7", "127.0.0.1:7"], Encryption::Plain),
            ["http://127.0.0.1:7/"]
        );
        assert_eq!(nodes(&["[::1]:7"], Encryption::Plain), ["http://[::1]:7/"]);
        assert!(nodes(&[], Encryption::Plain).is_empty());
    }

    #[test]
    fn some_addresses_are_of_this_machine() {
        for (given, expected) in [
            ("127.0.0.2:7", true),
            ("localhost", true),
            ("[::1]:7", true),
            ("10.0.0.7", false),
            ("node-1", false),
        ] {
            let address: Address = given.parse().unwrap();
            assert_eq!(address.is_loopback(), expected, "{given}");
        }
    }
}
