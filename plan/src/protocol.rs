//! What `engram` and its trainer processes say to each other: one JSON object a line.
//!
//! `engram` writes a [`Job`] to the trainer's standard input whenever the trainer is free. The end of that input means
//! stop: the trainer stores a checkpoint of the run it is in, and exits. The trainer writes [`Event`]s to its
//! standard output; its standard error is for people.

use engram_schemas::Status;
use serde::{Deserialize, Serialize};

use crate::{Observation, PlannedRun};

/// What a trainer is asked to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// To train a run, from its checkpoint where there is one.
    Train {
        /// The run.
        run: PlannedRun,
    },
    /// To observe a run's kept networks again.
    Observe {
        /// The run.
        run: PlannedRun,
        /// Under which conditions.
        observation: Observation,
    },
}

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
        /// Mean loss over the validation examples at the last observation.
        validation_loss: Option<f64>,
        /// Share of validation examples classified correctly at the last observation.
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
pub fn job_from_line(line: &str) -> serde_json::Result<Job> {
    serde_json::from_str(line)
}

/// Reads an event.
///
/// # Errors
/// When the line is no event.
pub fn event_from_line(line: &str) -> serde_json::Result<Event> {
    serde_json::from_str(line)
}
