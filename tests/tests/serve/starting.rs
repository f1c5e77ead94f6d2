//! How a server starts, whom it lets in, and what it tells of itself.

use std::fs;
use std::net::TcpListener;

use engram_tests::commands::engram;

use crate::{Serving, command, release};

const TOKEN: &str = "a-token-of-some-length-0123456789";

/// What a server that does not start says, and its exit code.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let release = release();
    let mut command = engram(&["serve", "--at", release.to_str().unwrap()]);
    let output = command.args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(&["--flight", &address]);
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with(&format!("error: cannot listen on {address}")),
        "{said}"
    );
    assert!(
        said.contains("hint: something listens there already"),
        "{said}"
    );

    let (code, said) = refused(&["--http", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("can be reached from other machines"),
        "{said}"
    );
    assert!(
        said.contains("hint: ask for a token with --token-file"),
        "{said}"
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    let path = file.to_str().unwrap();
    let (_, said) = refused(&["--token-file", path]);
    assert!(
        said.starts_with(&format!("error: cannot read {path}")),
        "{said}"
    );
    fs::write(&file, "alice short").unwrap();
    let (_, said) = refused(&["--token-file", path]);
    assert!(
        said.contains("line 1 of the tokens") && !said.contains("short"),
        "{said}"
    );
    let (_, said) = refused(&["--tls-certificate", path, "--tls-key", path]);
    assert!(said.contains("cannot be used for TLS"), "{said}");
    let (code, said) = refused(&["--http", "8080"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("an address is a host and a port, as in 127.0.0.1:8080, localhost:8080"),
        "{said}"
    );
    let (_, said) = refused(&["--timeout", "0"]);
    assert!(said.contains("a number of seconds above 0"), "{said}");
}

#[test]
fn health_and_metrics_are_told_and_the_log_is_structured() {
    let serving = Serving::of(release().as_os_str(), &["--log-format", "json"]);
    assert_eq!(serving.get("/health").0, 200);
    assert_eq!(serving.get("/ready").0, 200);
    let (status, metrics) = serving.get("/metrics");
    assert_eq!(status, 200);
    for line in [
        "# TYPE engram_queries_running gauge",
        "# TYPE engram_query_seconds histogram",
        "engram_queries_waiting 0",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    let asked = serving.client("parameters", &[]).is_some();
    let (code, log) = serving.end();
    assert_eq!(code, Some(0), "{log}");
    let lines = log.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert!(
        lines.iter().any(|line| line["message"] == "shutting down"),
        "{log}"
    );
    if !asked {
        return;
    }
    let query = lines
        .iter()
        .find(|line| line["outcome"] == "done")
        .expect(&log);
    for field in [
        "query",
        "client",
        "protocol",
        "milliseconds",
        "rows",
        "bytes",
        "sql",
    ] {
        assert!(!query[field].is_null(), "{field}: {query}");
    }
    assert!(
        lines.iter().any(|line| line["outcome"] == "failed"),
        "{log}"
    );
}

#[test]
fn an_address_may_have_a_name() {
    let mut command = engram(&["serve", "--at", release().to_str().unwrap()]);
    command.args(["--flight", "localhost:0", "--http", "localhost:0"]);
    let serving = Serving::start(command);
    assert!(
        serving.http.starts_with("http://127.0.0.1:"),
        "{}",
        serving.http
    );
    assert_eq!(serving.get("/health").0, 200);
}

#[test]
fn clients_show_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    fs::write(&file, format!("# people\nalice {TOKEN}\n")).unwrap();
    let arguments = ["--token-file", file.to_str().unwrap()];
    let serving = Serving::of(release().as_os_str(), &arguments);
    let asked = serving.client("tokens", &[TOKEN, "alice"]).is_some();
    let (_, log) = serving.end();
    assert!(!log.contains(TOKEN), "a token is in the log");
    assert!(!asked || log.contains("client=alice@127.0.0.1"), "{log}");

    let mut command = command(release().as_os_str(), &[]);
    let serving = Serving::start({
        command.env("ENGRAM_SERVE_TOKEN", TOKEN);
        command
    });
    serving.client("tokens", &[TOKEN, "whoever has the environment's"]);
}

#[test]
fn connections_are_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let arguments = ["--tls-certificate", certificate, "--tls-key", key];
    let serving = Serving::of(release().as_os_str(), &arguments);
    assert!(
        serving.flight.starts_with("grpc+tls://"),
        "{}",
        serving.flight
    );
    assert!(serving.http.starts_with("https://"), "{}", serving.http);
    serving.client("tls", &[certificate]);
}
