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
use super::alignment_loss::{Coefficients, LearnedFeedback};

pub(super) fn new(
    configuration: &RunConfiguration,
    settings: &WeightMirror,
) -> Box<dyn LearningRule> {
    let coefficients = Coefficients {
        amp: settings.alpha,
        decay: settings.gamma,
        ..Coefficients::default()
    };
    let steps = settings.steps();
    Box::new(LearnedFeedback::new(configuration, steps, coefficients))
}
