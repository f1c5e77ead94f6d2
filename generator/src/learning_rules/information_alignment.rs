//! Information alignment: the error travels through kernels B that a layer-local loss turns toward W.
//!
//! With x the layer's input, W x and B x the kernels applied to it, and B' the transpose of B, the loss of a layer is
//!
//! ```text
//! alpha * amp + beta * null + gamma * decay
//! amp   = -mean over the batch of  sum (W x) * (B x)
//! null  =  mean over the batch of  || B' W x ||^2
//! decay = || B ||^2
//! ```
//!
//! and only B follows its gradient. With y = W x it has a closed form that costs one transposed projection and one
//! kernel gradient a layer: `amp` is linear in B, and `null` is quadratic, so that its gradient is twice that of
//! `sum (B r) * y` at the reconstruction r = B' y held fixed. Both are kernel gradients with the same error y, at
//! inputs that add up:
//!
//! ```text
//! gradient = kernel_gradient(error: y, input: (2 beta r - alpha x) / batch) + 2 gamma B
//! ```
//!
//! The first layer's B carries no error to anybody and takes no loss.
//!
//! # References
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3.

use engram_plan::Kernel;
use engram_plan::learning_rule::{self, AlignmentOptimizer};
use tch::Tensor;

use super::{Descent, LearningRule};
use crate::network::{Keep, Layer, LayerRecord, Network, Signal};
use crate::optimizer::{Adam, MomentumDescent, Optimizer};
use crate::projection::{kernel_gradient, project, project_back};

/// The coefficients of the alignment loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficients {
    /// Of the amplification term.
    pub alpha: f64,
    /// Of the null term.
    pub beta: f64,
    /// Of the decay term.
    pub gamma: f64,
}

/// The alignment loss of one layer as it is defined, a scalar.
///
/// # Shapes
/// `input` `[batch, ...]`, `sums` = W x `[batch, ...]`, `feedback` of the shape of W.
pub fn alignment_loss(
    kernel: Kernel,
    input: &Tensor,
    sums: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let amp = -(sums * project(kernel, input, feedback, None)).sum(None) / batch;
    let null = project_back(kernel, sums, input, feedback)
        .square()
        .sum(None)
        / batch;
    let decay = feedback.square().sum(None);
    amp * coefficients.alpha + null * coefficients.beta + decay * coefficients.gamma
}

/// The gradient of [`alignment_loss`] with respect to the feedback kernel.
pub fn alignment_gradient(
    kernel: Kernel,
    input: &Tensor,
    sums: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let reconstruction = project_back(kernel, sums, input, feedback);
    let input =
        reconstruction * (2.0 * coefficients.beta / batch) - input * (coefficients.alpha / batch);
    kernel_gradient(kernel, sums, &input, feedback) + feedback * (2.0 * coefficients.gamma)
}

pub(super) struct InformationAlignment {
    descent: Descent,
    optimizer: MomentumDescent,
    coefficients: Coefficients,
    use_biases: bool,
    alignment_optimizer: Box<dyn Optimizer>,
    alignment_learning_rate: f64,
}

impl InformationAlignment {
    pub(super) fn new(
        settings: &learning_rule::InformationAlignment,
        descent: Descent,
        alignment_learning_rate: f64,
    ) -> Self {
        Self {
            descent,
            optimizer: MomentumDescent::new(settings.momentum, settings.nesterov),
            coefficients: Coefficients {
                alpha: settings.alpha,
                beta: settings.beta,
                gamma: settings.gamma,
            },
            use_biases: settings.use_biases,
            alignment_optimizer: match settings.alignment_optimizer {
                AlignmentOptimizer::Sgd => {
                    Box::new(MomentumDescent::new(settings.momentum, settings.nesterov))
                }
                AlignmentOptimizer::Adam => Box::new(Adam::new(learning_rule::Adam::default())),
            },
            alignment_learning_rate,
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

impl LearningRule for InformationAlignment {
    fn signal(&self) -> Signal {
        Signal::Feedback
    }

    fn keep(&self) -> Keep {
        Keep::Records
    }

    /// Both sets of weights step from where they were in the pass.
    fn step(&mut self, network: &mut Network, loss: &Tensor, records: &[LayerRecord]) {
        let aligned = || network.layers.iter().zip(records).skip(1);
        let feedbacks: Vec<&Tensor> = aligned()
            .filter_map(|(layer, _)| layer.feedback.as_ref())
            .collect();
        let gradients: Vec<Tensor> = tch::no_grad(|| {
            aligned()
                .zip(&feedbacks)
                .map(|((layer, record), feedback)| {
                    let sums = self.sums(layer, record);
                    alignment_gradient(
                        layer.spec.kernel,
                        &record.input,
                        &sums,
                        feedback,
                        self.coefficients,
                    )
                })
                .collect()
        });
        self.descent.step(network, loss, &mut self.optimizer);
        self.alignment_optimizer
            .step(&feedbacks, &gradients, self.alignment_learning_rate);
    }
}
