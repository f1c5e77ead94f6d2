//! `POST /api/sql`: the first rows of an answer, as JSON for pages and scripts, or as an Arrow stream.
//!
//! JSON is put together before any of it is sent, so that what goes wrong can be told. It is kept until its client has read it, or
//! has read nothing for as long as it may; what all of them keep is bounded.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

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

/// The most bytes of all answers that their clients have not read yet.
const MOST_UNREAD_BYTES: usize = 8 * MOST_BYTES;

/// Bytes of an answer that are sent at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Room for answers that are not read yet.
#[derive(Clone)]
pub(super) struct Unread(Arc<Semaphore>);

impl Default for Unread {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_UNREAD_BYTES)))
    }
}

impl Unread {
    /// Takes room for as many bytes as an answer has, where it has taken some for fewer.
    fn take(&self, held: &mut Option<OwnedSemaphorePermit>, n_bytes: usize) -> Result<(), Refusal> {
        let has = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(n_bytes.saturating_sub(has)).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.0).try_acquire_many_owned(more);
        let more = more.map_err(|_| Refusal::unread())?;
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        Ok(())
    }
}

pub(super) async fn sql(
    State(service): State<Service>,
    State(unread): State<Unread>,
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
    let (mut held, mut is_cut) = (None, false);
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
        unread.take(&mut held, text.len())?;
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
    let idle = service.asker.limits().idle;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    Ok((kind, body(text, held, idle)).into_response())
}

/// A text for a client that may read it slowly, but not that it reads nothing for longer than `idle`.
fn body(text: String, held: Option<OwnedSemaphorePermit>, idle: Duration) -> Body {
    if text.len() <= PIECE_BYTES {
        return text.into();
    }
    let n_bytes = text.len();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let _held = held;
        let mut rest = Bytes::from(text);
        while !rest.is_empty() {
            // A copy, so that a piece that is never read does not keep all of them.
            let piece = rest.split_to(PIECE_BYTES.min(rest.len()));
            let piece = Bytes::copy_from_slice(&piece);
            if !matches!(
                tokio::time::timeout(idle, sender.send(piece)).await,
                Ok(Ok(()))
            ) {
                break;
            }
        }
    });
    // The end of the pieces is not the end of the text where some are missing.
    let pieces = stream::unfold(
        (receiver, n_bytes),
        async |(mut receiver, left)| match receiver.recv().await {
            Some(piece) => {
                let left = left.saturating_sub(piece.len());
                Some((Ok(piece), (receiver, left)))
            }
            None if left > 0 => {
                Some((Err(io::Error::from(io::ErrorKind::TimedOut)), (receiver, 0)))
            }
            None => None,
        },
    );
    Body::from_stream(pieces.fuse())
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
