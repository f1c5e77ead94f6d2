//! Google Cloud Storage, as far as its XML API is spoken here: put, conditional put, get with a range, remove, list by pages.
//!
//! It is written from the same documentation as the client. That a dataset passes through it shows that the client is wired
//! up; it says nothing of Google.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use percent_encoding::percent_decode_str;

use super::Place;
use crate::http::{Body, Head, Reply, Response, Server};

/// Objects on a page of a listing: so few that every listing has several pages.
const PAGE: usize = 2;

/// One date for all: nothing depends on it.
const DATES: (&str, &str) = ("2026-01-01T00:00:00.000Z", "Thu, 01 Jan 2026 00:00:00 GMT");

#[derive(Default)]
struct Objects {
    /// By bucket and name: the bytes and their generation.
    by_name: BTreeMap<String, (Vec<u8>, u64)>,
    generation: u64,
}

/// The server, with one bucket for all.
pub struct Gcs(Server);

impl Gcs {
    /// Starts it.
    pub fn start() -> Self {
        let objects = Mutex::new(Objects::default());
        Self(Server::start(move |head, body| {
            answer(head, body, &objects)
        }))
    }

    /// A place in a bucket.
    pub fn place(&self, bucket: &str) -> Place {
        // An account that needs no token. Requests without any credentials would be reads alone.
        let account = r#"{"private_key": "", "private_key_id": "", "client_email": "", "disable_oauth": true}"#;
        Place::new(
            format!("gs://{bucket}/sweeps/small"),
            [
                ("GOOGLE_BASE_URL", self.0.url()),
                ("GOOGLE_SERVICE_ACCOUNT_KEY", account.to_owned()),
            ],
        )
    }
}

fn answer(head: &Head, body: &mut Body<'_>, objects: &Mutex<Objects>) -> io::Result<Reply> {
    let bytes = body.rest()?;
    let name = percent_decode_str(head.path().trim_start_matches('/')).decode_utf8_lossy();
    let mut objects = objects.lock().unwrap_or_else(PoisonError::into_inner);
    let response = match head.method.as_str() {
        "GET" if head.target.contains("list-type=2") => objects.list(&name, &head.target),
        "GET" | "HEAD" => objects.get(&name, head.header("range"), head.method == "HEAD"),
        "PUT" => objects.put(&name, bytes, head.header("x-goog-if-generation-match")),
        "DELETE" => match objects.by_name.remove(name.as_ref()) {
            Some(_) => Response::new(204, ""),
            None => Response::new(404, "<Error><Code>NoSuchKey</Code></Error>"),
        },
        _ => Response::new(405, ""),
    };
    Ok(Reply::Answer(response))
}

impl Objects {
    fn put(&mut self, name: &str, bytes: Vec<u8>, wanted: &str) -> Response {
        let there = self.by_name.get(name).map(|(_, generation)| *generation);
        if !wanted.is_empty() && wanted != there.unwrap_or(0).to_string() {
            return Response::new(412, "<Error><Code>PreconditionFailed</Code></Error>");
        }
        self.generation += 1;
        self.by_name
            .insert(name.to_owned(), (bytes, self.generation));
        Response::new(200, "").with("etag", tag(self.generation))
    }

    fn get(&self, name: &str, range: &str, only_head: bool) -> Response {
        let Some((bytes, generation)) = self.by_name.get(name) else {
            return Response::new(404, "<Error><Code>NoSuchKey</Code></Error>");
        };
        let (status, first, end) = match parse(range, bytes.len()) {
            Some((first, end)) => (206, first, end),
            None => (200, 0, bytes.len()),
        };
        let body = match only_head {
            true => Vec::new(),
            false => bytes[first..end].to_vec(),
        };
        let last = end.saturating_sub(1);
        Response::new(status, body)
            .with("content-length", end - first)
            .with(
                "content-range",
                format!("bytes {first}-{last}/{}", bytes.len()),
            )
            .with("etag", tag(*generation))
            .with("last-modified", DATES.1)
            .with("x-goog-generation", generation)
    }

    fn list(&self, bucket: &str, target: &str) -> Response {
        let prefix = parameter(target, "prefix");
        let after = parameter(target, "continuation-token");
        let in_bucket = format!("{bucket}/");
        let found: Vec<_> = self
            .by_name
            .iter()
            .filter_map(|(name, object)| Some((name.strip_prefix(&in_bucket)?, object)))
            .filter(|(name, _)| name.starts_with(&prefix) && *name > after.as_str())
            .collect();
        let mut text = String::from("<ListBucketResult>");
        for (name, (bytes, generation)) in found.iter().take(PAGE) {
            text.push_str(&format!(
                "<Contents><Key>{name}</Key><Size>{}</Size><LastModified>{}</LastModified><ETag>{}</ETag></Contents>",
                bytes.len(),
                DATES.0,
                tag(*generation)
            ));
        }
        if found.len() > PAGE {
            let last = found[PAGE - 1].0;
            text.push_str(&format!(
                "<NextContinuationToken>{last}</NextContinuationToken>"
            ));
        }
        Response::new(200, text + "</ListBucketResult>")
    }
}

fn tag(generation: u64) -> String {
    format!("\"{generation}\"")
}

/// The value of a parameter of a request, empty where there is none.
pub(super) fn parameter(target: &str, name: &str) -> String {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find_map(|(key, value)| (key == name).then_some(value));
    percent_decode_str(value.unwrap_or_default())
        .decode_utf8_lossy()
        .into_owned()
}

/// The first byte of a range and the one after its last.
pub(super) fn parse(range: &str, n_bytes: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let n_last: usize = last.parse().ok()?;
        return Some((n_bytes.saturating_sub(n_last), n_bytes));
    }
    let end = last.parse().map_or(n_bytes, |last: usize| last + 1);
    Some((first.parse().ok()?, end.min(n_bytes)))
}
