//! What is said when a store refuses or is not there: what, where, why and what to do, with exit code 1.

use std::time::{Duration, Instant};

use engram_tests::emulators::{Azurite, Moto, Place};
use engram_tests::http::{Reply, Response, Server};

use super::{Reference, failure, generate};

/// Checks what reading and writing commands say of a place.
fn refused(place: &Place, cause: &str, hint: &str) {
    let reference = Reference::shared();
    let mut sql = place.engram(&["sql", "SELECT * FROM runs"]);
    sql.arg("--at").arg(&place.url);
    let mut status = place.engram(&["status"]);
    status.arg(reference.sweep()).arg("--at").arg(&place.url);
    for (command, doing) in [
        (sql, "cannot list "),
        (status, "cannot list "),
        (
            generate(place, &reference.sweep()),
            "cannot read the stored plan ",
        ),
    ] {
        let (text, code) = failure(command);
        assert_eq!(code, Some(1), "{text}");
        let error = format!("error: {doing}{}", place.url);
        assert!(text.contains(&error), "`{error}` is not in: {text}");
        let cause = format!("\n  cause: {cause}");
        assert!(text.contains(&cause), "`{cause}` is not in: {text}");
        assert!(text.contains("\nhint: "), "{text}");
        assert!(text.contains(hint), "`{hint}` is not in: {text}");
        // Nothing was begun, and the reason is said once.
        assert!(!text.contains("[1/6]"), "{text}");
        assert_eq!(text.matches(cause.trim()).count(), 1, "{text}");
    }
}

/// A place on a server that answers everything so.
fn answering(response: Response) -> (Server, Place) {
    let server = Server::start(move |_, _| Ok(Reply::Answer(response.clone())));
    let place = Place {
        url: "s3://bucket/data".to_owned(),
        environment: Vec::new(),
    };
    let place = place
        .with("AWS_ENDPOINT_URL", &server.url())
        .with("AWS_ACCESS_KEY_ID", "testing")
        .with("AWS_SECRET_ACCESS_KEY", "testing");
    (server, place)
}

fn xml(status: u16, inner: &str) -> Response {
    Response::new(
        status,
        format!("<?xml version=\"1.0\"?><Error>{inner}</Error>"),
    )
}

#[test]
fn a_bucket_that_is_not_there() {
    let Some(moto) = Moto::shared() else { return };
    refused(
        &moto.place_in("nowhere"),
        "there is no bucket `nowhere`",
        "to make it: aws s3 mb s3://nowhere",
    );
}

#[test]
fn a_container_that_is_not_there() {
    let Some(azurite) = Azurite::shared() else {
        return;
    };
    refused(
        &azurite.place_in("nowhere"),
        "there is no container `nowhere`",
        "to make it: az storage container create --name nowhere",
    );
}

#[test]
fn keys_that_the_store_does_not_know() {
    let Some(moto) = Moto::strict() else { return };
    refused(
        &moto.place("mine"),
        "the credentials are not valid (403 Forbidden InvalidAccessKeyId: ",
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
    let Some(azurite) = Azurite::shared() else {
        return;
    };
    let place = azurite.place("mine");
    let place = place.with("AZURE_STORAGE_ACCOUNT_KEY", "b3RoZXI=");
    refused(
        &place,
        "access to container `mine` is denied (403 ",
        "check what the key or token may",
    );
}

/// As Amazon answers, by its documentation.
#[test]
fn answers_that_emulators_do_not_give() {
    for (response, cause, hint) in [
        (
            xml(
                403,
                "<Code>AccessDenied</Code><Message>Access Denied</Message>",
            ),
            "access to bucket `bucket` is denied (403 Forbidden AccessDenied: Access Denied)",
            "aws sts get-caller-identity",
        ),
        (
            xml(
                400,
                "<Code>ExpiredToken</Code><Message>The provided token has expired.</Message>",
            ),
            "the credentials have expired (400 Bad Request ExpiredToken: ",
            "renew them",
        ),
        (
            xml(301, "<Code>PermanentRedirect</Code>"),
            "the bucket `bucket` lies in another region than `us-east-1`, which requests are signed for",
            "aws s3api get-bucket-location --bucket bucket",
        ),
        (
            xml(
                400,
                "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region>",
            ),
            "the bucket `bucket` lies in another region than `us-east-1`",
            "set AWS_REGION=eu-west-3",
        ),
        (
            xml(
                403,
                "<Code>RequestTimeTooSkewed</Code><Message>Too far.</Message>",
            ),
            "the store's clock and this machine's are far apart",
            "set this machine's clock",
        ),
    ] {
        let (_server, place) = answering(response);
        refused(&place, cause, hint);
    }
}

#[test]
fn an_endpoint_where_nobody_listens() {
    let (server, place) = answering(Response::default());
    let url = server.url();
    drop(server);
    let began = Instant::now();
    refused(
        &place,
        &format!("{url} cannot be reached: "),
        "check the network, and AWS_ENDPOINT_URL",
    );
    assert!(began.elapsed() < Duration::from_secs(90));
}

#[test]
fn a_machine_without_credentials() {
    let (_server, mut place) = answering(Response::default());
    place.environment.truncate(1);
    let nobody = Server::start(|_, _| Ok(Reply::Close)).url();
    let mut sql = place.with("AWS_METADATA_ENDPOINT", &nobody).engram(&[
        "sql",
        "SELECT 1",
        "--at",
        "s3://bucket/data",
    ]);
    sql.env("ENGRAM_LOG", "error");
    let (text, code) = failure(sql);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("cause: no credentials: none in the environment, and the cloud's metadata service does not answer"),
        "{text}"
    );
    assert!(
        text.contains("AWS_SKIP_SIGNATURE=true for a public bucket"),
        "{text}"
    );
}

#[test]
fn settings_that_make_no_store() {
    let place = Place {
        url: "az://container/data".to_owned(),
        environment: Vec::new(),
    };
    let mut sql = place.engram(&["sql", "SELECT 1"]);
    sql.arg("--at").arg(&place.url);
    let (text, code) = failure(sql);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("error: cannot open the object store of `az://container/data/`\n  cause: "),
        "{text}"
    );
    assert!(
        text.contains("hint: the store's settings come from the environment"),
        "{text}"
    );
}

#[test]
fn places_that_are_none() {
    for (url, cause) in [
        ("ftp://host/data", "is not a place for a dataset: "),
        ("s3://key:hidden@bucket/data", "it has a password in it"),
        (
            "az://container/data?sig=hidden",
            "a place has no `?` and no `#` in it",
        ),
    ] {
        let place = Place {
            url: url.to_owned(),
            environment: Vec::new(),
        };
        let mut sql = place.engram(&["sql", "SELECT 1"]);
        sql.arg("--at").arg(url);
        let (text, code) = failure(sql);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(cause) && text.contains("\nhint: "), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
