//! What is told over HTTP when a request is not answered: a status, and JSON with words, a hint and a place in the text.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use engram_engine::sql_error::Kind;
use serde::Serialize;

use crate::Error;

/// Seconds after which a busy server may be asked again.
const TRY_AGAIN_AFTER: &str = "5";

/// A request that is not answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    told: Told,
}

#[derive(Debug, Default, Serialize)]
struct Told {
    /// One word for programs.
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Of the statement, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Of the line, from 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// How many characters are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<usize>,
}

#[derive(Serialize)]
struct Body {
    error: Told,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        let told = Told {
            kind,
            message,
            ..Told::default()
        };
        Self { status, told }
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.told.hint = Some(hint.into());
        self
    }

    /// A request that says something that cannot be.
    pub(super) fn request(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request", message).with_hint(hint)
    }

    /// A request that is longer than it may be.
    pub(super) fn too_large(limit: usize) -> Self {
        let message = format!("the request has more than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request", message)
    }

    /// An answer for which there is no room, as others are not read.
    pub(super) fn unread() -> Self {
        let message =
            "the server keeps too much that other clients have asked for and not read yet";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", message)
            .with_hint("try again in a few seconds, or ask for fewer rows")
    }

    /// A request that does not come to its end.
    pub(super) fn slow(limit: Duration) -> Self {
        let message = format!(
            "the request did not come to its end in {} s",
            limit.as_secs()
        );
        Self::new(StatusCode::REQUEST_TIMEOUT, "request", message)
    }

    /// A body in another form than those that are read.
    pub(super) fn form(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "request", message).with_hint(hint)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// There are no figures.
    pub(super) fn no_results(hint: impl Into<String>) -> Self {
        Self::not_found("The dataset has no results of experiments to draw figures of")
            .with_hint(hint)
    }

    pub(super) fn method() -> Self {
        let message = "this address is not asked in this way";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "request", message)
            .with_hint("docs/explorer.md lists the addresses, and whether they take GET or POST")
    }

    /// A page of another site asks, or a name leads here that is not ours.
    pub(super) fn stranger(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "stranger", message).with_hint(hint)
    }

    pub(super) fn defect() -> Self {
        let message = "the server failed to answer, which is a defect of it";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", message)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let (status, kind) = place(&error);
        let hint = error.hint();
        let mut told = Told {
            kind,
            hint,
            ..Told::default()
        };
        match &error {
            Error::Engine(engram_engine::Error::Sql(sql)) => {
                told.message = sql.problem().to_owned();
                let position = sql.position();
                told.line = position.map(|(line, _)| line);
                told.column = position.map(|(_, column)| column);
                told.width = sql.width();
            }
            error => {
                told.message = error.to_string();
                let mut source = std::error::Error::source(error);
                while let Some(cause) = source {
                    told.message.push_str(&format!(": {cause}"));
                    source = cause.source();
                }
            }
        }
        if status.is_server_error() {
            tracing::error!(error = %error.told(), "request");
        }
        Self { status, told }
    }
}

impl From<engram_engine::Error> for Refusal {
    fn from(error: engram_engine::Error) -> Self {
        Error::from(error).into()
    }
}

fn place(error: &Error) -> (StatusCode, &'static str) {
    use engram_engine::Error as Engine;
    match error {
        Error::Engine(Engine::Sql(sql)) => match sql.kind() {
            Kind::Limit => (StatusCode::PAYLOAD_TOO_LARGE, "memory"),
            Kind::Write => (StatusCode::BAD_REQUEST, "read_only"),
            Kind::Running => (StatusCode::BAD_REQUEST, "running"),
            _ => (StatusCode::BAD_REQUEST, "sql"),
        },
        Error::Engine(Engine::NoSuchQuery { .. }) => (StatusCode::NOT_FOUND, "not_found"),
        Error::Engine(Engine::NoSuchParameter { .. } | Engine::ParameterValue { .. }) => {
            (StatusCode::BAD_REQUEST, "parameter")
        }
        Error::Busy { .. } | Error::Waited { .. } => (StatusCode::TOO_MANY_REQUESTS, "busy"),
        Error::Closing | Error::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, "closing"),
        Error::TimedOut { .. } | Error::Idle { .. } => (StatusCode::GATEWAY_TIMEOUT, "time"),
        Error::TooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "request"),
        Error::TooManyRows { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "rows"),
        Error::Unauthenticated { .. } => (StatusCode::UNAUTHORIZED, "token"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "defect"),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(Body { error: self.told })).into_response();
        let mut say = |name, value| {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value))
        };
        match status {
            // Basic would make browsers ask in a box of their own.
            StatusCode::UNAUTHORIZED => {
                say(header::WWW_AUTHENTICATE, "Bearer realm=\"engram\"");
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                say(header::RETRY_AFTER, TRY_AGAIN_AFTER);
            }
            _ => {}
        }
        response
    }
}
