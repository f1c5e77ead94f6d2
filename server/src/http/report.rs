//! `GET /report`: figures and claims. Drawn when they are first asked for, of what results there were when the server began.

use axum::extract::State;
use axum::http::header::{self, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::OnceCell;

use super::Site;
use super::about::name;
use super::refusal::Refusal;
use crate::Report;

pub(super) type Once = OnceCell<Bytes>;

/// The page has styles and pictures of its own and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub(super) async fn report(State(site): State<Site>) -> Result<Response, Refusal> {
    let page = site.known.report.get_or_try_init(|| draw(&site)).await?;
    let mut response = Html(page.clone()).into_response();
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

async fn draw(site: &Site) -> Result<Bytes, Refusal> {
    let location = name(site.service.asker.session());
    let asked = site
        .service
        .asker
        .apart(async move |session| Report::of_most(&session, &location).await);
    let Some(report) = asked.await?? else {
        return Err(Refusal::no_results(
            "run `engram reproduce all --at DATASET`, or with `--quick` for a first look, and start the server again",
        ));
    };
    // Drawing some thirty figures takes a second or two.
    let page = tokio::task::spawn_blocking(move || report.page()).await;
    let page = page.map_err(|_| Refusal::defect())?;
    page.map(Bytes::from).map_err(|error| {
        tracing::error!(%error, "report");
        Refusal::defect()
    })
}
