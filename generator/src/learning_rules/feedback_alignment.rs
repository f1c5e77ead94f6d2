//! Feedback alignment: the error travels through fixed random kernels.
//!
//! # References
//! Lillicrap, Cownden, Tweed, Akerman, "Random synaptic feedback weights support error backpropagation for deep
//! learning", Nature Communications 2016.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::Momentum;

use super::descent::Descent;
use super::{LearningRule, PlainDescent};
use crate::network::Signal;

pub(super) fn new(configuration: &RunConfiguration, settings: &Momentum) -> Box<dyn LearningRule> {
    Box::new(PlainDescent {
        signal: Signal::Feedback,
        descent: Descent::with_momentum(configuration, settings.momentum, settings.nesterov),
    })
}
