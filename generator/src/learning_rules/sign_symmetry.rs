//! Sign symmetry: the error travels through kernels that have the forward kernels' signs and other magnitudes,
//! B = M * sign(W).
//!
//! # References
//! Liao, Leibo, Poggio, "How Important Is Weight Symmetry in Backpropagation?", AAAI 2016, which names the three kinds of
//! magnitudes; Xiao, Chen, Liao, Poggio, "Biologically-plausible learning algorithms can scale to large datasets", ICLR
//! 2019.

use std::collections::BTreeMap;

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::Momentum;
use tch::{Kind, Tensor};

use super::LearningRule;
use super::descent::{Descent, gradients};
use crate::Result;
use crate::initialization;
use crate::network::{LayerRecord, Network, Signal};

/// Where the magnitudes M come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Magnitudes {
    /// One number a layer: the root mean square of its initial feedback kernel.
    Uniform,
    /// Those of a kernel drawn from the initial distribution, anew for every batch.
    Batchwise,
    /// Those of the initial feedback kernel.
    Fixed,
}

struct SignSymmetry {
    configuration: RunConfiguration,
    magnitudes: Magnitudes,
    descent: Descent,
    /// Those that stay, one a layer, once they are made.
    made: Vec<Tensor>,
}

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &Momentum,
    magnitudes: Magnitudes,
) -> Box<dyn LearningRule> {
    Box::new(SignSymmetry {
        configuration: configuration.clone(),
        magnitudes,
        descent: Descent::with_momentum(configuration, settings.momentum, settings.nesterov),
        made: Vec::new(),
    })
}

impl SignSymmetry {
    /// The magnitudes of every layer for one pass. They depend on seeds and the step alone, so that they are no state.
    fn magnitudes(&self, network: &Network, step: usize) -> Vec<Tensor> {
        let layers = network.layers.iter().enumerate();
        layers
            .map(|(index, layer)| {
                let draw = |purpose: &str| {
                    let kernel =
                        initialization::kernel(&self.configuration, &layer.spec, index, purpose);
                    kernel.to_device(network.device())
                };
                match self.magnitudes {
                    Magnitudes::Uniform => {
                        draw("feedback kernel").square().mean(Kind::Float).sqrt()
                    }
                    Magnitudes::Fixed => draw("feedback kernel").abs(),
                    Magnitudes::Batchwise => draw(&format!("feedback magnitudes {step}")).abs(),
                }
            })
            .collect()
    }
}

impl LearningRule for SignSymmetry {
    fn signal(&self) -> Signal {
        Signal::Feedback
    }

    fn prepare(&mut self, network: &mut Network, step: usize) {
        if self.made.is_empty() || self.magnitudes == Magnitudes::Batchwise {
            self.made = self.magnitudes(network, step);
        }
        tch::no_grad(|| {
            for (layer, magnitudes) in network.layers.iter_mut().zip(&self.made) {
                layer.feedback = Some(layer.kernel.detach().sign() * magnitudes);
            }
        });
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord], factor: f64) {
        self.descent.step(network, gradients(network, loss), factor);
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.descent.state()
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.descent.restore(state)
    }
}
