//! Answers questions: one at a time for each turn, within limits, to clients that may be slow, silent or gone.
//!
//! A query is a task of its own, on threads that do nothing else, so that however busy they are, connections are accepted and
//! the server's health is told. It hands rows over piece by piece: where the client is slow, it stands by and lets others go
//! first, and where the client reads nothing for long, has gone or has had enough, it ends. Its memory and its place in the list
//! of what runs are given back where the task ends, and nowhere else.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use engram_engine::Session;
use engram_engine::session::{Parameters, Prepared};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Turn};
use crate::identity::Client;
use crate::metrics::{Metrics, Outcome};
use crate::question::{Asked, Ending, QueryId, Question, Rows, Truncation, batches};
use crate::settings::ServerLimits;
use crate::{Error, Result};

/// Pieces that wait for a client, besides the one that is being sent.
const PIECES_AHEAD: usize = 1;

/// The bytes of a piece, about: so much has a client to read in the time that it may do nothing.
const PIECE_BYTES: u64 = 1 << 20;

/// How long a query keeps its turn while its client does not read.
const PATIENCE: Duration = Duration::from_millis(200);

/// Answers questions to one dataset.
#[derive(Clone)]
pub struct Asker(Arc<Asking>);

struct Asking {
    session: Arc<Session>,
    limits: ServerLimits,
    metrics: Arc<Metrics>,
    admission: Admission,
    /// Where queries are computed.
    compute: Handle,
    running: Mutex<HashMap<u64, Entry>>,
    /// Tells every query to end.
    ending: CancellationToken,
    closing: CancellationToken,
    n_queries: AtomicU64,
    names: [RandomState; 2],
}

struct Entry {
    id: QueryId,
    client: Option<String>,
    cancel: CancellationToken,
}

impl Asker {
    /// Answers questions to the session's dataset, computing on the runtime `compute`.
    pub fn new(session: Arc<Session>, limits: ServerLimits, compute: Handle) -> Self {
        Self(Arc::new(Asking {
            session,
            metrics: Metrics::new(),
            admission: Admission::new(&limits),
            limits,
            compute,
            running: Mutex::default(),
            ending: CancellationToken::new(),
            closing: CancellationToken::new(),
            n_queries: AtomicU64::new(0),
            names: [RandomState::new(), RandomState::new()],
        }))
    }

