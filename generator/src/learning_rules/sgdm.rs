//! Backpropagation with momentum: the error travels through the forward kernels.
//!
//! # References
//! Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors", Nature 1986.

use engram_plan::learning_rule::Momentum;
use tch::Tensor;

use super::{Descent, LearningRule};
use crate::network::{LayerRecord, Network, Signal};
use crate::optimizer::MomentumDescent;

pub(super) struct Sgdm {
    descent: Descent,
    optimizer: MomentumDescent,
}

impl Sgdm {
    pub(super) fn new(settings: &Momentum, descent: Descent) -> Self {
        Self {
            descent,
            optimizer: MomentumDescent::new(settings.momentum, settings.nesterov),
        }
    }
}

impl LearningRule for Sgdm {
    fn signal(&self) -> Signal {
        Signal::Forward
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord]) {
        self.descent.step(network, loss, &mut self.optimizer);
    }
}
