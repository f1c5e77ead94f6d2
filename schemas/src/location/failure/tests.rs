use super::*;

fn s3() -> Service {
    Service::S3 {
        region: "us-east-1".to_owned(),
    }
}

/// What is said of an answer with this status and body, and what can be done.
fn said(service: &Service, status: &str, body: &str) -> (String, String) {
    let text = format!(
        "Error performing GET http://127.0.0.1:9000/data?list-type=2 in 2ms - Server returned non-2xx status code: {status}: {body}"
    );
    let error = Error::Generic {
        store: "S3",
        source: text.into(),
    };
    let error = explain(service, "data", error);
    (
        causes(&error).join(";") + &error.source().unwrap().to_string(),
        hint(&error).unwrap_or_default(),
    )
}

fn xml(code: &str, message: &str) -> String {
    format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>")
}

#[test]
fn answers_are_told_in_words_with_what_to_do() {
    let azure = Service::Azure;
    for (service, status, body, message, advice) in [
        (
            s3(),
            "404 Not Found",
            xml("NoSuchBucket", "The specified bucket does not exist"),
            "there is no bucket `data`",
            "aws s3 mb s3://data",
        ),
        (
            azure.clone(),
            "404 Not Found",
            xml(
                "ContainerNotFound",
                "The specified container does not exist.",
            ),
            "there is no container `data`",
            "az storage container create --name data",
        ),
        (
            s3(),
            "403 Forbidden",
            xml("AccessDenied", "Access Denied"),
            "access to bucket `data` is denied (403 Forbidden AccessDenied: Access Denied)",
            "s3:ListBucket",
        ),
        (
            s3(),
            "400 Bad Request",
            xml("ExpiredToken", "The provided token has expired."),
            "the credentials have expired (400 Bad Request ExpiredToken: The provided token has expired)",
            "renew them",
        ),
        (
            azure,
            "403 Forbidden",
            xml(
                "AuthenticationFailed",
                "Signature not valid in the specified time frame",
            ),
            "the credentials have expired",
            "AZURE_STORAGE_SAS_TOKEN",
        ),
        (
            s3(),
            "403 Forbidden",
            xml("InvalidAccessKeyId", "It does not exist in our records."),
            "the credentials are not valid",
            "AWS_ACCESS_KEY_ID",
        ),
        (
            s3(),
            "403 Forbidden",
            xml("RequestTimeTooSkewed", "The difference is too large."),
            "the store's clock and this machine's are far apart",
            "set this machine's clock",
        ),
        (
            s3(),
            "400 Bad Request",
            "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region></Error>"
                .to_owned(),
            "the bucket `data` lies in another region than `us-east-1`",
            "set AWS_REGION=eu-west-3",
        ),
        (
            s3(),
            "301 Moved Permanently",
            xml("PermanentRedirect", "Use the other endpoint."),
            "the bucket `data` lies in another region",
            "aws s3api get-bucket-location --bucket data",
        ),
        (
            s3(),
            "503 Service Unavailable",
            xml("SlowDown", "Reduce your request rate."),
            "the store failed, also when asked again (503 Service Unavailable SlowDown",
            "the same command goes on",
        ),
        (
            Service::Gcs,
            "401 Unauthorized",
            String::new(),
            "credentials are asked for (401 Unauthorized)",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ),
        (
            Service::Http,
            "403 Forbidden",
            String::new(),
            "access to server `data` is denied",
            "https://USER:PASSWORD@HOST",
        ),
    ] {
        let (text, hint) = said(&service, status, &body);
        assert!(text.contains(message), "`{message}` is not in: {text}");
        assert!(hint.contains(advice), "`{advice}` is not in: {hint}");
    }
}

#[test]
fn broken_transport_names_the_server_and_the_reason() {
    for (kind, message) in [
        (HttpErrorKind::Connect, "cannot be reached: refused"),
        (HttpErrorKind::Timeout, "did not answer in time"),
        (HttpErrorKind::Interrupted, "broke: refused"),
    ] {
        let error = Error::Generic {
            store: "S3",
            source: Box::new(HttpError::new(kind, io::Error::other("refused"))),
        };
        assert_eq!(is_unanswered(&error), kind != HttpErrorKind::Connect);
        let error = explain(&s3(), "data", error);
        let text = error.source().unwrap().to_string();
        assert!(text.contains(message), "{text}");
        assert!(hint(&error).is_some());
    }
}

#[test]
fn what_callers_tell_apart_stays() {
    let missing = Error::NotFound {
        path: "a".to_owned(),
        source: "404".into(),
    };
    assert!(matches!(
        explain(&s3(), "data", missing),
        Error::NotFound { .. }
    ));
}

#[test]
fn a_full_disk_is_told_wherever_it_stands() {
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let error = Error::Generic {
        store: "LocalFileSystem",
        source: Box::new(full),
    };
    assert!(hint(&error).unwrap().contains("make room"));
    assert_eq!(hint(&io::Error::other("something")), None);
}
