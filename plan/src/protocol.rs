//! What `engram` and its trainer processes say to each other: one JSON object a line.
//!
//! `engram` writes a [`PlannedRun`] to the trainer's standard input whenever the trainer is free. The end of that input
//! means stop: the trainer leaves the run it is in, writes nothing of it, and exits. The trainer writes [`Event`]s to its
//! standard output; its standard error is for people.

use engram_schemas::Status;
use serde::{Deserialize, Serialize};

use crate::PlannedRun;

/// What a trainer reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The trainer has started and takes runs.
    Ready {
        /// The device that it trains on.
        device: String,
    },
    /// An epoch was trained.
    Epoch {
        /// The run.
        run_id: String,
        /// Epochs trained so far.
        epoch: usize,
    },
    /// A run's trajectories are in the store.
    Finished {
        /// The run.
        run_id: String,
        /// How it ended.
        status: Status,
        /// Share of validation examples classified correctly at the last checkpoint.
        validation_accuracy: Option<f64>,
        /// Wall time.
        elapsed_seconds: f64,
    },
    /// A run could not be trained or written; nothing of it is in the store.
    Failed {
        /// The run.
        run_id: String,
        /// What happened, causes included.
        message: String,
    },
}

/// One line of the protocol, with its end.
///
/// # Errors
/// When the message has no form in JSON, which none of the protocol's lacks.
pub fn to_line<T: Serialize>(message: &T) -> serde_json::Result<String> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    Ok(line)
}

/// Reads what [`to_line`] wrote.
///
/// # Errors
/// When the line is not the message that is expected.
pub fn run_from_line(line: &str) -> serde_json::Result<PlannedRun> {
    serde_json::from_str(line)
}

/// Reads an event.
///
/// # Errors
/// When the line is no event.
pub fn event_from_line(line: &str) -> serde_json::Result<Event> {
    serde_json::from_str(line)
}
