//! From a sweep file to the list of runs to train, and what is known of a network and its task before it is trained.
//!
//! Nothing here needs tensors, so that the `engram` command can check, list and hand out work without loading libtorch.
//!
//! * [`SweepFile`] is what a user writes, [`Plan`] what it expands to, [`RunConfiguration`] everything one run follows
//!   from: its hash is the run's name.
//! * [`learning_rule`] has the rules' settings, [`architectures`] the layers of every architecture, [`tasks`] the
//!   inputs and classes of every task.
//! * [`trainer`] finds the executable that trains, [`protocol`] is what `engram` and its trainer processes say to each other.
//!
//! How a rule changes weights, or how a layer is computed, is the generator's.

pub mod architectures;
mod error;
pub mod learning_rule;
mod observation;
pub mod protocol;
mod run;
mod schedule;
mod sweep;
pub mod tasks;
pub mod trainer;
pub mod tuning;

pub use architectures::{Kernel, LayerSpec};
pub use error::{Error, Result};
pub use learning_rule::LearningRuleSettings;
pub use observation::{Observation, ObservationCondition, ObservationGrid};
pub use run::{Initialization, PlannedRun, RunConfiguration};
pub use schedule::{Decay, Lars, Schedule};
pub use sweep::{BASE_BATCH_SIZE, BaseRate, Network, Plan, SweepFile};
pub use tasks::{Augmentation, SpeechLabel, TaskSettings};
