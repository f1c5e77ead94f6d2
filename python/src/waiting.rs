//! How Python waits for work that is done elsewhere.
//!
//! Work runs on the threads of one runtime, which all datasets of the process share. The thread that waits leaves Python's lock
//! to others, and looks up now and then whether a signal came in: an exception that its handler raises, as Ctrl-C does, ends
//! the wait, and with it the work.
//!
//! A runtime's threads are not there in a fork of the process. Waiting for them would not end, so that it is refused.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{JoinError, JoinHandle};

use crate::errors;

/// How long a wait lasts before signals are looked for.
const GLANCE: Duration = Duration::from_millis(50);

/// Room for planning deeply nested queries, as a program's main thread has it.
const STACK_BYTES: usize = 8 << 20;

/// The runtime, and the process that its threads are of.
struct Shared {
    runtime: Runtime,
    process: u32,
}

/// The runtime that all datasets share.
///
/// # Errors
/// When the system gives no threads, and in a fork of a process that has used it.
pub(crate) fn runtime() -> PyResult<&'static Runtime> {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    let shared = match SHARED.get() {
        Some(shared) => shared,
        None => {
            let runtime = Builder::new_multi_thread()
                .thread_name("engram")
                .thread_stack_size(STACK_BYTES)
                .enable_all()
                .build()?;
            let process = std::process::id();
            SHARED.get_or_init(|| Shared { runtime, process })
        }
    };
    match shared.process == std::process::id() {
        true => Ok(&shared.runtime),
        false => Err(errors::forked()),
    }
}

/// Work that ends when nobody waits for it any more.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    /// Begins it.
    pub(crate) fn of(runtime: &Runtime, work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(runtime.spawn(work))
    }

    /// Its end.
    pub(crate) async fn end(&mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for a moment; nothing when `coming` has not come in it.
pub(crate) fn glance<T>(runtime: &Runtime, coming: impl Future<Output = T>) -> Option<T> {
    runtime.block_on(async { tokio::time::timeout(GLANCE, coming).await.ok() })
}

/// Does the work, and waits for it.
///
/// # Errors
/// What a signal's handler raises, and an error of ours when the work ends in a panic.
pub(crate) fn wait<T: Send + 'static>(
    py: Python<'_>,
    work: impl Future<Output = T> + Send + 'static,
) -> PyResult<T> {
    wait_and_tell(py, |_: UnboundedSender<()>| work, |()| Ok(()))
}

/// As [`wait`], and calls `tell` with everything that the work sends on its way.
///
/// # Errors
/// As [`wait`], and what `tell` raises; both end the work.
pub(crate) fn wait_and_tell<T, P, W>(
    py: Python<'_>,
    work: impl FnOnce(UnboundedSender<P>) -> W,
    mut tell: impl FnMut(P) -> PyResult<()>,
) -> PyResult<T>
where
    T: Send + 'static,
    P: Send,
    W: Future<Output = T> + Send + 'static,
{
    enum News<T, P> {
        OnTheWay(P),
        End(Result<T, JoinError>),
    }
    let runtime = runtime()?;
    let (sender, mut sent) = unbounded_channel();
    let mut task = Task::of(runtime, work(sender));
    loop {
        let news = py.detach(|| {
            glance(runtime, async {
                tokio::select! {
                    biased;
                    Some(message) = sent.recv() => News::OnTheWay(message),
                    end = task.end() => News::End(end),
                }
            })
        });
        match news {
            Some(News::OnTheWay(message)) => tell(message)?,
            Some(News::End(end)) => {
                // What it sent last may have come after the channel was looked at.
                while let Ok(message) = sent.try_recv() {
                    tell(message)?;
                }
                return end.map_err(|error| errors::died(&error));
            }
            None => {}
        }
        py.check_signals()?;
    }
}
