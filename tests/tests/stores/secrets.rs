//! Secrets reach neither output nor logs nor data, whatever is asked for and whatever fails.

use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use engram_tests::commands::engram;
use engram_tests::emulators::{Moto, Place};
use engram_tests::http::{Reply, Response, Server};

use super::{Reference, generate, objects};

/// What no file and no line may have in it.
const SECRET: &str = "recognisable0secret";

/// Runs a command at every level of logging and gives everything that it prints.
fn everything_said(make: impl Fn() -> Command) -> String {
    let mut text = String::new();
    for level in ["debug", "trace"] {
        let output = make().env("ENGRAM_LOG", level).output().unwrap();
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        text.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    text
}

fn assert_secret_is_not_in(text: &str, where_from: &str) {
    let encoded = BASE64_STANDARD.encode(format!("user:{SECRET}"));
    for secret in [SECRET, &encoded] {
        if let Some(at) = text.find(secret) {
            let line = text[..at].lines().last().unwrap_or_default();
            panic!("{where_from}: {line}...");
        }
    }
}

/// Reads, asks for the state of, and writes to a place; gives everything that is said.
fn use_in_all_ways(place: &Place) -> String {
    let reference = Reference::shared();
    let sweep = reference.sweep();
    let mut text = everything_said(|| generate(place, &sweep));
    text += &everything_said(|| {
        let mut sql = place.engram(&["sql", "SELECT * FROM runs"]);
        sql.arg("--at").arg(&place.url);
        sql
    });
    text + &everything_said(|| {
        let mut status = place.engram(&["status"]);
        status.arg(&sweep).arg("--at").arg(&place.url);
        status
    })
}

fn with_secret_keys(place: Place) -> Place {
    place
        .with("AWS_SECRET_ACCESS_KEY", SECRET)
        .with("AWS_SESSION_TOKEN", SECRET)
}

#[test]
fn keys_stay_out_of_what_succeeds_and_of_the_data() {
    let Some(moto) = Moto::shared() else { return };
    let place = with_secret_keys(moto.place("secrets"));
    let text = use_in_all_ways(&place);
    assert!(
        text.contains("DEBUG") && text.contains("6 trained"),
        "{text}"
    );
    assert_secret_is_not_in(&text, "output");
    let files = objects(&place);
    assert!(files.len() > 12, "{:?}", files.keys());
    for (name, bytes) in files {
        assert_secret_is_not_in(&String::from_utf8_lossy(&bytes), &name);
    }
}

#[test]
fn keys_stay_out_of_failures() {
    let refusing = Server::start(|_, _| {
        let body = "<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message></Error>";
        Ok(Reply::Answer(Response::new(403, body)))
    });
    let closed = Server::start(|_, _| Ok(Reply::Close));
    let silent = closed.url();
    drop(closed);
    for server in [refusing.url(), silent] {
        let place = Place {
            url: "s3://bucket/data".to_owned(),
            environment: Vec::new(),
        };
        let place = place.with("AWS_ENDPOINT_URL", &server);
        let place = with_secret_keys(place.with("AWS_ACCESS_KEY_ID", "testing"));
        let text = use_in_all_ways(&place);
        assert!(text.contains("error: "), "{text}");
        assert_secret_is_not_in(&text, &server);
    }
}

#[test]
fn tokens_of_azure_stay_out_of_failures() {
    let refusing = Server::start(|head, _| {
        // The token is what signs, and it is in the URL.
        assert!(head.target.contains(SECRET));
        let body = "<Error><Code>AuthorizationFailure</Code><Message>No.</Message></Error>";
        Ok(Reply::Answer(Response::new(403, body)))
    });
    let breaking = Server::start(|_, _| Ok(Reply::Close));
    let silent = breaking.url();
    drop(breaking);
    for server in [refusing.url(), silent] {
        let place = Place {
            url: "az://container/data".to_owned(),
            environment: Vec::new(),
        };
        let place = place
            .with("AZURE_STORAGE_ACCOUNT_NAME", "account")
            .with(
                "AZURE_STORAGE_SAS_TOKEN",
                &format!("sv=2024-01-01&sig={SECRET}"),
            )
            .with("AZURE_STORAGE_ENDPOINT", &server)
            .with("AZURE_ALLOW_HTTP", "true");
        let text = use_in_all_ways(&place);
        assert!(text.contains("error: "), "{text}");
        assert_secret_is_not_in(&text, &server);
    }
}

#[test]
fn passwords_stay_out_of_places() {
    let server = Server::start(|_, _| Ok(Reply::Answer(Response::new(403, ""))));
    for place in [
        format!("http://user:{SECRET}@{}/data", server.address()),
        format!("https://user:{SECRET}@host:port/data"),
        format!("s3://user:{SECRET}@bucket/data"),
        format!("az://container/data?sv=1&sig={SECRET}"),
    ] {
        let place = Place {
            url: place,
            environment: Vec::new(),
        };
        assert_secret_is_not_in(&use_in_all_ways(&place), "output");
        let of_environment = everything_said(|| {
            let mut sql = engram(&["sql", "SELECT 1"]);
            sql.env("ENGRAM_DATASET", &place.url);
            sql
        });
        assert!(of_environment.contains("error: "), "{of_environment}");
        assert_secret_is_not_in(&of_environment, "output");
    }
}
