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
use super::alignment_loss::{Alignment, Coefficients, LearnedFeedback};
use super::descent::Descent;

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &InformationAlignment,
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

fn coefficients(settings: &InformationAlignment) -> Coefficients {
    Coefficients {
        amp: settings.alpha,
        null: settings.beta,
        decay: settings.gamma,
        ..Coefficients::default()
    }
}
