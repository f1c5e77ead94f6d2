//! Symmetric alignment: the error travels through kernels B that are pulled toward the forward kernels W.
//!
//! The loss is -alpha tr(B' W) + gamma decay, with its minimum at B = alpha / (2 gamma) W. It reads W, so that it is no
//! local rule; it is the reference of its family.
//!
//! # References
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::SymmetricAlignment;

use super::LearningRule;
use super::alignment_loss::{Coefficients, LearnedFeedback};

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &SymmetricAlignment,
) -> Box<dyn LearningRule> {
    let coefficients = Coefficients {
        symmetric: settings.alpha,
        decay: settings.gamma,
        ..Coefficients::default()
    };
    let steps = settings.steps();
    Box::new(LearnedFeedback::new(configuration, steps, coefficients))
}
