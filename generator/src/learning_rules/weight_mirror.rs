//! Weight mirror: the error travels through kernels B that follow the correlation of the layer's inputs and sums.
//!
//! The loss is alpha amp + gamma decay. On inputs without correlations B tends to a multiple of W. Akrout and colleagues
//! alternate phases of noise, in which only B learns, with phases of learning; in Kunin's form, which is this one, B
//! learns from the inputs of learning itself.
//!
//! # References
//! Akrout, Wilson, Humphreys, Lillicrap, Tweed, "Deep Learning without Weight Transport", NeurIPS 2019, equation 7;
//! Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020, section 3.

use engram_plan::RunConfiguration;
use engram_plan::learning_rule::WeightMirror;

use super::LearningRule;
use super::alignment_loss::{Alignment, Coefficients, LearnedFeedback};
use super::descent::Descent;

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &WeightMirror,
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

fn coefficients(settings: &WeightMirror) -> Coefficients {
    Coefficients {
        amp: settings.alpha,
        decay: settings.gamma,
        ..Coefficients::default()
    }
}
