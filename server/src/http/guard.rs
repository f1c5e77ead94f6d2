//! Who may ask: whoever shows a token, and where there are none, programs and pages of this machine.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::http::header;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;
use super::refusal::Refusal;
use crate::{Anonymous, Client, Protocol};

/// Lets a request through that may be answered, with the [`Client`] that it comes from.
pub(super) async fn guard(
    State(site): State<Site>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    match client(&site, address, &request) {
        Ok(client) => {
            request.extensions_mut().insert(client);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn client(site: &Site, address: SocketAddr, request: &Request) -> Result<Client, Refusal> {
    let service = &site.service;
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Whoever follows a link sees an answer that the page with the link does not.
    let is_link = request.method() == Method::GET && text("sec-fetch-dest") == Some("document");
    let is_of_another_site = matches!(text("sec-fetch-site"), Some("cross-site" | "same-site"));
    if is_of_another_site && !is_link {
        return Err(another_site());
    }
    let is_open = service.tokens.is_empty() && service.anonymous == Anonymous::Loopback;
    let authority = request.uri().authority().map(Authority::as_str);
    let host = text(header::HOST.as_str()).or(authority);
    // A name of somebody else's that leads to this machine would let that somebody's page read the answers.
    if let Some(host) = host.filter(|host| is_open && !is_of_this_machine(host)) {
        return Err(Refusal::stranger(
            format!("the server does not answer to the name {host}"),
            "ask for it as 127.0.0.1 or localhost, or start it with a token",
        ));
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    if is_open && origin.is_some_and(|(_, origin)| Some(origin) != host) {
        return Err(another_site());
    }
    let name = service
        .tokens
        .holder(text(header::AUTHORIZATION.as_str()))
        .inspect_err(|error| service.asker.metrics().refused(Protocol::Http, error))?;
    Ok(Client {
        name,
        address: Some(address),
    })
}

fn another_site() -> Refusal {
    Refusal::stranger(
        "a page of another site may not ask",
        "ask from a program, or open the page of this server",
    )
}

/// Whether a host with or without a port is an address, or the name that every machine has for itself.
fn is_of_this_machine(host: &str) -> bool {
    if host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok()
        || bare.eq_ignore_ascii_case("localhost")
        || bare.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::is_of_this_machine;

    #[test]
    fn addresses_and_localhost_are_ours_and_names_are_not() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
            "::1",
            "localhost",
            "LocalHost:1",
            "10.0.0.1:80",
        ] {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in [
            "example.org",
            "example.org:8080",
            "localhost.example.org",
            "127.0.0.1.example.org:80",
            "",
        ] {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }
}
