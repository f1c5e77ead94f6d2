//! A query that runs: within limits, for a client that may be slow, silent or gone.
//!
//! Rows are handed over piece by piece. Where the client is slow, the query stands by and lets others go first; where the client
//! reads nothing for long, has gone or has had enough, it ends. What computes is a task of its own, and what watches over it is
//! another: an operator that does not give way keeps its turn until it does, but nobody waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use crate::asking::{Asker, Asking, Ended, Running, milliseconds};
use crate::metrics::Outcome;
use crate::question::{Ending, Question, Rows, Truncation};
use crate::{Error, Result};

/// The bytes of a piece, about: so much has a client to read in the time that it may do nothing.
const PIECE_BYTES: u64 = 1 << 20;

/// How long a query keeps its turn while its client does not read.
const PATIENCE: Duration = Duration::from_millis(200);

/// A query, as the log tells of it.
pub(crate) struct Query {
    asking: Arc<Asking>,
    question: Question,
    waited: Duration,
    started: Instant,
    given: Arc<Given>,
    truncation: Truncation,
    outcome: Option<Outcome>,
}

/// What was given to the client so far.
#[derive(Default)]
struct Given {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Query {
    pub(crate) fn new(
        asker: &Asker,
        question: Question,
        waited: Duration,
        truncation: Truncation,
    ) -> Self {
        asker.metrics().started(question.protocol);
        Self {
            asking: Arc::clone(&asker.0),
            question,
            waited,
            started: Instant::now(),
            given: Arc::default(),
            truncation,
            outcome: None,
        }
    }

    /// Watches over the computation of the answer, and says how it ended.
    pub(crate) async fn run(
        mut self,
        running: Running,
        begin: oneshot::Sender<SchemaRef>,
        rows: mpsc::Sender<RecordBatch>,
        ending: Ending,
    ) {
        let limit = self.asking.limits.timeout;
        let limit = self
            .question
            .timeout
            .map_or(limit, |asked| asked.min(limit));
        let cancel = running.cancel.clone();
        let computation = Computation {
            asking: Arc::clone(&self.asking),
            question: self.question.clone(),
            running,
            given: Arc::clone(&self.given),
            truncation: self.truncation.clone(),
        };
        let compute = &self.asking.compute;
        let computing = Ended(compute.spawn(computation.run(begin, rows.clone())));
        let ended = tokio::select! {
            biased;
            ended = computing => ended.unwrap_or(Err(Error::Computation)),
            () = cancel.cancelled() => Err(Error::Cancelled),
            // The client has gone, or has had enough.
            () = rows.closed() => Err(Error::Cancelled),
            () = tokio::time::sleep(limit) => Err(Error::TimedOut { limit }),
        };
        self.outcome = Some(match &ended {
            Ok(()) if self.truncation.is_truncated() => Outcome::Truncated,
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::of(error),
        });
        self.log(ended.as_ref().err());
        drop(self);
        ending.set(ended);
    }

