//! Direct feedback alignment: the output's error reaches every layer at once, through fixed random weights of its own.
//!
//! With e the derivative of the loss with respect to the network's outputs, what a weighted layer hands to the next one,
//! after pools and normalisations, gets the error e F in place of the one that backpropagation would bring there; F is
//! drawn once, `[outputs, units]`. From there it goes back to that one layer, through the pools and normalisations between,
//! and no further: nothing passes a weighted layer backwards. A residual network's identity shortcuts have no weights
//! and pass it on unchanged, to the layers whose sums they carry.
//!
//! F has as many rows as the network has outputs, which on a thousand classes is more memory than all kernels together;
//! its rows are drawn from the run's seed and are not part of a checkpoint.
//!
//! # References
//! Nokland, "Direct Feedback Alignment Provides Learning in Deep Neural Networks", NeurIPS 2016, equation 7.

use std::collections::BTreeMap;

use engram_plan::RunConfiguration;
use engram_plan::learning_rule;
use engram_schemas::randomness;
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Tensor};

use super::LearningRule;
use super::descent::{Descent, gradients};
use crate::Result;
use crate::network::{Keep, LayerRecord, Network, Signal};

struct DirectFeedbackAlignment {
    descent: Descent,
    model_seed: u64,
    scale: f64,
    /// F of every layer but the first, for the units that the layer reads.
    feedbacks: Vec<Tensor>,
}

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &learning_rule::DirectFeedbackAlignment,
) -> Box<dyn LearningRule> {
    Box::new(DirectFeedbackAlignment {
        descent: Descent::with_momentum(configuration, settings.momentum, settings.nesterov),
        model_seed: configuration.model_seed,
        scale: settings.feedback_scale,
        feedbacks: Vec::new(),
    })
}

impl DirectFeedbackAlignment {
    /// F for `units` units that layer `index` reads, of standard deviation `scale / sqrt(units)`.
    fn draw(&self, index: usize, outputs: i64, units: i64, device: Device) -> Tensor {
        let purpose = "direct feedback";
        let mut generator = randomness::generator(purpose, self.model_seed, index as u64);
        let stddev = self.scale / (units as f64).sqrt();
        let values: Vec<f32> = StandardNormal
            .sample_iter(&mut generator)
            .take((outputs * units) as usize)
            .map(|normal: f64| (normal * stddev) as f32)
            .collect();
        let values = Tensor::from_slice(&values);
        values.view([outputs, units]).to_device(device)
    }

    /// The loss whose gradients are the rule's: that of the outputs, which reaches the last layer only, and of every
    /// other layer the product of what it hands on with the error that is sent there.
    fn surrogate(&mut self, loss: &Tensor, records: &[LayerRecord]) -> Tensor {
        let Some(last) = records.last() else {
            return loss.shallow_clone();
        };
        let error = &Tensor::run_backward(&[loss], &[&last.sums], true, false)[0];
        let read = records.iter().skip(1).map(|record| &record.input);
        let mut total = loss.shallow_clone();
        for (place, input) in read.enumerate() {
            let input = input.flatten(1, -1);
            if self.feedbacks.len() == place {
                let (outputs, units) = (error.size()[1], input.size()[1]);
                let drawn = self.draw(place + 1, outputs, units, input.device());
                self.feedbacks.push(drawn);
            }
            let sent = error.detach().matmul(&self.feedbacks[place]);
            total += (input * sent).sum(None);
        }
        total
    }
}

impl LearningRule for DirectFeedbackAlignment {
    fn signal(&self) -> Signal {
        Signal::Direct
    }

    fn keep(&self) -> Keep {
        Keep::Records
    }

    fn gradients(
        &mut self,
        network: &Network,
        loss: &Tensor,
        records: &[LayerRecord],
    ) -> Vec<Tensor> {
        let surrogate = self.surrogate(loss, records);
        gradients(network, &surrogate)
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, records: &[LayerRecord], factor: f64) {
        let gradients = self.gradients(network, loss, records);
        self.descent.step(network, gradients, factor);
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.descent.state()
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.descent.restore(state)
    }
}
