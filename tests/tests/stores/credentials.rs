//! Where credentials for S3 come from: the environment, the machine's metadata service. What signs a request is seen in it.

use std::sync::{Arc, Mutex};

use engram_tests::emulators::Place;
use engram_tests::http::{Reply, Response, Server};

use super::failure;

/// A store that has nothing, and remembers whose keys its requests were signed with.
struct Store {
    server: Server,
    signed_by: Arc<Mutex<Vec<String>>>,
}

impl Store {
    fn start() -> Self {
        let signed_by: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&signed_by);
        let server = Server::start(move |head, _| {
            let authorization = head.header("authorization");
            let key = authorization.split("Credential=").nth(1);
            let key = key.and_then(|rest| rest.split('/').next());
            seen.lock()
                .unwrap()
                .push(key.unwrap_or_default().to_owned());
            Ok(Reply::Answer(match head.path().ends_with(".json") {
                true => Response::new(404, ""),
                false => Response::new(200, "<ListBucketResult/>"),
            }))
        });
        Self { server, signed_by }
    }

    fn place(&self) -> Place {
        let place = Place {
            url: "s3://bucket/data".to_owned(),
            environment: Vec::new(),
        };
        place.with("AWS_ENDPOINT_URL", &self.server.url())
    }

    /// Asks the place for a dataset that is not there, and says who signed.
    fn signer(&self, place: &Place) -> String {
        let mut sql = place.engram(&["sql", "SELECT 1"]);
        sql.arg("--at").arg(&place.url);
        let (text, _) = failure(sql);
        assert!(
            text.contains("there is no dataset at s3://bucket/data"),
            "{text}"
        );
        let signed_by = self.signed_by.lock().unwrap();
        assert!(
            signed_by.iter().all(|key| *key == signed_by[0]),
            "{signed_by:?}"
        );
        signed_by[0].clone()
    }
}

#[test]
fn the_machines_metadata_service_gives_keys() {
    let metadata = Server::start(|head, _| {
        let response = match (head.method.as_str(), head.path()) {
            ("PUT", "/latest/api/token") => Response::new(200, "a token"),
            _ if head.header("x-aws-ec2-metadata-token") != "a token" => Response::new(401, ""),
            ("GET", "/latest/meta-data/iam/security-credentials/") => Response::new(200, "role"),
            ("GET", "/latest/meta-data/iam/security-credentials/role") => Response::new(
                200,
                r#"{"Code":"Success","AccessKeyId":"OFMACHINE","SecretAccessKey":"s","Token":"t",
                    "LastUpdated":"2026-01-01T00:00:00Z","Expiration":"2999-01-01T00:00:00Z"}"#,
            ),
            _ => Response::new(404, ""),
        };
        Ok(Reply::Answer(response))
    });
    let store = Store::start();
    let place = store.place().with("AWS_METADATA_ENDPOINT", &metadata.url());
    assert_eq!(store.signer(&place), "OFMACHINE");
}

/// Tokens of web identities go to an endpoint with TLS alone, whatever the environment allows.
#[test]
fn a_web_identity_is_not_sent_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "a token of the cluster").unwrap();
    let listener = Server::start(|_, _| Ok(Reply::Close));
    let place = Store::start()
        .place()
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", &token.display().to_string())
        .with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/reader")
        .with("AWS_ENDPOINT_URL_STS", &listener.url())
        .with("AWS_ALLOW_HTTP", "true");
    let mut sql = place.engram(&["sql", "SELECT 1"]);
    sql.arg("--at").arg(&place.url);
    let (text, code) = failure(sql);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("cause: an endpoint that secrets would be sent to is http://"),
        "{text}"
    );
    assert!(text.contains("hint: name an https:// endpoint"), "{text}");
}

#[test]
fn the_environment_comes_first() {
    let store = Store::start();
    let place = store
        .place()
        .with("AWS_ACCESS_KEY_ID", "OFENVIRONMENT")
        .with("AWS_SECRET_ACCESS_KEY", "s")
        // Somebody else's variables are no settings of a store.
        .with("ACCESS_KEY_ID", "SOMEBODY")
        .with("REGION", "nowhere")
        .with("TIMEOUT", "soon");
    assert_eq!(store.signer(&place), "OFENVIRONMENT");
}
