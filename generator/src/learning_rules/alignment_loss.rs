//! Layer-local losses that turn a feedback kernel B toward the forward kernel W, and the rule that follows one.
//!
//! With x the layer's input, W x and B x the kernels applied to it, and B' the transpose of B, a loss is a sum of
//!
//! ```text
//! amp       = -mean over the batch of  sum (W x) * (B x)
//! null      =  mean over the batch of  || B' W x ||^2
//! sparse    =  mean over the batch of  || B x ||^2
//! symmetric = -sum W * B, which is -tr(B' W)
//! decay     =  || B ||^2
//! ```
//!
//! with a coefficient each, and only B follows its gradient. With y = W x it has a closed form that costs at most two
//! projections and one kernel gradient a layer: `amp` is linear in B; `null` is quadratic, and its gradient is twice
//! that of `sum (B r) * y` at the reconstruction r = B' y held fixed. Both are kernel gradients with the error y, at
//! inputs that add up:
//!
//! ```text
//! kernel_gradient(error: y, input: (2 null r - amp x) / batch)
//!     + kernel_gradient(error: 2 sparse B x / batch, input: x) - symmetric W + 2 decay B
//! ```
//!
//! The first layer's B carries no error to anybody and takes no loss.
//!
//! # References
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3 and table 1.

use std::collections::BTreeMap;

use engram_plan::learning_rule::{self, AlignmentOptimizer, LearnedFeedbackSteps};
use engram_plan::{Kernel, RunConfiguration};
use tch::{Kind, Tensor};

use super::LearningRule;
use super::descent::{Descent, gradients};
use crate::Result;
use crate::checkpoint::{as_part, part};
use crate::network::{Keep, Layer, LayerRecord, Network, Signal};
use crate::optimizer::{Adam, MomentumDescent, Optimizer, Penalty};
use crate::projection::{kernel_gradient, project, project_back};

/// The coefficients of an alignment loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// Of the amplification term.
    pub amp: f64,
    /// Of the null term.
    pub null: f64,
    /// Of the sparsity term.
    pub sparse: f64,
    /// Of the agreement with the forward kernel.
    pub symmetric: f64,
    /// Of the decay term.
    pub decay: f64,
}

/// The alignment loss of one layer as it is defined, a scalar.
///
/// # Shapes
/// `input` `[batch, ...]`, `sums` = W x `[batch, ...]`, `weight` and `feedback` of the shape of W.
pub fn alignment_loss(
    kernel: Kernel,
    input: &Tensor,
    sums: &Tensor,
    weight: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let forth = project(kernel, input, feedback, None);
    let back = project_back(kernel, sums, input, feedback);
    let none = None::<Kind>;
    (sums * &forth).sum(none) * (-coefficients.amp / batch)
        + back.square().sum(none) * (coefficients.null / batch)
        + forth.square().sum(none) * (coefficients.sparse / batch)
        + (weight * feedback).sum(none) * -coefficients.symmetric
        + feedback.square().sum(none) * coefficients.decay
}

/// The gradient of [`alignment_loss`] with respect to the feedback kernel.
pub fn alignment_gradient(
    kernel: Kernel,
    input: &Tensor,
    sums: &Tensor,
    weight: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let Coefficients {
        amp,
        null,
        sparse,
        symmetric,
        decay,
    } = coefficients;
    let mut gradient = feedback * (2.0 * decay);
    if amp != 0.0 || null != 0.0 {
        let mut at = input * (-amp / batch);
        if null != 0.0 {
            at += project_back(kernel, sums, input, feedback) * (2.0 * null / batch);
        }
        gradient += kernel_gradient(kernel, sums, &at, feedback);
    }
    if sparse != 0.0 {
        let error = project(kernel, input, feedback, None) * (2.0 * sparse / batch);
        gradient += kernel_gradient(kernel, &error, input, feedback);
    }
    if symmetric != 0.0 {
        gradient -= weight * symmetric;
    }
    gradient
}

/// A rule whose error travels through kernels that follow an alignment loss.
pub(super) struct LearnedFeedback {
    descent: Descent,
    coefficients: Coefficients,
    use_biases: bool,
    optimizer: Box<dyn Optimizer>,
    learning_rate: f64,
}

impl LearnedFeedback {
    pub(super) fn new(
        configuration: &RunConfiguration,
        steps: LearnedFeedbackSteps,
        coefficients: Coefficients,
    ) -> Self {
        Self {
            descent: Descent::with_momentum(configuration, steps.momentum, steps.nesterov),
            coefficients,
            use_biases: steps.use_biases,
            optimizer: match steps.alignment_optimizer {
                AlignmentOptimizer::Sgd => Box::new(MomentumDescent::new(steps.momentum, false)),
                AlignmentOptimizer::Adam => Box::new(Adam::new(learning_rule::Adam::default())),
            },
            learning_rate: configuration.feedback_learning_rate(),
        }
    }

    /// W x, with the bias where it takes part.
    fn sums(&self, layer: &Layer, record: &LayerRecord) -> Tensor {
        match &layer.bias {
            Some(bias) if !self.use_biases => {
                let mut shape = vec![1; record.sums.dim()];
                shape[1] = -1;
                &record.sums - bias.detach().view(shape.as_slice())
            }
            _ => record.sums.shallow_clone(),
        }
    }
}

/// The part of the feedback optimizer's state, beside the forward one's.
const FEEDBACK: &str = "feedback";

impl LearningRule for LearnedFeedback {
    fn signal(&self) -> Signal {
        Signal::Feedback
    }

    fn keep(&self) -> Keep {
        Keep::Records
    }

    /// Both sets of weights step from where they were in the pass.
    fn step(&mut self, network: &mut Network, loss: &Tensor, records: &[LayerRecord], factor: f64) {
        let aligned = || network.layers.iter().zip(records).skip(1);
        let feedbacks: Vec<&Tensor> = aligned()
            .filter_map(|(layer, _)| layer.feedback.as_ref())
            .collect();
        let alignment: Vec<Tensor> = tch::no_grad(|| {
            aligned()
                .zip(&feedbacks)
                .map(|((layer, record), feedback)| {
                    let sums = self.sums(layer, record);
                    let (kernel, weight) = (layer.spec.kernel, layer.kernel.detach());
                    let coefficients = self.coefficients;
                    alignment_gradient(
                        kernel,
                        &record.input,
                        &sums,
                        &weight,
                        feedback,
                        coefficients,
                    )
                })
                .collect()
        });
        self.descent.step(network, gradients(network, loss), factor);
        let rate = self.learning_rate * factor;
        self.optimizer
            .step(&feedbacks, &alignment, rate, Penalty::default());
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = self.descent.state();
        state.extend(as_part(FEEDBACK, self.optimizer.state()));
        state
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.descent.restore(state)?;
        self.optimizer.restore(&part(FEEDBACK, state))
    }
}
