//! What both sides of an export know of each other: how much is written, whether to stop, and what went wrong first.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Error;

/// Shared by the thread that writes and the task that feeds it.
#[derive(Debug, Default)]
pub(crate) struct Account {
    n_bytes: AtomicU64,
    n_files: AtomicU64,
    is_stopped: AtomicBool,
    has_failed: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Account {
    pub(crate) fn add_bytes(&self, n_bytes: u64) {
        self.n_bytes.fetch_add(n_bytes, Ordering::Relaxed);
    }

    pub(crate) fn n_bytes(&self) -> u64 {
        self.n_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn add_file(&self) {
        self.n_files.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn n_files(&self) -> u64 {
        self.n_files.load(Ordering::Relaxed)
    }

    /// Asks the writer to stop at its next byte.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Keeps what went wrong first. Formats wrap the failures of their outputs in errors of their own, each in its way;
    /// what is kept here goes before what they say.
    pub(crate) fn fail(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.has_failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// What went wrong first, or `error`.
    pub(crate) fn failure_or(&self, error: Error) -> Error {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().unwrap_or(error)
    }
}
