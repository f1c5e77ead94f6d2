//! The memory that the operators of all queries share under a limit.
//!
//! Of DataFusion's own pools, the one that serves whoever comes first lets one partition starve the other: an operator that
//! spilled everything still needs a batch or two to merge what it spilled, and fails. The one that gives even shares leaves
//! nothing to operators that cannot spill. Here half of the limit goes to whoever comes first; a quarter is kept in even
//! shares for operators that can do with less, so that each can go on; the rest is left to those that cannot.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// The operator that merges a sort's files. It does not spill, but opens as many files at a time as it gets memory for. What
/// each takes is an estimate, so that it asks for a little more when all are open, and then cannot do with less.
const MERGE_OF_SORT: &str = "ExternalSorterMerge";

/// How many files a merge opens at most. A further one takes more of what the others took than its inverse.
pub(super) const FILES_OF_A_MERGE: usize = 8;

/// A pool with a limit.
#[derive(Debug)]
pub(super) struct LimitedPool {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    /// Operators that can do with less.
    n_elastic: usize,
}

impl LimitedPool {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn merges(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(MERGE_OF_SORT)
}

fn is_elastic(consumer: &MemoryConsumer) -> bool {
    consumer.can_spill() || merges(consumer)
}

impl MemoryPool for LimitedPool {
    fn name(&self) -> &str {
        "limited"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.state().n_elastic += usize::from(is_elastic(consumer));
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.state().n_elastic -= usize::from(is_elastic(consumer));
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.state().used += additional;
    }

    fn shrink(&self, _: &MemoryReservation, less: usize) {
        self.state().used -= less;
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut state = self.state();
        let consumer = reservation.consumer();
        let used = state.used.saturating_add(additional);
        let held = reservation.size().saturating_add(additional);
        let share = self.limit / 4 / state.n_elastic.max(1);
        let is_rest_of_estimate =
            merges(consumer) && additional <= reservation.size() / FILES_OF_A_MERGE;
        let may_take_the_last = !is_elastic(consumer) || held <= share || is_rest_of_estimate;
        let is_allowed = used <= self.limit / 2 || (used <= self.limit && may_take_the_last);
        if is_allowed {
            state.used = used;
            return Ok(());
        }
        Err(DataFusionError::ResourcesExhausted(format!(
            "`{}` holds {} and asks for {}, while {} of {} are in use",
            consumer.name(),
            human_readable_size(reservation.size()),
            human_readable_size(additional),
            human_readable_size(state.used),
            human_readable_size(self.limit),
        )))
    }

    fn reserved(&self) -> usize {
        self.state().used
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

impl fmt::Display for LimitedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = human_readable_size(self.reserved());
        let limit = human_readable_size(self.limit);
        write!(f, "limited(used: {used}, limit: {limit})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn reservation(pool: &Arc<dyn MemoryPool>, name: &str, can_spill: bool) -> MemoryReservation {
        MemoryConsumer::new(name)
            .with_can_spill(can_spill)
            .register(pool)
    }

    #[test]
    fn each_operator_that_can_spill_keeps_a_share() {
        let pool: Arc<dyn MemoryPool> = Arc::new(LimitedPool::new(800));
        let first = reservation(&pool, "Sort", true);
        let second = reservation(&pool, "Sort", true);
        first.try_grow(400).unwrap();
        assert!(
            first.try_grow(1).is_err(),
            "half is for whoever comes first"
        );
        second.try_grow(100).unwrap();
        assert!(second.try_grow(1).is_err(), "a share is a quarter of two");
        let third = reservation(&pool, "ExternalSorterMerge[0]", false);
        third.try_grow(64).unwrap();
        assert!(
            third.try_grow(9).is_err(),
            "a share is a third of a quarter"
        );
        third.try_grow(8).unwrap();
        drop(first);
        second.try_grow(200).unwrap();
        drop((second, third));
        assert_eq!(pool.reserved(), 0);
    }

    #[test]
    fn an_operator_that_cannot_spill_may_have_what_is_left() {
        let pool: Arc<dyn MemoryPool> = Arc::new(LimitedPool::new(800));
        let sort = reservation(&pool, "Sort", true);
        let join = reservation(&pool, "Join", false);
        sort.try_grow(400).unwrap();
        join.try_grow(400).unwrap();
        let error = join.try_grow(1).unwrap_err();
        assert!(
            matches!(error, DataFusionError::ResourcesExhausted(_)),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .contains("`Join` holds 400.0 B and asks for 1.0 B"),
            "{error}"
        );
    }
}
