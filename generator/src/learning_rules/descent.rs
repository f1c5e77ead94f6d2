//! How forward weights follow the gradient of the loss, whatever carried the error.

use std::collections::BTreeMap;

use engram_plan::{Lars, RunConfiguration};
use tch::{Kind, Tensor};

use crate::Result;
use crate::network::Network;
use crate::optimizer::{MomentumDescent, Optimizer};

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

    /// One step of every parameter along `gradients`, those of [`Network::parameters`]. The penalty's share is added to
    /// the kernels' gradients, which the caller keeps for no other use.
    pub(crate) fn step(&mut self, network: &Network, mut gradients: Vec<Tensor>, factor: f64) {
        tch::no_grad(|| {
            if let Some(norm) = self.clip_norm {
                clip(&mut gradients, norm);
            }
            // The kernels come first among the parameters.
            for (layer, gradient) in network.layers.iter().zip(&mut gradients) {
                let kernel = layer.kernel.detach();
                let scale = self
                    .lars
                    .map(|lars| trust(lars, &kernel, gradient, self.weight_decay));
                if self.weight_decay > 0.0 {
                    let _ = gradient.g_add_(&(kernel * self.weight_decay));
                }
                if let Some(scale) = scale {
                    let _ = gradient.g_mul_(&scale);
                }
            }
            let parameters = network.parameters();
            self.optimizer
                .step(&parameters, &gradients, self.learning_rate * factor);
        });
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
