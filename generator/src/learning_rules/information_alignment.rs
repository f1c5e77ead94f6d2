//! Information alignment: the error travels through kernels B that learn to reconstruct the layer's input.
//!
//! The loss is alpha amp + beta null + gamma decay: B x is to agree with the layer's sums W x, and B' W x to be close to x
//! without growing.
//!
//! # References
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::InformationAlignment;

use super::LearningRule;
use super::alignment_loss::{Coefficients, LearnedFeedback};

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &InformationAlignment,
) -> Box<dyn LearningRule> {
    let coefficients = Coefficients {
        amp: settings.alpha,
        null: settings.beta,
        decay: settings.gamma,
        ..Coefficients::default()
    };
    let steps = settings.steps();
    Box::new(LearnedFeedback::new(configuration, steps, coefficients))
}
