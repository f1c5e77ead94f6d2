//! A question and its answer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use engram_engine::session::Parameters;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::identity::Client;
use crate::metrics::Protocol;
use crate::{Error, Result};

/// What a client wants to know, and how much of it.
#[derive(Clone, Debug)]
pub struct Question {
    /// The name by which the query can be cancelled; chosen by [`Asker::name`](crate::Asker::name).
    pub id: QueryId,
    /// One statement.
    pub sql: String,
    /// Values for its placeholders.
    pub parameters: Parameters,
    /// The language in which it was asked.
    pub protocol: Protocol,
    /// Who asks.
    pub client: Client,
    /// What becomes of an answer with many rows.
    pub rows: Rows,
    /// How long it may take, where that is less than the server allows.
    pub timeout: Option<Duration>,
}

/// What becomes of an answer with many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All are wanted: more than the server allows are an error.
    All,
    /// So many are enough: the answer ends behind them, or where the server's limit is, and says that there were more.
    AtMost(u64),
}

/// The name of a query. Nobody guesses another one's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryId(pub(crate) String);

/// The answer to a question, as it is computed. Whoever drops it ends the query.
pub struct Asked {
    /// The name of the query.
    pub id: QueryId,
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows. An error is the last item.
    pub batches: BoxStream<'static, Result<RecordBatch>>,
    /// Whether rows were left out.
    pub truncation: Truncation,
}

/// Whether rows were left out of an answer, known once its last batch is there.
#[derive(Clone, Debug, Default)]
pub struct Truncation(Arc<AtomicBool>);

/// How the computation of an answer has ended, once it has.
#[derive(Clone, Default)]
pub(crate) struct Ending {
    how: Arc<Mutex<Option<Result<()>>>>,
    has_ended: CancellationToken,
}

impl Question {
    /// A question without parameters whose answer is wanted as a whole.
    pub fn new(id: QueryId, sql: impl Into<String>, protocol: Protocol, client: Client) -> Self {
        Self {
            id,
            sql: sql.into(),
            parameters: Parameters::default(),
            protocol,
            client,
            rows: Rows::All,
            timeout: None,
        }
    }
}

impl QueryId {
    /// How many characters a name has.
    pub(crate) const LENGTH: usize = 32;
}

impl Truncation {
    /// Whether rows were left out.
    pub fn is_truncated(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Ending {
    pub(crate) fn set(&self, how: Result<()>) {
        *self.how.lock().unwrap_or_else(PoisonError::into_inner) = Some(how);
        self.has_ended.cancel();
    }

    /// Waits for the end.
    pub(crate) async fn come(&self) {
        self.has_ended.cancelled().await;
    }

    /// How it was, to the first who asks.
    ///
    /// # Errors
    /// Those of the computation, and [`Error::Computation`] as long as it has not ended.
    pub(crate) fn how(&self) -> Result<()> {
        let how = self
            .how
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        how.unwrap_or(Err(Error::Computation))
    }
}

/// What comes through a channel, and then how it ended: a channel that closes is not the end of an answer.
pub(crate) fn batches(
    receiver: mpsc::Receiver<RecordBatch>,
    ending: Ending,
) -> BoxStream<'static, Result<RecordBatch>> {
    stream::unfold(Some((receiver, ending)), async |state| {
        let (mut receiver, ending) = state?;
        // The end comes first: what was sent before it is in the channel by then, whereas a channel that was empty may have been
        // filled before the query ended. A query that does not give way keeps its end of the channel for longer than its client
        // has to wait.
        let batch = tokio::select! {
            biased;
            () = ending.come() => receiver.try_recv().ok(),
            Some(batch) = receiver.recv() => Some(batch),
        };
        if let Some(batch) = batch {
            return Some((Ok(batch), Some((receiver, ending))));
        }
        match ending.how() {
            Ok(()) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl fmt::Display for QueryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;

    fn batch() -> RecordBatch {
        let numbers = Int64Array::from_iter_values(0..3);
        RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap()
    }

    #[tokio::test]
    async fn what_was_sent_comes_before_the_end() {
        let (sender, receiver) = mpsc::channel(2);
        let ending = Ending::default();
        let answer = batches(receiver, ending.clone());
        sender.try_send(batch()).unwrap();
        sender.try_send(batch()).unwrap();
        ending.set(Err(Error::Cancelled));
        let pieces: Vec<_> = answer.collect().await;
        assert!(
            matches!(&pieces[..], [Ok(_), Ok(_), Err(Error::Cancelled)]),
            "{pieces:?}"
        );
    }
}
