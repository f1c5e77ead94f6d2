//! S3 as far as it is read: objects by ranges, and listings by pages. It counts what it is asked, and may take its time.
//!
//! The emulators that others wrote read an object whole for every range of it, and list a hundred thousand names for every
//! page. What is measured at such sizes is measured here; whether the requests are understood by more than a page of our own,
//! a [`Bucket`] before [`Moto`](super::Moto) shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use engram_schemas::{RunFile, RunState, layout};
use object_store::path::Path as ObjectPath;
use percent_encoding::percent_decode_str;

use super::Place;
use super::gcs::{parameter, parse};
use crate::http::{self, Body, Head, Reply, Response, Server};

/// Objects on a page of a listing, as S3 has them.
const PAGE: usize = 1000;

/// One date for all: nothing depends on it.
const DATES: (&str, &str) = ("2026-01-01T00:00:00.000Z", "Thu, 01 Jan 2026 00:00:00 GMT");

/// What was asked so far, and how many bytes of answers it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Pages of listings.
    pub lists: u64,
    /// Objects and ranges of them.
    pub gets: u64,
    /// Lengths of objects.
    pub heads: u64,
    /// Whatever writes.
    pub others: u64,
    /// The bodies of all answers.
    pub n_bytes: u64,
}

impl Requests {
    /// How many there were.
    pub fn total(self) -> u64 {
        self.lists + self.gets + self.heads + self.others
    }

    fn count(&mut self, head: &Head) {
        let counter = match head.method.as_str() {
            "GET" if head.target.contains("list-type=2") => &mut self.lists,
            "GET" => &mut self.gets,
            "HEAD" => &mut self.heads,
            _ => &mut self.others,
        };
        *counter += 1;
    }
}

/// What answers.
enum Source {
    /// Files below a folder, or names without bytes.
    Objects(BTreeMap<String, Option<PathBuf>>),
    /// Another server.
    Server(SocketAddr),
}

/// A server with one bucket, named `bucket`, unless another server has them.
pub struct Bucket {
    server: Server,
    requests: Arc<Mutex<Requests>>,
}

impl Bucket {
    /// The files of a folder, by their paths in it. Every answer waits for `latency`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of_folder(folder: &Path, latency: Duration) -> io::Result<Self> {
        let files = files(folder)?.into_iter();
        let objects = files.map(|(name, file)| (name, Some(file))).collect();
        Ok(Self::start(Source::Objects(objects), latency))
    }

    /// Objects without bytes.
    pub fn of_names(names: impl IntoIterator<Item = String>, latency: Duration) -> Self {
        let objects = names.into_iter().map(|name| (name, None)).collect();
        Self::start(Source::Objects(objects), latency)
    }

    /// A sweep of which all runs are trained: their files and logs, without bytes.
    pub fn of_trained(runs: impl IntoIterator<Item = RunFile>, latency: Duration) -> Self {
        let root = ObjectPath::default();
        let names = runs.into_iter().flat_map(|run| {
            let log = layout::run_log(&root, &run.run_id, RunState::Trained);
            [run.path(&root), log].map(|path| path.to_string())
        });
        Self::of_names(names, latency)
    }

    /// Passes everything on to another server, and counts it.
    pub fn before(server: SocketAddr) -> Self {
        Self::start(Source::Server(server), Duration::ZERO)
    }

    fn start(source: Source, latency: Duration) -> Self {
        let requests: Arc<Mutex<Requests>> = Arc::default();
        let counted = Arc::clone(&requests);
        let server = Server::start(move |head, body| {
            thread::sleep(latency);
            let response = answer(&source, head, body)?;
            let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
            counted.count(head);
            counted.n_bytes += response.body.len() as u64;
            Ok(Reply::Answer(response))
        });
        Self { server, requests }
    }

    /// The bucket as a place. Behind another server it is one of its places.
    pub fn place(&self) -> Place {
        Place::new(
            "s3://bucket".to_owned(),
            [
                ("AWS_ENDPOINT_URL", self.server.url()),
                ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
                ("AWS_REGION", "us-east-1".to_owned()),
            ],
        )
    }

    /// A place of another server as it is reached through this one.
    pub fn through(&self, place: Place) -> Place {
        place.with("AWS_ENDPOINT_URL", &self.server.url())
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Requests {
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The files below a folder, by their paths in it.
pub(super) fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(below)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                found.insert(name.display().to_string(), path.clone());
            }
        }
    }
    Ok(found)
}

