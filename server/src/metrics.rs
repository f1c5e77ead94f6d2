//! What a server counts, for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::Error;

/// The language that a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Flight SQL.
    Flight,
    /// HTTP.
    Http,
}

/// How a query that ran has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every row was given.
    Done,
    /// As many rows were given as the client asked for at most, and there were more.
    Truncated,
    /// The query has a mistake, or failed while it ran.
    Failed,
    /// The client, or the end of the server, ended it.
    Cancelled,
    /// It reached a limit: of time, rows or memory, or of the client's silence.
    Limited,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByProtocol {
    protocol: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    protocol: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    protocol: &'static str,
    reason: &'static str,
}

/// What a server counts.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    started: Family<ByProtocol, Counter>,
    finished: Family<ByOutcome, Counter>,
    refused: Family<ByReason, Counter>,
    seconds: Family<ByProtocol, Histogram, fn() -> Histogram>,
    rows: Family<ByProtocol, Counter>,
    bytes: Family<ByProtocol, Counter>,
    pub(crate) running: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) standing_by: Gauge,
    pub(crate) statements: Gauge,
    memory: Gauge,
}

fn by(protocol: Protocol) -> ByProtocol {
    ByProtocol {
        protocol: protocol.word(),
    }
}

fn seconds() -> Histogram {
    // From a millisecond to a quarter of an hour.
    Histogram::new(exponential_buckets(0.001, 2.0, 21))
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("engram");
        let seconds: Family<_, _, fn() -> Histogram> = Family::new_with_constructor(seconds);
        let mut metrics = Self {
            registry: Registry::default(),
            started: Family::default(),
            finished: Family::default(),
            refused: Family::default(),
            seconds,
            rows: Family::default(),
            bytes: Family::default(),
            running: Gauge::default(),
            waiting: Gauge::default(),
            standing_by: Gauge::default(),
            statements: Gauge::default(),
            memory: Gauge::default(),
        };
        registry.register(
            "queries_started",
            "Queries whose turn came",
            metrics.started.clone(),
        );
        registry.register(
            "queries_finished",
            "Queries that ended, by how",
            metrics.finished.clone(),
        );
        registry.register(
            "queries_refused",
            "Questions that were not taken, by why",
            metrics.refused.clone(),
        );
        registry.register_with_unit(
            "query",
            "How long queries took, from their turn to the last row",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register("rows", "Rows that were given", metrics.rows.clone());
        registry.register(
            "answer_bytes",
            "Bytes of the Arrow arrays that were given",
            metrics.bytes.clone(),
        );
        registry.register(
            "queries_running",
            "Queries that run",
            metrics.running.clone(),
        );
        registry.register(
            "queries_waiting",
            "Queries that wait for their turn",
            metrics.waiting.clone(),
        );
        registry.register(
            "queries_standing_by",
            "Queries that run and have let others go first, because their clients do not read",
            metrics.standing_by.clone(),
        );
        registry.register(
            "prepared_statements",
            "Statements that are prepared",
            metrics.statements.clone(),
        );
        registry.register_with_unit(
            "query_memory",
            "What the operators of queries hold in memory",
            Unit::Bytes,
            metrics.memory.clone(),
        );
        metrics.registry = registry;
        metrics.begin();
        Arc::new(metrics)
    }

    /// Has every number begin at 0, and not where the first of its kind is counted.
    fn begin(&self) {
        for protocol in [Protocol::Flight, Protocol::Http] {
            let by = by(protocol);
            drop(self.started.get_or_create(&by));
            drop(self.seconds.get_or_create(&by));
            self.given(protocol, 0, 0);
            for outcome in [
                Outcome::Done,
                Outcome::Truncated,
                Outcome::Failed,
                Outcome::Cancelled,
                Outcome::Limited,
            ] {
                let (protocol, outcome) = (protocol.word(), outcome.word());
                drop(
                    self.finished
                        .get_or_create(&ByOutcome { protocol, outcome }),
                );
            }
            for reason in ["busy", "waited", "closing", "unauthenticated"] {
                let protocol = protocol.word();
                drop(self.refused.get_or_create(&ByReason { protocol, reason }));
            }
        }
    }

    pub(crate) fn started(&self, protocol: Protocol) {
        self.started.get_or_create(&by(protocol)).inc();
    }

    pub(crate) fn finished(&self, protocol: Protocol, outcome: Outcome, took: Duration) {
        self.finished
            .get_or_create(&ByOutcome {
                protocol: protocol.word(),
                outcome: outcome.word(),
            })
            .inc();
        self.seconds
            .get_or_create(&by(protocol))
            .observe(took.as_secs_f64());
    }

    pub(crate) fn given(&self, protocol: Protocol, rows: u64, bytes: u64) {
        self.rows.get_or_create(&by(protocol)).inc_by(rows);
        self.bytes.get_or_create(&by(protocol)).inc_by(bytes);
    }

    /// Counts a question that was not taken, if that is what the error says.
    pub fn refused(&self, protocol: Protocol, error: &Error) {
        let reason = match error {
            Error::Busy { .. } => "busy",
            Error::Waited { .. } => "waited",
            Error::Closing => "closing",
            Error::Unauthenticated { .. } => "unauthenticated",
            _ => return,
        };
        self.refused
            .get_or_create(&ByReason {
                protocol: protocol.word(),
                reason,
            })
            .inc();
    }

    pub(crate) fn set_memory_used(&self, bytes: usize) {
        self.memory.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// All of it in the text format of OpenMetrics.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}

impl Outcome {
    pub(crate) fn of(error: &Error) -> Self {
        use engram_engine::sql_error::Kind;
        match error {
            Error::Cancelled | Error::Closing => Self::Cancelled,
            Error::TimedOut { .. } | Error::TooManyRows { .. } | Error::Idle { .. } => {
                Self::Limited
            }
            Error::Engine(engram_engine::Error::Sql(error)) if error.kind() == Kind::Limit => {
                Self::Limited
            }
            _ => Self::Failed,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Truncated => "truncated",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Limited => "limited",
        }
    }
}

impl Protocol {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Flight => "flight",
            Self::Http => "http",
        }
    }
}
