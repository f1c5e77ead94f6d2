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
use super::alignment_loss::{Alignment, Coefficients, LearnedFeedback};
use super::descent::Descent;

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &ActivationAlignment,
) -> Box<dyn LearningRule> {
    let descent = Descent::with_momentum(configuration, settings.momentum, settings.nesterov);
    let alignment = Alignment {
        coefficients: coefficients(settings),
        momentum: settings.momentum,
        optimizer: settings.alignment_optimizer,
        learning_rate: configuration.feedback_learning_rate(),
        use_biases: settings.use_biases,
    };
    Box::new(LearnedFeedback::new(descent, alignment))
}

fn coefficients(settings: &ActivationAlignment) -> Coefficients {
    Coefficients {
        amp: settings.alpha,
        sparse: settings.beta,
        ..Coefficients::default()
    }
}
