//! Where a session computes what is no query: fits take every thread for a while, and on a worker of the async runtime they
//! would hold up its input and output.

use std::num::NonZeroUsize;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Session;
use crate::{Error, Result};

/// The threads of a session: its own, or those that all sessions share, one a core.
pub(super) struct Computing(Option<Arc<ThreadPool>>);

impl Computing {
    /// So many threads, or the shared ones.
    ///
    /// # Errors
    /// [`Error::Threads`] when the system gives none.
    pub(super) fn with(n_threads: Option<NonZeroUsize>) -> Result<Self> {
        let Some(n_threads) = n_threads.map(NonZeroUsize::get) else {
            return Ok(Self(None));
        };
        let pool = ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .map_err(|source| Error::Threads { n_threads, source })?;
        Ok(Self(Some(Arc::new(pool))))
    }
}

impl Session {
    /// Runs `compute` on the session's threads; `doing` says in an error what it was.
    ///
    /// # Errors
    /// [`Error::Computation`] when it ends in a panic.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        doing: &'static str,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let pool = self.computing.0.clone();
        tokio::task::spawn_blocking(move || match pool {
            Some(pool) => pool.install(compute),
            None => compute(),
        })
        .await
        .map_err(|source| Error::Computation { doing, source })
    }
}
