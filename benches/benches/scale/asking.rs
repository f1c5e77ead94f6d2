//! A question in a process of its own, and what it costs.
//!
//! The process says when it is about to begin, when it has the first answer and when it has the last, and goes on when it is told
//! to: meanwhile nobody asks, and what nodes and bucket have counted is this question's.

use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use engram_cluster::{Access, NodesSettings, distribute};
use engram_engine::Session;
use engram_schemas::DatasetLocation;
use engram_tests::emulators::{Bucket, Moto, Place};
use engram_tests::process::Process;
use serde::{Deserialize, Serialize};

use crate::nodes::Node;
use crate::questions::{QUESTIONS, Question};

/// The first argument of a process that asks.
pub(crate) const ASK: &str = "ask";

/// How long a node may be silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// How long is asked again, for the quickest time.
const AGAIN: Duration = Duration::from_secs(1);

/// How often is asked again at most.
const MOST_TIMES: usize = 5;

/// A release where it is asked.
pub(crate) struct Source {
    /// How it is reached.
    pub(crate) place: Place,
    /// What counts requests, where they can be counted.
    pub(crate) bucket: Option<Bucket>,
    /// It ends with the last that uses it.
    pub(crate) _moto: Option<Arc<Moto>>,
}

/// What a process measured of itself.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Measured {
    opening_seconds: f64,
    first_seconds: f64,
    again_seconds: f64,
    n_rows: usize,
}

/// What a question costs.
#[derive(Clone)]
pub(crate) struct Cost {
    measured: Measured,
    n_bytes: u64,
    n_requests: u64,
    peak_bytes: u64,
    /// The most of a node.
    node_peak_bytes: u64,
}

impl Cost {
    /// Time of the first answer, time of a later one, bytes and requests as multiples of another question's.
    pub(crate) fn over(&self, other: &Self) -> String {
        let first = |cost: &Self| cost.measured.opening_seconds + cost.measured.first_seconds;
        format!(
            "{:.2} {:.2} {:.2} {:.2}",
            first(self) / first(other),
            self.measured.again_seconds / other.measured.again_seconds,
            self.n_bytes as f64 / other.n_bytes as f64,
            self.n_requests as f64 / other.n_requests as f64
        )
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measured = &self.measured;
        write!(
            f,
            "{:>7} {:>7.3} {:>8.3} {:>8.3} {:>8.2} {:>8} {:>8.0} {:>9.0}",
            measured.n_rows,
            measured.opening_seconds,
            measured.first_seconds,
            measured.again_seconds,
            self.n_bytes as f64 / 1e6,
            self.n_requests,
            self.peak_bytes as f64 / 1e6,
            self.node_peak_bytes as f64 / 1e6
        )
    }
}

/// Asks a question in a process, with so many nodes.
pub(crate) fn ask(source: &Source, question: &Question, n_nodes: usize) -> Cost {
    let nodes: Vec<Node> = (0..n_nodes).map(|_| Node::start(&source.place)).collect();
    let addresses: Vec<&str> = nodes.iter().map(|node| node.address.as_str()).collect();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([ASK, &source.place.url, question.name, &addresses.join(",")])
        .envs(source.place.environment.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asking = Process::of(child.id());
    let (mut go_on, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let counted = || match &source.bucket {
        Some(bucket) => {
            let requests = bucket.requests();
            (requests.n_bytes, requests.total())
        }
        None => {
            let processes = || nodes.iter().map(Node::process).chain([asking.clone()]);
            let n_bytes = processes().map(|process| process.bytes_read()).sum();
            (n_bytes, processes().map(|process| process.reads()).sum())
        }
    };
    next();
    let before: (u64, u64) = counted();
    writeln!(go_on).unwrap();
    next();
    let after = counted();
    writeln!(go_on).unwrap();
    let measured = serde_json::from_str(&next()).unwrap();
    let peak = |process: &Process| process.memory("VmHWM");
    let cost = Cost {
        measured,
        n_bytes: after.0 - before.0,
        n_requests: after.1 - before.1,
        peak_bytes: peak(&asking),
        node_peak_bytes: nodes
            .iter()
            .map(|node| peak(&node.process()))
            .max()
            .unwrap_or(0),
    };
    writeln!(go_on).unwrap();
    assert!(child.wait().unwrap().success(), "{}", question.name);
    cost
}

/// Answers as a process that asks.
pub(crate) fn answer(place: &str, name: &str, nodes: &str) {
    let question = QUESTIONS.iter().find(|question| question.name == name);
    let question = question.unwrap();
    pause("ready");
    let measured = wait_for(measure(place, question, nodes));
    pause(&serde_json::to_string(&measured).unwrap());
}

async fn measure(place: &str, question: &Question, nodes: &str) -> Measured {
    let began = Instant::now();
    let location = DatasetLocation::open(place).unwrap();
    let session = Session::open(&location).await.unwrap();
    if !nodes.is_empty() {
        join(&session, nodes).await;
    }
    let mut measured = Measured {
        opening_seconds: began.elapsed().as_secs_f64(),
        ..Measured::default()
    };
    let sql = question.sql();
    let collected = async || {
        let began = Instant::now();
        let rows = session.sql(&sql).await.unwrap().collect().await.unwrap();
        let n_rows = rows.iter().map(RecordBatch::num_rows).sum();
        (began.elapsed().as_secs_f64(), n_rows)
    };
    (measured.first_seconds, measured.n_rows) = collected().await;
    pause("first");
    let began = Instant::now();
    measured.again_seconds = f64::INFINITY;
    for _ in 0..MOST_TIMES {
        let (seconds, _) = collected().await;
        measured.again_seconds = measured.again_seconds.min(seconds);
        if began.elapsed() > AGAIN {
            break;
        }
    }
    measured
}

async fn join(session: &Session, nodes: &str) {
    let nodes = NodesSettings {
        addresses: nodes.split(',').map(|node| node.parse().unwrap()).collect(),
        access: Access::default(),
        silence: SILENCE,
    };
    let connections = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let handle = connections.handle().clone();
    // It would wait for its connections, and cannot where a process ends.
    std::mem::forget(connections);
    distribute(session, nodes, handle).await.unwrap();
}

/// Says a line, and waits for one.
fn pause(line: &str) {
    println!("{line}");
    let mut go_on = String::new();
    std::io::stdin().read_line(&mut go_on).unwrap();
}

/// Does asynchronous work.
pub(crate) fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}
