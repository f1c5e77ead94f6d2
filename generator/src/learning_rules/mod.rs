//! The learning rules: given a pass through the network and its loss, change the weights.
//!
//! One file a rule. A new rule needs its settings in `engram_plan::learning_rule`, its name in
//! `engram_schemas::LearningRule`, a file here, and a line in [`new`].

mod adam;
mod feedback_alignment;
pub mod information_alignment;
mod sgdm;

use engram_plan::{LearningRuleSettings, RunConfiguration};
use tch::Tensor;

use crate::network::{Keep, LayerRecord, Network, Signal};
use crate::optimizer::Optimizer;

/// How a network changes its weights.
pub trait LearningRule: Send {
    /// What carries the error signal down.
    fn signal(&self) -> Signal;

    /// Whether [`LearningRule::step`] needs what went through the layers.
    fn keep(&self) -> Keep {
        Keep::Nothing
    }

    /// Changes the weights after one pass. `loss` is a scalar with its history; `records` has one entry a layer when
    /// [`LearningRule::keep`] asks for them.
    fn step(&mut self, network: &mut Network, loss: &Tensor, records: &[LayerRecord]);
}

/// The rule of a run.
pub fn new(configuration: &RunConfiguration) -> Box<dyn LearningRule> {
    let descent = Descent {
        learning_rate: configuration.learning_rate,
        weight_decay: configuration.weight_decay,
    };
    match &configuration.learning_rule {
        LearningRuleSettings::Sgdm(settings) => Box::new(sgdm::Sgdm::new(settings, descent)),
        LearningRuleSettings::Adam(settings) => Box::new(adam::Adam::new(settings, descent)),
        LearningRuleSettings::FeedbackAlignment(settings) => Box::new(
            feedback_alignment::FeedbackAlignment::new(settings, descent),
        ),
        LearningRuleSettings::InformationAlignment(settings) => {
            let rate = configuration
                .alignment_learning_rate
                .unwrap_or(configuration.learning_rate);
            Box::new(information_alignment::InformationAlignment::new(
                settings, descent, rate,
            ))
        }
    }
}

/// How forward weights follow the gradient of the loss, whatever carried the error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descent {
    /// Factor of a step.
    pub(crate) learning_rate: f64,
    /// Coefficient of the kernels' L2 penalty.
    pub(crate) weight_decay: f64,
}

impl Descent {
    /// One step of every parameter along the gradients that arrive there.
    pub(crate) fn step(self, network: &Network, loss: &Tensor, optimizer: &mut dyn Optimizer) {
        let parameters = network.parameters();
        let mut gradients = Tensor::run_backward(&[loss], &parameters, false, false);
        if self.weight_decay > 0.0 {
            // The kernels come first among the parameters.
            for (layer, gradient) in network.layers.iter().zip(&mut gradients) {
                let _ = gradient.g_add_(&(layer.kernel.detach() * self.weight_decay));
            }
        }
        optimizer.step(&parameters, &gradients, self.learning_rate);
    }
}
