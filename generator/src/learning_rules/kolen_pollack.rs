//! The Kolen-Pollack rule: feedback kernels B receive the very updates of the forward kernels W, and both decay, so that
//! their difference does too. Clipping and layer-wise scaling are those of W's update for both.
//!
//! # References
//! Kolen and Pollack, "Backpropagation without weight transport", IEEE World Congress on Computational Intelligence
//! 1994; Akrout, Wilson, Humphreys, Lillicrap, Tweed, "Deep Learning without Weight Transport", NeurIPS 2019,
//! equations 16 and 17.

use std::collections::BTreeMap;

use engram_plan::RunConfiguration;
use engram_plan::learning_rule;
use tch::Tensor;

use super::LearningRule;
use super::descent::{Descent, gradients};
use crate::Result;
use crate::checkpoint::{as_part, part};
use crate::network::{LayerRecord, Network, Signal};
use crate::optimizer::{MomentumDescent, Optimizer};

struct KolenPollack {
    descent: Descent,
    feedback: MomentumDescent,
}

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &learning_rule::KolenPollack,
) -> Box<dyn LearningRule> {
    let (momentum, nesterov) = (settings.momentum, settings.nesterov);
    Box::new(KolenPollack {
        descent: Descent::with_momentum(configuration, momentum, nesterov)
            .with_penalty(settings.decay),
        feedback: MomentumDescent::new(momentum, nesterov),
    })
}

/// The part of the feedback optimizer's state, beside the forward one's.
const FEEDBACK: &str = "feedback";

impl LearningRule for KolenPollack {
    fn signal(&self) -> Signal {
        Signal::Feedback
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord], factor: f64) {
        let direction = self.descent.direction(network, gradients(network, loss));
        let layers = network.layers.iter();
        let feedbacks: Vec<&Tensor> = layers.filter_map(|layer| layer.feedback.as_ref()).collect();
        let (changes, penalty) = direction.of(&feedbacks, self.descent.weight_decay());
        let rate = self.descent.learning_rate() * factor;
        self.feedback.step(&feedbacks, &changes, rate, penalty);
        self.descent.follow(network, direction, factor);
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = self.descent.state();
        state.extend(as_part(FEEDBACK, self.feedback.state()));
        state
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.descent.restore(state)?;
        self.feedback.restore(&part(FEEDBACK, state))
    }
}
