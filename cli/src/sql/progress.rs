//! What a terminal shows while an answer is waited for: elapsed time, and the answer's rows so far.
//!
//! It appears on standard error once a query takes longer than people wait without a sign. It goes before rows are printed to
//! the same terminal; where they go to a file or a program, it stays until the last. There is no fraction of what is done:
//! how much a query reads is known beforehand, but not how long it works on what it has read. Nothing is shown where
//! standard error is no terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How long a query may take before anything is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long each picture stands.
const TICK: Duration = Duration::from_millis(100);

/// The progress of one answer after the other.
pub(super) struct Progress {
    shown: Mutex<State>,
}

enum State {
    Idle,
    /// A query is waited for.
    Waiting(Waiting),
    /// Nobody waits any more; what still runs is to show nothing.
    Closed,
}

struct Waiting {
    bar: ProgressBar,
    /// Dropped when the wait ends.
    end: Sender<()>,
    /// A thread of its own: a query that computes without a pause would hold up one of the runtime's.
    thread: JoinHandle<()>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            shown: Mutex::new(State::Idle),
        }
    }

    /// Waits for an answer from now on.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        if matches!(*state, State::Idle) && io::stderr().is_terminal() {
            *state = State::Waiting(Waiting::begin());
        }
    }

    /// Counts rows of the answer.
    pub(super) fn add_rows(&self, n_rows: usize) {
        if let State::Waiting(waiting) = &*self.state() {
            waiting.bar.inc(n_rows as u64);
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn end(&self) {
        self.rest_as(State::Idle);
    }

    /// Leaves the terminal as it was, for good.
    pub(super) fn close(&self) {
        self.rest_as(State::Closed);
    }

    fn rest_as(&self, next: State) {
        let mut state = self.state();
        if matches!(*state, State::Closed) {
            return;
        }
        if let State::Waiting(waiting) = std::mem::replace(&mut *state, next) {
            waiting.end();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

impl Waiting {
    fn begin() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        // A template that does not parse leaves indicatif's own style.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {waited}") {
            let waited = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                let _ = text.write_str(&waited(state.elapsed(), state.pos()));
            };
            bar.set_style(style.with_key("waited", waited));
        }
        let (end, ended) = mpsc::channel();
        let shown = bar.clone();
        let thread = thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    shown.tick();
                }
            }
        });
        Self { bar, end, thread }
    }

    fn end(self) {
        drop(self.end);
        // It has nothing to panic about, and nothing to give back.
        let _ = self.thread.join();
        self.bar.finish_and_clear();
    }
}

fn waited(elapsed: Duration, n_rows: u64) -> String {
    let seconds = elapsed.as_secs_f64();
    match n_rows {
        0 => format!("{seconds:.1} s"),
        1 => format!("{seconds:.1} s, 1 row"),
        n => format!("{seconds:.1} s, {} rows", HumanCount(n)),
    }
}

/// A terminal that answers are printed to, from which progress is gone before they are.
pub(super) struct Cleared<W> {
    pub(super) terminal: W,
    pub(super) progress: std::sync::Arc<Progress>,
}

impl<W: Write> Write for Cleared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.progress.end();
        self.terminal.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_once_there_are_some() {
        let second = Duration::from_millis(1_234);
        assert_eq!(waited(second, 0), "1.2 s");
        assert_eq!(waited(second, 1), "1.2 s, 1 row");
        assert_eq!(waited(second, 12_345), "1.2 s, 12,345 rows");
    }

    #[test]
    fn a_wait_ends_at_once_and_once() {
        let waiting = Waiting::begin();
        let begun = std::time::Instant::now();
        waiting.bar.inc(3);
        waiting.end();
        assert!(begun.elapsed() < PATIENCE);
        let progress = Progress::new();
        progress.begin();
        progress.close();
        progress.begin();
        assert!(matches!(*progress.state(), State::Closed));
    }
}
