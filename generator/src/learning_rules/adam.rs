//! Backpropagation with Adam: the error travels through the forward kernels, every weight has its own rate.
//!
//! # References
//! Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::Adam;

use super::descent::Descent;
use super::{LearningRule, PlainDescent};
use crate::network::Signal;
use crate::optimizer;

pub(super) fn new(configuration: &RunConfiguration, settings: &Adam) -> Box<dyn LearningRule> {
    let optimizer = optimizer::Adam::new(settings.clone());
    Box::new(PlainDescent {
        signal: Signal::Forward,
        descent: Descent::new(configuration, Box::new(optimizer)),
    })
}
