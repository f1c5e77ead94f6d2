//! Requests to stop: Ctrl-C, SIGTERM, SIGUSR1.
//!
//! Schedulers send SIGTERM before they take a machine away, and Slurm sends what a job asks for, by custom SIGUSR1, some
//! time before its limit. The first request lets what is going on end well, as trainers that store checkpoints; a second one does not
//! wait for it.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::failure::{Failure, STOPPED};

/// Signals that follow the first within this time are the same request: a scheduler may send it to every process, and a
/// job's script pass it on beside.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// The code of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// Whether a stop was asked for, and by which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Not yet.
    No,
    /// Once: what is going on may end well.
    Leave(&'static str),
    /// Twice: at once.
    AtOnce(&'static str),
}

/// Listens from now on, as long as the receiver or a clone of it lives.
pub(crate) fn listen() -> anyhow::Result<watch::Receiver<Stop>> {
    let (sender, receiver) = watch::channel(Stop::No);
    // Made where it is listened, and told here whether it could be.
    beside(move || {
        let mut signals = Signals::new()?;
        Ok(async move {
            let first = signals.next().await;
            let _ = sender.send(Stop::Leave(first));
            let over = Instant::now() + SAME_REQUEST;
            while timeout_at(over, signals.next()).await.is_ok() {}
            let second = signals.next().await;
            let _ = sender.send(Stop::AtOnce(second));
            // Kept until the end: a dropped sender would read as a request that never comes.
            sender.closed().await;
        })
    })
    .context("cannot listen to signals")?;
    Ok(receiver)
}

/// Does what `begin` gives on a thread of its own: a query may keep all others busy, and must be stopped then too.
fn beside<F: Future<Output = ()>>(
    begin: impl FnOnce() -> std::io::Result<F> + Send + 'static,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (begun, whether) = std::sync::mpsc::channel();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                match begin() {
                    Ok(work) => {
                        let _ = begun.send(Ok(()));
                        work.await;
                    }
                    Err(error) => {
                        let _ = begun.send(Err(error));
                    }
                }
            });
        })?;
    whether.recv().map_err(std::io::Error::other)?
}

/// How long work that was told to end may take to come to where it can be dropped.
pub(crate) const LAST_WORK: Duration = Duration::from_secs(5);

/// Does the work. When a stop is asked for before it is done, it is dropped, and its temporary files with it. Where it computes and
/// does not come to where it can be dropped, the process ends soon after [`LAST_WORK`], with the same code, or at a second request.
///
/// # Errors
/// Those of the work, and [`Failure::Ended`].
pub(crate) async fn unless_asked<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let mut stop = listen()?;
    // Longer than what is waited for work on other threads, whose end is told.
    insist(stop.clone(), LAST_WORK + Duration::from_secs(1))?;
    tokio::select! {
        done = work => done,
        signal = asked(&mut stop) => Err(Failure::Ended(signal).into()),
    }
}

/// Ends the process when a stop is asked for a second time, or has been asked for so long.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn insist(mut stop: watch::Receiver<Stop>, patience: Duration) -> std::io::Result<()> {
    beside(move || {
        Ok(async move {
            asked(&mut stop).await;
            let code = match timeout(patience, asked_twice(&mut stop)).await {
                Ok(_) => INTERRUPTED,
                Err(_) => STOPPED.into(),
            };
            std::process::exit(code);
        })
    })
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
