//! Backpropagation with Adam: the error travels through the forward kernels, every weight has its own rate.
//!
//! # References
//! Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

use tch::Tensor;

use super::{Descent, LearningRule};
use crate::network::{LayerRecord, Network, Signal};
use crate::optimizer;

pub(super) struct Adam {
    descent: Descent,
    optimizer: optimizer::Adam,
}

impl Adam {
    pub(super) fn new(settings: &engram_plan::learning_rule::Adam, descent: Descent) -> Self {
        Self {
            descent,
            optimizer: optimizer::Adam::new(settings.clone()),
        }
    }
}

impl LearningRule for Adam {
    fn signal(&self) -> Signal {
        Signal::Forward
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord]) {
        self.descent.step(network, loss, &mut self.optimizer);
    }
}