    /// The dataset.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// How much clients get.
    pub fn limits(&self) -> &ServerLimits {
        &self.0.limits
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// All that is counted, as Prometheus reads it.
    pub fn metrics_text(&self) -> String {
        let used = self.0.session.memory_used_bytes();
        self.0.metrics.set_memory_used(used);
        self.0.metrics.text()
    }

    /// Whether questions are taken.
    pub fn is_ready(&self) -> bool {
        !self.0.closing.is_cancelled()
    }

    /// A new name for a query.
    pub fn name(&self) -> QueryId {
        let n = self.0.n_queries.fetch_add(1, Ordering::Relaxed);
        // Two keyed hashes, their keys drawn when the process began: nobody who has seen some names knows the next.
        let [high, low] = [0, 1].map(|half| self.0.names[half].hash_one(n));
        QueryId(format!("{high:016x}{low:016x}"))
    }

    /// What is known of a statement before it runs. That opens no files, so that it does not wait for a turn.
    ///
    /// # Errors
    /// For a statement that cannot be planned, and for a server that is about to end.
    pub async fn prepare(&self, sql: &str, parameters: Option<&Parameters>) -> Result<Prepared> {
        if !self.is_ready() {
            return Err(Error::Closing);
        }
        let (sql, parameters) = (sql.to_owned(), parameters.cloned());
        let session = Arc::clone(&self.0.session);
        let planning = self
            .0
            .compute
            .spawn(async move { session.prepare(&sql, parameters.as_ref()).await });
        let planning = tokio::time::timeout(self.0.limits.timeout, Ended(planning));
        let planned = planning.await.map_err(|_| Error::TimedOut {
            limit: self.0.limits.timeout,
        })?;
        Ok(planned.map_err(|_| Error::Computation)??)
    }

    /// Answers a question: waits for its turn, and gives the columns once they are known, with the rows to come.
    ///
    /// # Errors
    /// For a server that is too busy, and for a statement that cannot be run. The batches bring what comes up later.
    pub async fn ask(&self, question: Question) -> Result<Asked> {
        let asking = &self.0;
        let arrived = Instant::now();
        let turn = match asking.admission.turn(&asking.metrics.waiting).await {
            Ok(_) if !self.is_ready() => Err(Error::Closing),
            turn => turn,
        };
        let turn = turn.inspect_err(|error| {
            asking.metrics.refused(question.protocol, error);
            tracing::warn!(
                query = %question.id,
                client = %question.client,
                protocol = question.protocol.word(),
                waited_milliseconds = milliseconds(arrived.elapsed()),
                outcome = "refused",
                reason = %error,
                "query"
            );
        })?;
        let id = question.id.clone();
        let (begin, begun) = oneshot::channel();
        let (rows, receiver) = mpsc::channel(PIECES_AHEAD);
        let (ending, truncation) = (Ending::default(), Truncation::default());
        let query = Query {
            entry: Listed::new(self, &question),
            asking: Arc::clone(asking),
            question,
            waited: arrived.elapsed(),
            turn: Some(turn),
            started: Instant::now(),
            n_rows: 0,
            n_bytes: 0,
            truncation: truncation.clone(),
            outcome: None,
        };
        asking.compute.spawn(query.run(begin, rows, ending.clone()));
        let schema = begun.await.map_err(|_| Error::Computation)??;
        Ok(Asked {
            id,
            schema,
            batches: batches(receiver, ending),
            truncation,
        })
    }

    /// Ends the queries of that name, if they are the client's. Says whether there were any.
    pub fn cancel(&self, id: &QueryId, client: &Client) -> bool {
        let running = self.running();
        let named = running
            .values()
            .filter(|entry| entry.id == *id && entry.client == client.name);
        named.map(|entry| entry.cancel.cancel()).count() > 0
    }

    /// Takes no more questions; what waits is refused, what runs goes on.
    pub fn close(&self) {
        self.0.closing.cancel();
        self.0.admission.close();
    }

    /// Ends every query.
    pub fn end(&self) {
        self.0.ending.cancel();
    }

    /// How many queries run.
    pub fn n_running(&self) -> usize {
        self.running().len()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        let running = self.0.running.lock();
        running.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A query in the list of what runs, as long as this is kept.
struct Listed {
    asker: Asker,
    number: u64,
    cancel: CancellationToken,
}

impl Listed {
    fn new(asker: &Asker, question: &Question) -> Self {
        let number = asker.0.n_queries.fetch_add(1, Ordering::Relaxed);
        let cancel = asker.0.ending.child_token();
        let entry = Entry {
            id: question.id.clone(),
            client: question.client.name.clone(),
            cancel: cancel.clone(),
        };
        asker.running().insert(number, entry);
        asker.0.metrics.running.inc();
        Self {
            asker: asker.clone(),
            number,
            cancel,
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.asker.running().remove(&self.number);
        self.asker.0.metrics.running.dec();
    }
}

/// A query that runs.
struct Query {
    asking: Arc<Asking>,
    question: Question,
    entry: Listed,
    waited: Duration,
    turn: Option<Turn>,
    started: Instant,
    n_rows: u64,
    n_bytes: u64,
    truncation: Truncation,
    outcome: Option<Outcome>,
}

impl Query {
    /// Computes the answer, and gives its columns, its rows and how it ended.
    async fn run(
        mut self,
        begin: oneshot::Sender<Result<SchemaRef>>,
        rows: mpsc::Sender<RecordBatch>,
        ending: Ending,
    ) {
        self.asking.metrics.started(self.question.protocol);
        let mut begin = Some(begin);
        let ended = self.compute(&mut begin, &rows).await;
        self.outcome = Some(match &ended {
            Ok(()) if self.truncation.is_truncated() => Outcome::Truncated,
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::of(error),
        });
        self.log(ended.as_ref().err());
        match (begin, ended) {
            (Some(begin), Err(error)) => {
                let _ = begin.send(Err(error));
            }
            (_, ended) => ending.set(ended),
        }
        // The turn is given back before the client hears of the end, so that its next question finds it.
        drop(self);
        drop(rows);
    }

    async fn compute(
        &mut self,
        begin: &mut Option<oneshot::Sender<Result<SchemaRef>>>,
        rows: &mpsc::Sender<RecordBatch>,
    ) -> Result<()> {
        let limits = self.asking.limits.clone();
        let timeout = self
            .question
            .timeout
            .map_or(limits.timeout, |timeout| timeout.min(limits.timeout));
        let cancel = self.entry.cancel.clone();
        let session = Arc::clone(&self.asking.session);
        let question = self.question.clone();
        let answering = async {
            let answer = session
                .ask(
                    &question.sql,
                    &question.parameters,
                    limits.query_memory_bytes,
                )
                .await?;
            let begin = begin.take().ok_or(Error::Computation)?;
            // A client that has gone while the query was planned does not take its columns.
            begin
                .send(Ok(answer.schema))
                .map_err(|_| Error::Cancelled)?;
            let mut answer = answer.batches;
            while let Some(batch) = answer.next().await {
                let Some(batch) = self.within_limit(batch?)? else {
                    break;
                };
                for piece in pieces(&batch) {
                    self.hand_over(piece, rows).await?;
                }
                // Beyond what is enough nothing has to be computed.
                if self.truncation.is_truncated() {
                    break;
                }
            }
            Ok(())
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::Cancelled),
            // The client has gone, or has had enough.
            () = rows.closed() => Err(Error::Cancelled),
            () = tokio::time::sleep(timeout) => Err(Error::TimedOut { limit: timeout }),
            ended = answering => ended,
        }
    }

    /// Gives a piece to the client once it takes it, and lets others go first if it does not.
    async fn hand_over(
        &mut self,
        piece: RecordBatch,
        rows: &mpsc::Sender<RecordBatch>,
    ) -> Result<()> {
        let gone = |_| Error::Cancelled;
        if let Ok(room) = tokio::time::timeout(PATIENCE, rows.reserve()).await {
            room.map_err(gone)?.send(piece);
            return Ok(());
        }
        let asking = Arc::clone(&self.asking);
        let limit = asking.limits.idle;
        let place = asking.admission.stand_by(&asking.metrics.standing_by);
        self.turn = None;
        let room = tokio::time::timeout(limit.saturating_sub(PATIENCE), rows.reserve()).await;
        room.map_err(|_| Error::Idle { limit })?
            .map_err(gone)?
            .send(piece);
        self.turn = asking.admission.turn_again().await;
        drop(place);
        Ok(())
    }

    /// What of a batch belongs to the answer; counts it.
    fn within_limit(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let allowed = self.asking.limits.rows;
        let most = match self.question.rows {
            Rows::All => allowed,
            Rows::AtMost(most) => Some(allowed.map_or(most, |allowed| most.min(allowed))),
        };
        let left = most.map(|most| most - self.n_rows);
        let batch = match left {
            Some(left) if (batch.num_rows() as u64) > left => {
                if let (Rows::All, Some(limit)) = (self.question.rows, most) {
                    return Err(Error::TooManyRows { limit });
                }
                self.truncation.set();
                batch.slice(0, usize::try_from(left).unwrap_or(usize::MAX))
            }
            _ => batch,
        };
        let (n_rows, n_bytes) = (batch.num_rows() as u64, bytes(&batch));
        self.n_rows += n_rows;
        self.n_bytes += n_bytes;
        self.asking
            .metrics
            .given(self.question.protocol, n_rows, n_bytes);
        Ok((n_rows > 0 || !self.truncation.is_truncated()).then_some(batch))
    }

    fn log(&self, error: Option<&Error>) {
        let took = self.started.elapsed();
        let outcome = self.outcome.map_or("panicked", Outcome::word);
        tracing::info!(
            query = %self.question.id,
            client = %self.question.client,
            protocol = self.question.protocol.word(),
            waited_milliseconds = milliseconds(self.waited),
            milliseconds = milliseconds(took),
            rows = self.n_rows,
            bytes = self.n_bytes,
            outcome,
            error = error.map(|error| first_line(&error.to_string()).to_owned()),
            sql = first_line(self.question.sql.trim()),
            "query"
        );
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        if self.outcome.is_none() {
            self.log(Some(&Error::Computation));
        }
        let outcome = self.outcome.unwrap_or(Outcome::Failed);
        let took = self.started.elapsed();
        self.asking
            .metrics
            .finished(self.question.protocol, outcome, took);
    }
}

/// A task that ends with whoever waits for it.
struct Ended<T>(tokio::task::JoinHandle<T>);

impl<T> Future for Ended<T> {
    type Output = std::result::Result<T, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Ended<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A batch in pieces of [`PIECE_BYTES`], without copying it.
fn pieces(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let n_rows = batch.num_rows();
    let n_pieces = usize::try_from(bytes(batch) / PIECE_BYTES).unwrap_or(usize::MAX);
    let step = n_rows.div_ceil(n_pieces.max(1)).max(1);
    (0..n_rows)
        .step_by(step)
        .map(move |start| batch.slice(start, step.min(n_rows - start)))
}

fn bytes(batch: &RecordBatch) -> u64 {
    let sizes = batch.columns().iter().map(|column| {
        let data = column.to_data();
        data.get_slice_memory_size()
            .unwrap_or_else(|_| column.get_array_memory_size()) as u64
    });
    sizes.sum()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