fn answer(source: &Source, head: &Head, body: &mut Body<'_>) -> io::Result<Response> {
    let objects = match source {
        Source::Server(server) => return http::fetch(*server, head, &body.rest()?),
        Source::Objects(objects) => objects,
    };
    let path = percent_decode_str(head.path().trim_start_matches('/')).decode_utf8_lossy();
    let name = path.strip_prefix("bucket").unwrap_or(&path);
    let name = name.trim_start_matches('/');
    match head.method.as_str() {
        "GET" if head.target.contains("list-type=2") => Ok(list(objects, &head.target)),
        "GET" | "HEAD" => get(objects, name, head),
        _ => Ok(Response::new(
            403,
            "<Error><Code>AccessDenied</Code></Error>",
        )),
    }
}

fn list(objects: &BTreeMap<String, Option<PathBuf>>, target: &str) -> Response {
    let prefix = parameter(target, "prefix");
    let after = ["continuation-token", "start-after"].map(|name| parameter(target, name));
    let after = after.into_iter().max().unwrap_or_default();
    let delimiter = parameter(target, "delimiter");
    let from = prefix.clone().max(after.clone());
    let found = objects
        .range(from..)
        .filter(|(name, _)| **name != after)
        .take_while(|(name, _)| name.starts_with(&prefix));
    // A folder counts as one name.
    let mut folders = BTreeSet::new();
    let mut found = found.filter(|(name, _)| {
        let below = &name[prefix.len()..];
        let folder = (!delimiter.is_empty()).then(|| below.split_once(&delimiter));
        let Some((folder, _)) = folder.flatten() else {
            return true;
        };
        folders.insert(format!("{prefix}{folder}{delimiter}"));
        false
    });
    let mut text = String::from("<ListBucketResult>");
    let mut last = None;
    for (name, file) in found.by_ref().take(PAGE) {
        let n_bytes = file.as_ref().map_or(0, |file| length(file).unwrap_or(0));
        text.push_str(&format!(
            "<Contents><Key>{name}</Key><Size>{n_bytes}</Size><LastModified>{}</LastModified><ETag>\"1\"</ETag></Contents>",
            DATES.0
        ));
        last = Some(name);
    }
    if let (Some(last), Some(_)) = (last, found.next()) {
        text.push_str(&format!(
            "<NextContinuationToken>{last}</NextContinuationToken>"
        ));
    }
    for folder in &folders {
        text.push_str(&format!(
            "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"
        ));
    }
    Response::new(200, text + "</ListBucketResult>")
}

fn get(
    objects: &BTreeMap<String, Option<PathBuf>>,
    name: &str,
    head: &Head,
) -> io::Result<Response> {
    let Some(file) = objects.get(name) else {
        return Ok(Response::new(404, "<Error><Code>NoSuchKey</Code></Error>"));
    };
    let whole = file.as_deref().map_or(Ok(0), length)?;
    let (status, first, end) = match parse(head.header("range"), whole as usize) {
        Some((first, end)) => (206, first as u64, end as u64),
        None => (200, 0, whole),
    };
    let mut body = Vec::new();
    if let (Some(file), "GET") = (file, head.method.as_str()) {
        let mut file = File::open(file)?;
        file.seek(SeekFrom::Start(first))?;
        file.take(end - first).read_to_end(&mut body)?;
    }
    let last = end.saturating_sub(1);
    Ok(Response::new(status, body)
        .with("content-length", end - first)
        .with("content-range", format!("bytes {first}-{last}/{whole}"))
        .with("etag", "\"1\"")
        .with("last-modified", DATES.1))
}

fn length(file: &Path) -> io::Result<u64> {
    Ok(fs::metadata(file)?.len())
}
