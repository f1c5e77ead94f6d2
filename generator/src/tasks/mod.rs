//! The inputs of every task as tensors, and what the loss of its outputs is. One file a task.

mod digits;

use engram_plan::RunConfiguration;
use engram_schemas::Task;
use tch::{Device, Kind, Tensor};

use crate::{Error, Result};

/// Labelled examples on a device.
#[derive(Debug)]
pub(crate) struct Examples {
    /// `[n, channels, height, width]`, float.
    pub(crate) inputs: Tensor,
    /// `[n]`, class indices.
    pub(crate) labels: Tensor,
}

impl Examples {
    /// Number of examples.
    pub(crate) fn len(&self) -> usize {
        self.labels.size()[0] as usize
    }

    /// The examples at `indices`, in that order.
    pub(crate) fn select(&self, indices: &[i64]) -> Self {
        let indices = Tensor::from_slice(indices).to_device(self.labels.device());
        Self {
            inputs: self.inputs.index_select(0, &indices),
            labels: self.labels.index_select(0, &indices),
        }
    }

    /// The examples from `start`, at most `length` of them.
    pub(crate) fn narrow(&self, start: usize, length: usize) -> Self {
        let length = length.min(self.len() - start) as i64;
        let start = start as i64;
        Self {
            inputs: self.inputs.narrow(0, start, length),
            labels: self.labels.narrow(0, start, length),
        }
    }
}

/// A task's two sets of examples.
#[derive(Debug)]
pub(crate) struct Dataset {
    /// To train on.
    pub(crate) train: Examples,
    /// Held out: what the network is evaluated and observed with.
    pub(crate) validation: Examples,
}

/// Loads the examples of a run's task.
///
/// # Errors
/// [`Error::UnknownTask`] when the generator has no inputs for it.
pub(crate) fn load(configuration: &RunConfiguration, device: Device) -> Result<Dataset> {
    match configuration.task.name {
        Task::Digits => Ok(digits::load(configuration, device)),
        task => Err(Error::UnknownTask(task)),
    }
}

/// Mean cross-entropy of `outputs` `[n, classes]`.
pub(crate) fn loss(outputs: &Tensor, labels: &Tensor) -> Tensor {
    outputs.cross_entropy_for_logits(labels)
}

/// Number of examples whose largest output is the right one.
pub(crate) fn n_correct(outputs: &Tensor, labels: &Tensor) -> i64 {
    outputs
        .argmax(1, false)
        .eq_tensor(labels)
        .sum(Kind::Int64)
        .int64_value(&[])
}
