//! Feedback alignment: the error travels through fixed random kernels.
//!
//! # References
//! Lillicrap, Cownden, Tweed, Akerman, "Random synaptic feedback weights support error backpropagation for deep
//! learning", Nature Communications 2016.

use engram_plan::learning_rule::Momentum;
use tch::Tensor;

use super::{Descent, LearningRule};
use crate::network::{LayerRecord, Network, Signal};
use crate::optimizer::MomentumDescent;

pub(super) struct FeedbackAlignment {
    descent: Descent,
    optimizer: MomentumDescent,
}

impl FeedbackAlignment {
    pub(super) fn new(settings: &Momentum, descent: Descent) -> Self {
        Self {
            descent,
            optimizer: MomentumDescent::new(settings.momentum, settings.nesterov),
        }
    }
}

impl LearningRule for FeedbackAlignment {
    fn signal(&self) -> Signal {
        Signal::Feedback
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord]) {
        self.descent.step(network, loss, &mut self.optimizer);
    }
}
