//! Trains networks under different learning rules and observes them.
//!
//! A [`Network`](network::Network) is a list of weighted layers in declared order, each with a forward and, where the
//! rule wants one, a feedback kernel. A [learning rule](learning_rules) decides what carries the error down, how the
//! feedback changes, and which optimizer steps the forward weights; libtorch's autograd does the rest. At a checkpoint
//! the layers are [observed](observe) over the validation stimuli; the rows of a run become one
//! [Parquet file](mod@write).
//!
//! Compute is synchronous and runs on a thread that owns its tensors; only [`mod@write`] is asynchronous. Operations on
//! tensors panic when libtorch refuses them, which a correct network does not provoke: [`run::train_on_thread`] turns
//! such a panic into an error of the one run.
//!
//! What is trained, and under which name, is decided in `engram-plan`.

pub mod alignment;
mod architectures;
pub mod checkpoint;
pub mod device;
mod dropout;
mod error;
pub mod evaluate;
pub mod examples;
mod initialization;
pub mod learning_rules;
mod native;
pub mod network;
mod normalization;
pub mod objective;
pub mod observe;
pub mod optimizer;
mod pooling;
pub mod projection;
pub mod reobserve;
pub mod run;
pub mod store;
#[cfg(test)]
mod testing;
pub mod trajectory;
pub mod write;

pub use error::{Error, Result};
pub use native::prepare_process;
