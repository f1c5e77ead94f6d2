//! The memory of one query among others: a limit of its own, within the one that all share.

use std::fmt;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

use super::memory_pool::LimitedPool;

/// A pool that takes what it gives from another one.
#[derive(Debug)]
pub(super) struct QueryPool {
    own: LimitedPool,
    shared: Arc<dyn MemoryPool>,
}

impl QueryPool {
    pub(super) fn new(limit: usize, shared: Arc<dyn MemoryPool>) -> Self {
        Self {
            own: LimitedPool::new(limit),
            shared,
        }
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own.register(consumer);
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own.unregister(consumer);
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.shared.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, less: usize) {
        self.own.shrink(reservation, less);
        self.shared.shrink(reservation, less);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.own.try_grow(reservation, additional)?;
        self.shared
            .try_grow(reservation, additional)
            .inspect_err(|_| self.own.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "query({} of {})", self.own, self.shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_hold_and_a_refusal_leaves_no_trace() {
        let shared: Arc<dyn MemoryPool> = Arc::new(LimitedPool::new(1000));
        let own: Arc<dyn MemoryPool> = Arc::new(QueryPool::new(400, Arc::clone(&shared)));
        let query = MemoryConsumer::new("Join").register(&own);
        let other = MemoryConsumer::new("Join").register(&shared);
        assert!(query.try_grow(401).is_err(), "its own limit");
        query.try_grow(300).unwrap();
        other.try_grow(650).unwrap();
        assert!(query.try_grow(100).is_err(), "the shared limit");
        assert_eq!((own.reserved(), shared.reserved()), (300, 950));
        drop((query, other));
        assert_eq!((own.reserved(), shared.reserved()), (0, 0));
    }
}
