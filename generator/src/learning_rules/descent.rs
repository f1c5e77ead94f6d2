//! How forward weights follow the gradient of the loss, whatever carried the error.

use std::collections::BTreeMap;

use engram_plan::{Lars, RunConfiguration};
use tch::{Kind, Tensor};

use crate::Result;
use crate::network::Network;
use crate::optimizer::{MomentumDescent, Optimizer, Penalty};

/// Gradient descent of all parameters: weight decay, clipping and layer-wise scaling, then the optimizer's step.
pub(crate) struct Descent {
    learning_rate: f64,
    weight_decay: f64,
    clip_norm: Option<f64>,
    lars: Option<Lars>,
    optimizer: Box<dyn Optimizer>,
}

impl Descent {
    pub(crate) fn new(configuration: &RunConfiguration, optimizer: Box<dyn Optimizer>) -> Self {
        Self {
            learning_rate: configuration.learning_rate,
            weight_decay: configuration.weight_decay,
            clip_norm: configuration.gradient_clip_norm,
            lars: configuration.lars,
            optimizer,
        }
    }

    /// Descent with momentum.
    pub(crate) fn with_momentum(
        configuration: &RunConfiguration,
        momentum: f64,
        nesterov: bool,
    ) -> Self {
        let optimizer = MomentumDescent::new(momentum, nesterov);
        Self::new(configuration, Box::new(optimizer))
    }

    /// The same with `coefficient` added to the kernels' L2 penalty.
    pub(crate) fn with_penalty(mut self, coefficient: f64) -> Self {
        self.weight_decay += coefficient;
        self
    }

    /// One step of every parameter along `gradients`, those of [`Network::parameters`].
    pub(crate) fn step(&mut self, network: &Network, gradients: Vec<Tensor>, factor: f64) {
        let direction = self.direction(network, gradients);
        self.follow(network, direction, factor);
    }

    /// The gradients, clipped, with each kernel's trust ratio.
    ///
    /// The ratio is taken of the clipped gradient; the penalty is no part of what is clipped, and scaled by the ratio.
    pub(crate) fn direction(&self, network: &Network, mut gradients: Vec<Tensor>) -> Direction {
        tch::no_grad(|| {
            if let Some(norm) = self.clip_norm {
                clip(&mut gradients, norm);
            }
            let trust = self.lars.map(|lars| {
                // The kernels come first among the parameters.
                let kernels = network.layers.iter().zip(&gradients);
                kernels
                    .map(|(layer, gradient)| {
                        trust(lars, &layer.kernel.detach(), gradient, self.weight_decay)
                    })
                    .collect()
            });
            Direction { gradients, trust }
        })
    }

    /// One step of every parameter along a direction.
    pub(crate) fn follow(&mut self, network: &Network, direction: Direction, factor: f64) {
        let kernels: Vec<&Tensor> = network.layers.iter().map(|layer| &layer.kernel).collect();
        let (mut gradients, penalty) = direction.of(&kernels, self.weight_decay);
        // Biases and normalisations have neither penalty nor ratio.
        gradients.extend(direction.gradients.into_iter().skip(kernels.len()));
        let rate = self.learning_rate * factor;
        self.optimizer
            .step(&network.parameters(), &gradients, rate, penalty);
    }

    pub(crate) fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    pub(crate) fn weight_decay(&self) -> f64 {
        self.weight_decay
    }

    pub(crate) fn state(&self) -> Vec<(String, Tensor)> {
        self.optimizer.state()
    }

    pub(crate) fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.optimizer.restore(state)
    }
}

/// Where the parameters are to go.
pub(crate) struct Direction {
    /// Those of [`Network::parameters`].
    gradients: Vec<Tensor>,
    /// The factor of each kernel, where layers have one of their own.
    trust: Option<Vec<Tensor>>,
}

impl Direction {
    /// What `weights`, one of each layer and of its kernel's shape, are to be stepped along, and the penalty that is left
    /// to the optimizer: a trust ratio scales the penalty too, so that with one nothing is left.
    pub(crate) fn of(&self, weights: &[&Tensor], weight_decay: f64) -> (Vec<Tensor>, Penalty) {
        let kernels = self.gradients.iter().zip(weights);
        match &self.trust {
            None => (
                kernels
                    .map(|(gradient, _)| gradient.shallow_clone())
                    .collect(),
                Penalty {
                    n_parameters: weights.len(),
                    coefficient: weight_decay,
                },
            ),
            Some(trust) => tch::no_grad(|| {
                let scaled = kernels.zip(trust).map(|((gradient, weight), scale)| {
                    (gradient + weight.detach() * weight_decay) * scale
                });
                (scaled.collect(), Penalty::default())
            }),
        }
    }
}

/// Gradients of the loss with respect to all parameters, as the pass carries them.
pub(crate) fn gradients(network: &Network, loss: &Tensor) -> Vec<Tensor> {
    Tensor::run_backward(&[loss], &network.parameters(), false, false)
}

/// Scales all gradients down together when their common norm is above `norm`.
///
/// # References
/// Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, algorithm 1.
fn clip(gradients: &mut [Tensor], norm: f64) {
    let squares: Vec<Tensor> = gradients
        .iter()
        .map(|gradient| gradient.square().sum(Kind::Float))
        .collect();
    let length = Tensor::stack(&squares, 0).sum(Kind::Float).sqrt();
    let scale = (length.clamp_min(f64::MIN_POSITIVE).reciprocal() * norm).clamp_max(1.0);
    for gradient in gradients {
        let _ = gradient.g_mul_(&scale);
    }
}

/// The layer's own factor, a scalar: 1 where the kernel or its gradient is zero.
fn trust(lars: Lars, kernel: &Tensor, gradient: &Tensor, weight_decay: f64) -> Tensor {
    let (weight, change) = (kernel.norm(), gradient.norm());
    let defined = weight.gt(0.0).logical_and(&change.gt(0.0));
    let scale = &weight * lars.trust_coefficient / (change + &weight * weight_decay);
    scale.where_self(&defined, &Tensor::ones_like(&weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_keeps_the_direction_and_shortens_only_what_is_long() {
        let mut gradients = [
            Tensor::from_slice(&[3.0f32]),
            Tensor::from_slice(&[0.0f32, 4.0]),
        ];
        clip(&mut gradients, 10.0);
        assert_eq!(gradients[0].double_value(&[0]), 3.0);
        clip(&mut gradients, 1.0);
        assert!((gradients[0].double_value(&[0]) - 0.6).abs() < 1e-6);
        assert!((gradients[1].double_value(&[1]) - 0.8).abs() < 1e-6);
        let mut nothing = [Tensor::from_slice(&[0.0f32])];
        clip(&mut nothing, 1.0);
        assert_eq!(nothing[0].double_value(&[0]), 0.0);
    }

    #[test]
    fn a_layers_step_is_a_share_of_its_norm() {
        let lars = Lars {
            trust_coefficient: 0.1,
        };
        let (kernel, gradient) = (
            Tensor::from_slice(&[3.0f32, 4.0]),
            Tensor::from_slice(&[0.0f32, 2.0]),
        );
        // 0.1 * 5 / (2 + 0.5 * 5)
        let scale = trust(lars, &kernel, &gradient, 0.5).double_value(&[]);
        assert!((scale - 0.5 / 4.5).abs() < 1e-6, "{scale}");
        let scale = trust(lars, &kernel, &Tensor::from_slice(&[0.0f32, 0.0]), 0.5);
        assert_eq!(scale.double_value(&[]), 1.0);
    }
}
