//! Activation alignment: the error travels through kernels B that learn to give the layer's own sums.
//!
//! The loss is alpha amp + beta sparse: B x is to agree with W x without growing, with its minimum where
//! B x = alpha / (2 beta) W x.
//!
//! # References
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::ActivationAlignment;

use super::LearningRule;
use super::alignment_loss::{Coefficients, LearnedFeedback};

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &ActivationAlignment,
) -> Box<dyn LearningRule> {
    let coefficients = Coefficients {
        amp: settings.alpha,
        sparse: settings.beta,
        ..Coefficients::default()
    };
    let steps = settings.steps();
    Box::new(LearnedFeedback::new(configuration, steps, coefficients))
}
