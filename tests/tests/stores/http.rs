//! Plain HTTP servers: single files are read, nothing is listed, nothing is written.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use engram_schemas::DatasetLocation;
use engram_tests::commands::engram;
use engram_tests::http::{Reply, Response, Server};
use object_store::ObjectStoreExt;

use super::{Reference, failure};

/// A server of one file, for one user.
fn server() -> Server {
    let login = format!("Basic {}", BASE64_STANDARD.encode("reader:pass/word"));
    Server::start(move |head, _| {
        let response = match head.path() {
            _ if head.header("authorization") != login => Response::new(401, ""),
            "/data/file" if head.method == "GET" => Response::new(200, "its bytes"),
            _ => Response::new(404, ""),
        };
        Ok(Reply::Answer(response))
    })
}

#[tokio::test]
async fn a_file_is_read_with_the_login_of_its_place() {
    let server = server();
    let place = format!("http://reader:pass%2Fword@{}/data", server.address());
    let location = DatasetLocation::open(&place).unwrap();
    let path = location.root().clone().join("file");
    let read = location.store().get(&path).await.unwrap();
    assert_eq!(read.bytes().await.unwrap(), "its bytes");
    let shown = format!("http://{}/data/file", server.address());
    assert_eq!(location.display(&path), shown);

    let other = location.root().clone().join("other");
    let missing = location.store().get(&other).await;
    assert!(matches!(
        missing.unwrap_err(),
        object_store::Error::NotFound { .. }
    ));
    let stranger = DatasetLocation::open(&format!("http://{}/data", server.address())).unwrap();
    let error = stranger.store().get(&path).await.unwrap_err();
    assert!(
        error.to_string().contains("credentials are asked for (401"),
        "{error}"
    );
    let put = location.store().put(&path, "more".into()).await;
    assert!(
        put.unwrap_err()
            .to_string()
            .contains("http(s):// can only be read")
    );
}

#[test]
fn a_sweep_is_not_found_without_a_listing() {
    let server = server();
    let place = format!("http://reader:pass%2Fword@{}/data", server.address());
    let reference = Reference::shared();
    let (mut sql, mut status) = (engram(&["sql", "SELECT 1"]), engram(&["status"]));
    sql.args(["--at", &place]);
    status.arg(reference.sweep()).args(["--at", &place]);
    for command in [sql, status] {
        let (text, code) = failure(command);
        assert_eq!(code, Some(1), "{text}");
        let shown = format!("error: cannot list http://{}/data/", server.address());
        assert!(text.contains(&shown), "{text}");
        assert!(
            text.contains("\n  cause: a plain HTTP server does not list its files\n"),
            "{text}"
        );
        assert!(
            text.contains("hint: a sweep's files are found by listing: "),
            "{text}"
        );
        assert!(!text.contains("pass"), "{text}");
    }
}

#[test]
fn writing_is_refused_before_any_work() {
    let reference = Reference::shared();
    let sweep = reference.sweep().display().to_string();
    // Nobody listens there, and nobody is asked.
    let place = "http://127.0.0.1:1/data";
    for arguments in [
        &["generate", &sweep, "--to", place][..],
        &["tune", &sweep, "--at", place],
        &["observe", &sweep, "--at", place],
        &["publish", "--from", &sweep, "--version", "1", "--to", place],
        &["identify", "--at", &sweep, "--results", place],
    ] {
        let (text, code) = failure(engram(arguments));
        assert_eq!(code, Some(1), "{arguments:?}: {text}");
        let wanted = format!(
            "error: {place} can only be read\nhint: a plain HTTP server takes no files: write to a folder, s3://, gs:// or az://\n"
        );
        assert_eq!(text, wanted, "{arguments:?}");
    }
}
