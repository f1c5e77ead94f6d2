//! Takes questions, and gives each its turn.
//!
//! Queries run on threads that do nothing else, so that however busy they are, connections are accepted and the server's health is
//! told. Planning cannot be interrupted, so that it has threads of its own: a statement that takes long to plan delays no query
//! that runs, and keeps its turn to plan until it really has ended, whether somebody still waits for it or not.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use engram_engine::Session;
use engram_engine::session::{Parameters, Prepared};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, Turn};
use crate::identity::Client;
use crate::metrics::Metrics;
use crate::query::Query;
use crate::question::{Asked, Ending, QueryId, Question, Truncation, batches};
use crate::settings::ServerLimits;
use crate::{Error, Result};

/// Pieces that wait for a client, besides the one that is being sent.
const PIECES_AHEAD: usize = 1;

/// The longest statement, in bytes.
const LONGEST_STATEMENT: usize = 1 << 20;

/// Answers questions to one dataset.
#[derive(Clone)]
pub struct Asker(pub(crate) Arc<Asking>);

pub(crate) struct Asking {
    pub(crate) session: Arc<Session>,
    pub(crate) limits: ServerLimits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) admission: Admission,
    /// Where queries are computed.
    pub(crate) compute: Handle,
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

    /// Does on the threads of queries what is no client's question, as when the dataset is asked what it is.
    ///
    /// # Errors
    /// [`Error::Computation`] when it ends in a panic.
    pub(crate) async fn apart<F>(&self, work: impl FnOnce(Arc<Session>) -> F) -> Result<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let doing = self.0.compute.spawn(work(Arc::clone(&self.0.session)));
        Ended(doing).await.map_err(|_| Error::Computation)
    }

    /// What is known of a statement before it runs. That opens no files, so that it does not wait for those that run.
    ///
    /// # Errors
    /// For a statement that cannot be planned, and for a server that is too busy or about to end.
    pub async fn prepare(&self, sql: &str, parameters: Option<&Parameters>) -> Result<Prepared> {
        if !self.is_ready() {
            return Err(Error::Closing);
        }
        check_length(sql)?;
        let (sql, parameters) = (sql.to_owned(), parameters.cloned());
        let planning = self
            .0
            .planned(async move |session| session.prepare(&sql, parameters.as_ref()).await);
        let limit = self.0.limits.timeout;
        let planned = tokio::time::timeout(limit, planning).await;
        planned.map_err(|_| Error::TimedOut { limit })?
    }

    /// Answers a question: waits for its turn, and gives the columns once they are known, with the rows to come.
    ///
    /// # Errors
    /// For a server that is too busy, and for a statement that cannot be run. The batches bring what comes up later.
    pub async fn ask(&self, question: Question) -> Result<Asked> {
        let asking = &self.0;
        let arrived = Instant::now();
        check_length(&question.sql)?;
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
        let running = Running::new(self, &question, turn);
        let (begin, mut begun) = oneshot::channel();
        let (rows, receiver) = mpsc::channel(PIECES_AHEAD);
        let (ending, truncation) = (Ending::default(), Truncation::default());
        let query = Query::new(self, question, arrived.elapsed(), truncation.clone());
        // Here and not where queries are computed: what watches over the time has to run when these threads are all busy.
        tokio::spawn(query.run(running, begin, rows, ending.clone()));
        let schema = tokio::select! {
            biased;
            // The end comes first: a query may begin and end while this looks.
            () = ending.come() => match begun.try_recv() {
                Ok(schema) => schema,
                Err(_) => return Err(ending.how().err().unwrap_or(Error::Computation)),
            },
            Ok(schema) = &mut begun => schema,
        };
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

impl Asking {
    /// Plans on a thread of its own, when it is its turn.
    ///
    /// # Errors
    /// Those of planning, and for a server that is too busy.
    pub(crate) async fn planned<T, F>(
        &self,
        plan: impl FnOnce(Arc<Session>) -> F + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = engram_engine::Result<T>>,
    {
        let turn = self.admission.turn_to_plan(&self.metrics.waiting).await?;
        let (session, compute) = (Arc::clone(&self.session), self.compute.clone());
        let planning = self.compute.spawn_blocking(move || {
            let _turn = turn;
            compute.block_on(plan(session))
        });
        Ok(planning.await.map_err(|_| Error::Computation)??)
    }
}

fn check_length(sql: &str) -> Result<()> {
    match sql.len() {
        length if length > LONGEST_STATEMENT => Err(Error::TooLong {
            length,
            limit: LONGEST_STATEMENT,
        }),
        _ => Ok(()),
    }
}

/// A query's turn and its place in the list of what runs, as long as this is kept.
pub(crate) struct Running {
    asker: Asker,
    number: u64,
    pub(crate) turn: Option<Turn>,
    pub(crate) cancel: CancellationToken,
}

impl Running {
    fn new(asker: &Asker, question: &Question, turn: Turn) -> Self {
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
            turn: Some(turn),
            cancel,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.asker.running().remove(&self.number);
        self.asker.0.metrics.running.dec();
    }
}

/// A task that ends with whoever waits for it.
pub(crate) struct Ended<T>(pub(crate) tokio::task::JoinHandle<T>);

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

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
