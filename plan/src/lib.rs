//! From a sweep file to the list of runs to train, and what is known of a network and its task before it is trained.
//!
//! Nothing here needs tensors, so that the `engram` command can check, list and hand out work without loading libtorch.
//!
//! * [`SweepFile`] is what a user writes, [`Plan`] what it expands to, [`RunConfiguration`] everything one run follows
//!   from: its hash is the run's name.
//! * [`learning_rule`] has the rules' settings, [`architectures`] the layers of every architecture, [`tasks`] the
//!   inputs and classes of every task.
//! * [`protocol`] is what `engram` and its trainer processes say to each other.
//!
//! How a rule changes weights, or how a layer is computed, is the generator's.

pub mod architectures;
mod error;
pub mod learning_rule;
pub mod protocol;
mod run;
mod sweep;
pub mod tasks;

pub use architectures::{Kernel, LayerSpec};
pub use error::{Error, Result};
pub use learning_rule::LearningRuleSettings;
pub use run::{Initialization, ObservationCondition, PlannedRun, RunConfiguration};
pub use sweep::{BASE_BATCH_SIZE, Network, Plan, SweepFile};
pub use tasks::TaskSettings;
