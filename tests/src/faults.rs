//! A proxy that stands between a program and a store and spoils a share of the requests, as networks and services do.
//!
//! Which request is spoilt, and how, follows from a seed and the request's number.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use engram_schemas::randomness;
use rand::RngExt;

use crate::http::{self, Body, Head, Reply, Response, Server};

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The service fails.
    Error500,
    /// The service is busy, for this request and the next two.
    Busy,
    /// The connection hangs until it is given up.
    Hang,
    /// The answer comes in pieces, and in the end.
    Slow,
    /// The connection is reset in the middle of the request's body.
    CutUpload,
    /// The connection breaks in the middle of the answer's body.
    CutDownload,
    /// The request is done, and the connection breaks before the answer.
    LostReply,
    /// The request is done, and the answer is that the service failed.
    FalseError,
}

const KINDS: [Fault; 8] = [
    Fault::Error500,
    Fault::Busy,
    Fault::Hang,
    Fault::Slow,
    Fault::CutUpload,
    Fault::CutDownload,
    Fault::LostReply,
    Fault::FalseError,
];

/// How long a hanging connection stays open. Whoever waits must have given up before.
const HANG: Duration = Duration::from_secs(5);

/// The proxy.
pub struct FaultyProxy {
    server: Server,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    n_requests: u64,
    n_busy: usize,
    injected: BTreeMap<Fault, usize>,
}

impl FaultyProxy {
    /// Stands before `store` and spoils about `share` of the requests.
    pub fn before(store: SocketAddr, seed: u64, share: f64) -> Self {
        let log: Arc<Mutex<Log>> = Arc::default();
        let of_server = Arc::clone(&log);
        let server = Server::start(move |head, body| {
            let fault = {
                let mut log = of_server.lock().unwrap_or_else(PoisonError::into_inner);
                log.next(seed, share)
            };
            pass(store, head, body, fault)
        });
        Self { server, log }
    }

    /// Stands before `store`, until after so many requests the credentials of all have expired.
    pub fn expiring(store: SocketAddr, after: u64) -> Self {
        let log: Arc<Mutex<Log>> = Arc::default();
        let of_server = Arc::clone(&log);
        let server = Server::start(move |head, body| {
            let n_requests = {
                let mut log = of_server.lock().unwrap_or_else(PoisonError::into_inner);
                log.n_requests += 1;
                log.n_requests
            };
            if n_requests <= after {
                return pass(store, head, body, None);
            }
            let text = "<Error><Code>ExpiredToken</Code><Message>Expired.</Message></Error>";
            Ok(Reply::Answer(Response::new(400, text)))
        });
        Self { server, log }
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How many requests there were.
    pub fn n_requests(&self) -> u64 {
        self.log().n_requests
    }

    /// How many requests were spoilt in which way.
    pub fn injected(&self) -> BTreeMap<Fault, usize> {
        self.log().injected.clone()
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn next(&mut self, seed: u64, share: f64) -> Option<Fault> {
        let mut draws = randomness::generator("faults", seed, self.n_requests);
        self.n_requests += 1;
        let fault = if self.n_busy > 0 {
            self.n_busy -= 1;
            Fault::Busy
        } else if draws.random_range(0.0..1.0) < share {
            let fault = KINDS[draws.random_range(0..KINDS.len())];
            self.n_busy = if fault == Fault::Busy { 2 } else { 0 };
            fault
        } else {
            return None;
        };
        *self.injected.entry(fault).or_default() += 1;
        Some(fault)
    }
}

fn pass(
    store: SocketAddr,
    head: &Head,
    body: &mut Body<'_>,
    fault: Option<Fault>,
) -> io::Result<Reply> {
    match fault {
        Some(Fault::Hang) => return Ok(Reply::Hang(HANG)),
        Some(Fault::CutUpload) => {
            body.half()?;
            return Ok(Reply::Close);
        }
        _ => {}
    }
    let bytes = body.rest()?;
    let failed = |status, code| {
        Reply::Answer(Response::new(
            status,
            format!("<Error><Code>{code}</Code></Error>"),
        ))
    };
    match fault {
        Some(Fault::Error500) => return Ok(failed(500, "InternalError")),
        Some(Fault::Busy) => return Ok(failed(503, "SlowDown")),
        _ => {}
    }
    let response = http::fetch(store, head, &bytes)?;
    Ok(match fault {
        Some(Fault::LostReply) => Reply::Close,
        Some(Fault::FalseError) => failed(500, "InternalError"),
        Some(Fault::Slow) => Reply::Slowly(response, Duration::from_millis(100)),
        // An answer without a body breaks off in its beginning.
        Some(Fault::CutDownload) if response.body.is_empty() => Reply::Close,
        Some(Fault::CutDownload) => {
            let n_bytes = response.body.len() / 2;
            Reply::Cut(response, n_bytes)
        }
        _ => Reply::Answer(response),
    })
}
