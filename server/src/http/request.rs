//! What is asked: a statement and what to do with its answer, as JSON or as a form.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use datafusion::scalar::ScalarValue;
use engram_engine::session::Parameters;
use serde::Deserialize;

use super::LARGEST_BODY;
use super::refusal::Refusal;
use crate::{Client, Protocol, Question, Rows, Service};

/// How long a request may take to come to its end.
const LONGEST: Duration = Duration::from_secs(60);

const HINT: &str = "send JSON, as in {\"sql\": \"SELECT 1\"}, with `content-type: application/json`, or a form with the field `sql`";

/// A question as it comes over HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asking {
    /// One statement.
    pub(super) sql: String,
    /// Values for `$name` or, as a list, for `?` and `$1`.
    #[serde(default)]
    parameters: Values,
    /// How many rows are enough.
    pub(super) max_rows: Option<u64>,
    /// Of a download.
    pub(super) format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    InOrder(Vec<Value>),
    ByName(HashMap<String, Value>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    Null(()),
}

impl Asking {
    /// The question, to be asked of the server.
    pub(super) fn question(self, service: &Service, client: Client, rows: Rows) -> Question {
        let id = service.asker.name();
        Question {
            parameters: self.parameters.into(),
            rows,
            ..Question::new(id, self.sql, Protocol::Http, client)
        }
    }

    fn of_form(body: &[u8]) -> Result<Self, Refusal> {
        let fields: HashMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
        let mut asking = Self {
            sql: String::new(),
            parameters: Values::default(),
            max_rows: None,
            format: None,
        };
        let mut has_sql = false;
        for (name, value) in fields {
            match name.as_str() {
                "sql" => (asking.sql, has_sql) = (value, true),
                "format" => asking.format = Some(value),
                "max_rows" => {
                    let rows = value.parse();
                    let wrong =
                        |_| Refusal::request(format!("max_rows is `{value}`, not a number"), HINT);
                    asking.max_rows = Some(rows.map_err(wrong)?);
                }
                _ => {
                    return Err(Refusal::request(
                        format!("there is no field `{name}`"),
                        HINT,
                    ));
                }
            }
        }
        match has_sql {
            true => Ok(asking),
            false => Err(Refusal::request("the form has no field `sql`", HINT)),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Asking {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let body = tokio::time::timeout(LONGEST, Bytes::from_request(request, state)).await;
        let body = body.map_err(|_elapsed| Refusal::slow(LONGEST))?;
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(LARGEST_BODY),
            _ => Refusal::request("the request broke off", HINT),
        })?;
        match kind.as_str() {
            "application/json" => serde_json::from_slice(&body).map_err(|error| {
                Refusal::request(
                    format!("the request is not JSON of a question: {error}"),
                    HINT,
                )
            }),
            "application/x-www-form-urlencoded" => Self::of_form(&body),
            _ => Err(Refusal::form(
                format!("a question is not of the type `{kind}`"),
                HINT,
            )),
        }
    }
}

impl Default for Values {
    fn default() -> Self {
        Self::InOrder(Vec::new())
    }
}

impl From<Values> for Parameters {
    fn from(values: Values) -> Self {
        match values {
            Values::InOrder(values) => Self::InOrder(values.into_iter().map(Into::into).collect()),
            Values::ByName(values) => {
                let values = values.into_iter().map(|(name, value)| (name, value.into()));
                Self::ByName(values.collect())
            }
        }
    }
}

impl From<Value> for ScalarValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Boolean(value) => value.into(),
            Value::Integer(value) => value.into(),
            Value::Real(value) => value.into(),
            Value::Text(value) => Self::Utf8(Some(value)),
            Value::Null(()) => Self::Null,
        }
    }
}
