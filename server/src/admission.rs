//! Whose turn it is: so many queries run at a time, the others wait in the order in which they came, and neither their number
//! nor their patience is without bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::ServerLimits;
use crate::{Error, Result};

pub(crate) struct Admission {
    turns: Arc<Semaphore>,
    n_turns: usize,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
}

/// The right to run, as long as it is kept.
pub(crate) struct Turn(
    #[expect(dead_code, reason = "it acts when it is dropped")] OwnedSemaphorePermit,
);

impl Admission {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        let n_turns = limits.running.min(Semaphore::MAX_PERMITS);
        Self {
            turns: Arc::new(Semaphore::new(n_turns)),
            n_turns,
            waiting: AtomicUsize::new(0),
            most_waiting: limits.waiting,
            patience: limits.patience,
        }
    }

    /// Waits for a turn; whoever stops waiting gives its place up.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already, and [`Error::Waited`] when it took too long.
    pub(crate) async fn turn(&self, gauge: &Gauge) -> Result<Turn> {
        // One that is free while others wait is theirs: the semaphore hands it to the first of them.
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let place = Place::take(self, gauge)?;
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

    /// Waits for a turn again, for a query that gave its own back; however long, for it has been let in. A server that lets
    /// nobody in any more lets it go on without.
    pub(crate) async fn turn_again(&self) -> Option<Turn> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.ok().map(Turn)
    }

    /// A place among those that wait, for a query whose client does not take what it is given.
    pub(crate) fn stand_by<'a>(&'a self, gauge: &'a Gauge) -> Place<'a> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        gauge.inc();
        Place(&self.waiting, gauge)
    }

    /// Lets nobody in any more, those that wait among them.
    pub(crate) fn close(&self) {
        self.turns.close();
    }
}

/// A place among those that wait.
pub(crate) struct Place<'a>(&'a AtomicUsize, &'a Gauge);

impl<'a> Place<'a> {
    fn take(admission: &'a Admission, gauge: &'a Gauge) -> Result<Self> {
        if admission.turns.is_closed() {
            return Err(Error::Closing);
        }
        let place = admission.stand_by(gauge);
        let waiting = admission.waiting.load(Ordering::Relaxed) - 1;
        if waiting >= admission.most_waiting {
            return Err(Error::Busy {
                running: admission.n_turns,
                waiting,
            });
        }
        Ok(place)
    }
}

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