    fn log(&self, error: Option<&Error>) {
        let took = self.started.elapsed();
        tracing::info!(
            query = %self.question.id,
            client = %self.question.client,
            protocol = self.question.protocol.word(),
            waited_milliseconds = milliseconds(self.waited),
            milliseconds = milliseconds(took),
            rows = self.given.rows.load(Ordering::Relaxed),
            bytes = self.given.bytes.load(Ordering::Relaxed),
            outcome = self.outcome.unwrap_or(Outcome::Failed).word(),
            error = error.map(|error| first_line(&error.to_string()).to_owned()),
            sql = first_line(self.question.sql.trim()),
            "query"
        );
    }
}

impl Drop for Query {
    fn drop(&mut self) {
        let outcome = self.outcome.unwrap_or(Outcome::Failed);
        let took = self.started.elapsed();
        let protocol = self.question.protocol;
        self.asking.metrics.finished(protocol, outcome, took);
    }
}

/// The computation of an answer. It keeps the turn as long as it lasts.
struct Computation {
    asking: Arc<Asking>,
    question: Question,
    running: Running,
    given: Arc<Given>,
    truncation: Truncation,
}

impl Computation {
    async fn run(
        mut self,
        begin: oneshot::Sender<SchemaRef>,
        rows: mpsc::Sender<RecordBatch>,
    ) -> Result<()> {
        let memory = self.asking.limits.query_memory_bytes;
        let (sql, parameters) = (self.question.sql.clone(), self.question.parameters.clone());
        let planned = self
            .asking
            .planned(async move |session| session.ask(&sql, &parameters, memory).await);
        let mut answer = planned.await?;
        begin.send(answer.schema).map_err(|_| Error::Cancelled)?;
        while let Some(batch) = answer.batches.next().await {
            if let Some(batch) = self.within_limit(batch?)? {
                for piece in pieces(&batch) {
                    self.hand_over(piece, &rows).await?;
                }
            }
            // Beyond what is enough nothing has to be computed.
            if self.truncation.is_truncated() {
                break;
            }
        }
        Ok(())
    }

    /// What of a batch belongs to the answer.
    fn within_limit(&self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let allowed = self.asking.limits.rows;
        let most = match self.question.rows {
            Rows::All => allowed,
            Rows::AtMost(most) => Some(allowed.map_or(most, |allowed| most.min(allowed))),
        };
        let Some(most) = most else {
            return Ok(Some(batch));
        };
        let left = most.saturating_sub(self.given.rows.load(Ordering::Relaxed));
        if batch.num_rows() as u64 <= left {
            return Ok(Some(batch));
        }
        if self.question.rows == Rows::All {
            return Err(Error::TooManyRows { limit: most });
        }
        self.truncation.set();
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        Ok((left > 0).then(|| batch.slice(0, left)))
    }

    /// Gives a piece to the client once it takes it, and lets others go first if it does not.
    async fn hand_over(
        &mut self,
        piece: RecordBatch,
        rows: &mpsc::Sender<RecordBatch>,
    ) -> Result<()> {
        let gone = |_| Error::Cancelled;
        let (n_rows, n_bytes) = (piece.num_rows() as u64, bytes(&piece));
        match tokio::time::timeout(PATIENCE, rows.reserve()).await {
            Ok(room) => room.map_err(gone)?.send(piece),
            Err(_elapsed) => {
                let limit = self.asking.limits.idle;
                let gauge = &self.asking.metrics.standing_by;
                let place = self.asking.admission.stand_by(gauge);
                let place = place.ok_or(Error::Idle { limit: PATIENCE })?;
                self.running.turn = None;
                let left = limit.saturating_sub(PATIENCE);
                let room = tokio::time::timeout(left, rows.reserve()).await;
                let room = room.map_err(|_| Error::Idle { limit })?;
                room.map_err(gone)?.send(piece);
                self.running.turn = self.asking.admission.turn_again().await;
                drop(place);
            }
        }
        self.given.rows.fetch_add(n_rows, Ordering::Relaxed);
        self.given.bytes.fetch_add(n_bytes, Ordering::Relaxed);
        let protocol = self.question.protocol;
        self.asking.metrics.given(protocol, n_rows, n_bytes);
        Ok(())
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

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;

    #[test]
    fn pieces_are_small_and_complete() {
        let numbers = Int64Array::from_iter_values(0..1_000_000);
        let batch = RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap();
        let sizes: Vec<usize> = pieces(&batch).map(|piece| piece.num_rows()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 1_000_000);
        assert!(
            sizes
                .iter()
                .all(|&n_rows| n_rows as u64 * 8 <= 2 * PIECE_BYTES)
        );
        assert_eq!(pieces(&batch.slice(0, 1)).count(), 1);
        assert_eq!(pieces(&batch.slice(0, 0)).count(), 0);
    }
}
