//! Backpropagation with momentum: the error travels through the forward kernels.
//!
//! # References
//! Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors", Nature 1986.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::Momentum;

use super::descent::Descent;
use super::{LearningRule, PlainDescent};
use crate::network::Signal;

pub(super) fn new(configuration: &RunConfiguration, settings: &Momentum) -> Box<dyn LearningRule> {
    Box::new(PlainDescent {
        signal: Signal::Forward,
        descent: Descent::with_momentum(configuration, settings.momentum, settings.nesterov),
    })
}
