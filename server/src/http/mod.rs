//! HTTP: the explorer's page, questions in SQL, downloads, the report, health and metrics.
//!
//! | path                  | answer                                                          |
//! |-----------------------|-----------------------------------------------------------------|
//! | `GET /`               | the page; its files lie below `/assets/`                        |
//! | `GET /report`         | figures and claims, as `engram report` makes them               |
//! | `GET /api/dataset`    | what the dataset is, and what can be asked of it                |
//! | `GET /api/choices`    | layers, rules and observation conditions that there are         |
//! | `GET /api/queries/N`  | the SQL of a named query, with its parameters filled in         |
//! | `POST /api/sql`       | the first rows of an answer                                     |
//! | `POST /api/download`  | a whole answer as a file                                        |
//! | `GET /health` `/ready` `/metrics` | for whoever looks after the server                  |
//!
//! The page's own files say nothing of the dataset and are everybody's. The rest is for whoever shows a token, where there are
//! tokens. Other sites' pages are refused: there is no CORS, and a name that leads to this machine is not taken for it.

mod about;
mod assets;
mod cells;
mod download;
mod guard;
mod named_query;
mod refusal;
mod report;
mod request;
mod sql;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

use crate::Service;
use refusal::Refusal;

/// The longest request: a statement is a text that somebody wrote.
const LARGEST_BODY: usize = 1 << 20;

/// What handlers share.
#[derive(Clone)]
struct Site {
    service: Service,
    unread: sql::Unread,
    /// What does not change while the server runs, once it was asked for.
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    dataset: about::Once,
    choices: about::Once,
    report: report::Once,
}

impl FromRef<Site> for Service {
    fn from_ref(site: &Site) -> Self {
        site.service.clone()
    }
}

impl FromRef<Site> for sql::Unread {
    fn from_ref(site: &Site) -> Self {
        site.unread.clone()
    }
}

/// Everything that is answered over HTTP.
pub(crate) fn router(service: Service) -> Router {
    let site = Site {
        service,
        unread: sql::Unread::default(),
        known: Arc::default(),
    };
    let guarded = Router::new()
        .route("/report", get(report::report))
        .route("/api/dataset", get(about::dataset))
        .route("/api/choices", get(about::choices))
        .route("/api/queries/{name}", get(named_query::named_query))
        .route("/api/sql", post(sql::sql))
        .route("/api/download", post(download::download))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .route_layer(from_fn_with_state(site.clone(), guard::guard));
    // What is binary already, or comes piece by piece from a query, gains nothing.
    let worth_it = SizeAbove::new(512)
        .and(NotForContentType::const_new(download::ARROW))
        .and(NotForContentType::const_new(download::PARQUET))
        .and(NotForContentType::IMAGES);
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/{*name}", get(assets::asset))
        .merge(guarded)
        .route("/health", get(async || "alive\n"))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
        .fallback(async |uri: Uri| Refusal::not_found(format!("there is no {}", uri.path())))
        .method_not_allowed_fallback(async || Refusal::method())
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::defect().into_response()
        }))
        .layer(CompressionLayer::new().compress_when(worth_it))
        .layer(map_response(secured))
        .with_state(site)
}

/// The page asks nobody else for anything, runs no script but its own, and is shown in nobody else's frame.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; connect-src 'self'; frame-src blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // Answers are of a dataset that not everybody may read, and of this moment.
    let uncached = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(uncached);
    response
}

async fn ready(State(service): State<Service>) -> impl IntoResponse {
    match service.asker.is_ready() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n"),
    }
}

async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], service.asker.metrics_text())
}
