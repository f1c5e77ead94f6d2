//! Requests to stop: Ctrl-C, SIGTERM, SIGUSR1.
//!
//! Schedulers send SIGTERM before they take a machine away, and Slurm sends what a job asks for, by custom SIGUSR1, some
//! time before its limit. The first request lets the trainers store checkpoints; a second one does not wait for them.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Signals that follow the first within this time are the same request: a scheduler may send it to every process, and a
/// job's script pass it on beside.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// Whether a stop was asked for, and by which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Not yet.
    No,
    /// Once: checkpoints are to be stored.
    Leave(&'static str),
    /// Twice: at once.
    AtOnce(&'static str),
}

/// Listens from now on, as long as the receiver or a clone of it lives.
pub(crate) fn listen() -> anyhow::Result<watch::Receiver<Stop>> {
    let (sender, receiver) = watch::channel(Stop::No);
    let mut signals = Signals::new().context("cannot listen to signals")?;
    tokio::spawn(async move {
        let first = signals.next().await;
        let _ = sender.send(Stop::Leave(first));
        let over = Instant::now() + SAME_REQUEST;
        while timeout_at(over, signals.next()).await.is_ok() {}
        let second = signals.next().await;
        let _ = sender.send(Stop::AtOnce(second));
        // Kept until the end: a dropped sender would read as a request that never comes.
        sender.closed().await;
    });
    Ok(receiver)
}

/// Returns when a stop is asked for, with the signal's name.
pub(crate) async fn asked(stop: &mut watch::Receiver<Stop>) -> &'static str {
    let name = |stop: Stop| match stop {
        Stop::No => None,
        Stop::Leave(name) | Stop::AtOnce(name) => Some(name),
    };
    first(stop, name).await
}

/// Returns when a stop is asked for a second time, with the signal's name.
pub(crate) async fn asked_twice(stop: &mut watch::Receiver<Stop>) -> &'static str {
    let name = |stop: Stop| match stop {
        Stop::AtOnce(name) => Some(name),
        Stop::No | Stop::Leave(_) => None,
    };
    first(stop, name).await
}

/// The first name that `name` finds.
async fn first(
    stop: &mut watch::Receiver<Stop>,
    name: impl Fn(Stop) -> Option<&'static str>,
) -> &'static str {
    loop {
        // Copied, for the value is locked while it is borrowed.
        let now = *stop.borrow_and_update();
        if let Some(name) = name(now) {
            return name;
        }
        if stop.changed().await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    user: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "Ctrl-C",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.user.recv() => "SIGUSR1",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    }
}
