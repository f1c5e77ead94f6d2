//! Whose turn it is: so many queries are planned and so many run at a time, the others wait in the order in which they came, and
//! neither their number nor their patience is without bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::ServerLimits;
use crate::{Error, Result};

pub(crate) struct Admission {
    running: Queue,
    planning: Queue,
    standing_by: Places,
}

/// Those that may do something, and those that wait for it.
struct Queue {
    turns: Arc<Semaphore>,
    n_turns: usize,
    waiting: Places,
    patience: Duration,
}

/// So many places and no more.
struct Places {
    taken: AtomicUsize,
    most: usize,
}

/// The right to do something, as long as it is kept.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "it acts when it is dropped")] OwnedSemaphorePermit,
);

impl Admission {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        Self {
            running: Queue::new(limits, limits.running),
            // As many more, for what is only to be known of a statement, and for queries that have ended while they were planned.
            planning: Queue::new(limits, limits.running.saturating_mul(2)),
            standing_by: Places::new(limits.waiting.max(limits.running)),
        }
    }

    /// Waits for the turn of a query to run; whoever stops waiting gives its place up.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already, and [`Error::Waited`] when it took too long.
    pub(crate) async fn turn(&self, gauge: &Gauge) -> Result<Turn> {
        self.running.turn(gauge).await
    }

    /// Waits for the turn of a statement to be planned, as [`Self::turn`] does.
    ///
    /// # Errors
    /// Those of [`Self::turn`].
    pub(crate) async fn turn_to_plan(&self, gauge: &Gauge) -> Result<Turn> {
        self.planning.turn(gauge).await
    }

    /// Waits for a turn again, for a query that gave its own back; however long, for it has been let in. A server that lets
    /// nobody in any more lets it go on without.
    pub(crate) async fn turn_again(&self) -> Option<Turn> {
        let turn = Arc::clone(&self.running.turns).acquire_owned().await;
        turn.ok().map(Turn)
    }

    /// A place for a query whose client does not take what it is given, if there is one left. It is none among those that wait
    /// for their first turn: clients that read nothing do not keep others from asking.
    pub(crate) fn stand_by<'a>(&'a self, gauge: &'a Gauge) -> Option<Place<'a>> {
        self.standing_by.take(gauge)
    }

    /// Lets nobody in any more, those that wait among them.
    pub(crate) fn close(&self) {
        self.running.turns.close();
        self.planning.turns.close();
    }
}

impl Queue {
    fn new(limits: &ServerLimits, n_turns: usize) -> Self {
        let n_turns = n_turns.min(Semaphore::MAX_PERMITS);
        Self {
            turns: Arc::new(Semaphore::new(n_turns)),
            n_turns,
            waiting: Places::new(limits.waiting),
            patience: limits.patience,
        }
    }

    async fn turn(&self, gauge: &Gauge) -> Result<Turn> {
        // One that is free while others wait is theirs: the semaphore hands it to the first of them.
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        if self.turns.is_closed() {
            return Err(Error::Closing);
        }
        let place = self.waiting.take(gauge).ok_or(Error::Busy {
            running: self.n_turns,
            waiting: self.waiting.most,
        })?;
        let turn =
            tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        drop(place);
        match turn {
            Ok(Ok(turn)) => Ok(Turn(turn)),
            Ok(Err(_closed)) => Err(Error::Closing),
            Err(_elapsed) => Err(Error::Waited {
                waited: self.patience,
            }),
        }
    }
}

impl Places {
    const fn new(most: usize) -> Self {
        let taken = AtomicUsize::new(0);
        Self { taken, most }
    }

    fn take<'a>(&'a self, gauge: &'a Gauge) -> Option<Place<'a>> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        let took = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        took.ok().map(|_| {
            gauge.inc();
            Place(&self.taken, gauge)
        })
    }
}

/// A place that is taken, as long as it is kept.
pub(crate) struct Place<'a>(&'a AtomicUsize, &'a Gauge);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
        self.1.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(running: usize, waiting: usize, patience: Duration) -> Admission {
        Admission::new(&ServerLimits {
            running,
            waiting,
            patience,
            ..ServerLimits::default()
        })
    }

    #[tokio::test]
    async fn the_queue_is_bounded_in_length_and_time() {
        let gauge = Gauge::default();
        let admission = admission(1, 1, Duration::from_millis(50));
        let first = admission.turn(&gauge).await.unwrap();
        let second = admission.turn(&gauge);
        tokio::pin!(second);
        assert!(futures::poll!(&mut second).is_pending());
        assert_eq!(gauge.get(), 1);
        let third = admission.turn(&gauge).await;
        assert!(matches!(
            third,
            Err(Error::Busy {
                running: 1,
                waiting: 1
            })
        ));
        assert!(matches!(second.await, Err(Error::Waited { .. })));
        assert_eq!(gauge.get(), 0);
        drop(first);
        admission.turn(&gauge).await.unwrap();
    }

    #[tokio::test]
    async fn clients_that_read_nothing_take_no_place_of_those_that_ask() {
        let (waiting, standing) = (Gauge::default(), Gauge::default());
        let admission = admission(1, 1, Duration::from_secs(10));
        let first = admission.turn(&waiting).await.unwrap();
        let _silent = admission.stand_by(&standing).unwrap();
        assert!(
            admission.stand_by(&standing).is_none(),
            "places are bounded"
        );
        assert_eq!(standing.get(), 1);
        let next = admission.turn(&waiting);
        tokio::pin!(next);
        assert!(futures::poll!(&mut next).is_pending());
        drop(first);
        next.await.unwrap();
    }

    #[tokio::test]
    async fn turns_come_in_order_and_end_with_the_server() {
        let gauge = Gauge::default();
        let admission = admission(1, 8, Duration::from_secs(10));
        let first = admission.turn(&gauge).await.unwrap();
        let (second, third) = (admission.turn(&gauge), admission.turn(&gauge));
        tokio::pin!(second, third);
        assert!(futures::poll!(&mut second).is_pending());
        assert!(futures::poll!(&mut third).is_pending());
        drop(first);
        assert!(futures::poll!(&mut third).is_pending(), "it came last");
        let _second = second.await.unwrap();
        admission.close();
        assert!(matches!(third.await, Err(Error::Closing)));
    }
}
