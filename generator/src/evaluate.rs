//! How well a network does on the validation examples.

use tch::Kind;

use crate::Result;
use crate::examples::Data;
use crate::network::{Keep, Mode, Network, Signal};
use crate::objective::Objective;

/// How well a network does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean loss over the validation examples.
    pub loss: f64,
    /// Share of the validation examples that are classified correctly; nothing for a task without classes.
    pub accuracy: Option<f64>,
}

/// Examples that go through the network at once.
const AT_ONCE: usize = 256;

/// Evaluates `network` on the validation examples of `data`.
///
/// # Errors
/// When an example cannot be read.
pub(crate) fn evaluate(network: &Network, data: &Data, objective: Objective) -> Result<Evaluation> {
    tch::no_grad(|| {
        let (mut loss, mut correct, mut n) = (0.0, Some(0), 0);
        for examples in data.evaluation(AT_ONCE)? {
            let examples = examples?;
            let (mode, signal) = (Mode::Evaluate, Signal::Forward);
            let (outputs, _) = network.forward(&examples.inputs, mode, signal, Keep::Nothing);
            // In double precision, so that the sum hangs on no batch.
            let mean = objective.loss(&outputs.to_kind(Kind::Double), &examples.labels);
            loss += mean.double_value(&[]) * examples.len() as f64;
            correct = correct
                .zip(objective.n_correct(&outputs, &examples.labels))
                .map(|(so_far, here)| so_far + here);
            n += examples.len();
        }
        Ok(Evaluation {
            loss: loss / n as f64,
            accuracy: correct.map(|correct| correct as f64 / n as f64),
        })
    })
}
