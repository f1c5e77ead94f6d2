//! `POST /api/sql`: the first rows of an answer, as JSON for pages and scripts, or as an Arrow stream.

use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::json;

use super::download::{self, Format};
use super::refusal::Refusal;
use super::request::Asking;
use super::{about, cells};
use crate::{Client, Rows, Service};

/// The most rows that one answer has as JSON; more of them are a download.
pub(super) const MOST_ROWS: u64 = 100_000;

/// Rows of an answer where nobody says how many.
const USUAL_ROWS: u64 = 1000;

/// The most bytes of rows: wide rows fill a page's memory sooner than narrow ones.
const MOST_BYTES: usize = 64 << 20;

pub(super) async fn sql(
    State(service): State<Service>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    asking: Asking,
) -> Result<Response, Refusal> {
    if accepts(&headers, download::ARROW) {
        let rows = asking.max_rows.map_or(Rows::All, Rows::AtMost);
        return download::answer(
            &service,
            asking.question(&service, client, rows),
            Format::Arrow,
        )
        .await;
    }
    let started = Instant::now();
    let rows = asking.max_rows.unwrap_or(USUAL_ROWS).min(MOST_ROWS);
    let asked = asking.question(&service, client, Rows::AtMost(rows));
    let mut asked = service.asker.ask(asked).await?;
    let columns = about::columns(&asked.schema);
    let mut text = json!({ "columns": columns }).to_string();
    text.pop();
    text.push_str(",\"rows\":[");
    let mut is_cut = false;
    while let Some(batch) = asked.batches.next().await {
        let batch = batch?;
        let room = MOST_BYTES.saturating_sub(text.len());
        // Writing numbers takes a while, and others are to be answered meanwhile.
        let written = tokio::task::spawn_blocking(move || cells::rows(&batch, room));
        let written = written.await.map_err(|_| Refusal::defect())?;
        let written = written.map_err(|_| Refusal::defect())?;
        if !written.text.is_empty() && !text.ends_with('[') {
            text.push(',');
        }
        text.push_str(&written.text);
        if written.is_cut {
            is_cut = true;
            break;
        }
    }
    let truncated = is_cut || asked.truncation.is_truncated();
    let elapsed = started.elapsed().as_millis();
    text.push_str(&format!(
        "],\"truncated\":{truncated},\"elapsed_ms\":{elapsed}}}"
    ));
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|value| value.trim().eq_ignore_ascii_case(kind))
        })
}
