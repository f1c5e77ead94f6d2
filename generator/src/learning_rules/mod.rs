//! The learning rules: given a pass through the network and its loss, change the weights.
//!
//! One file a rule. A new rule needs its name in `engram_schemas::LearningRule`, a line with its settings in
//! `engram_plan::learning_rule`, a file here, and a line in [`new`].

mod activation_alignment;
mod adam;
pub mod alignment_loss;
pub(crate) mod descent;
mod direct_feedback_alignment;
mod feedback_alignment;
mod information_alignment;
mod kolen_pollack;
mod sgdm;
mod sign_symmetry;
mod symmetric_alignment;
mod weight_mirror;

use std::collections::BTreeMap;

use engram_plan::{LearningRuleSettings as Settings, RunConfiguration};
use tch::Tensor;

use crate::Result;
use crate::network::{Keep, LayerRecord, Network, Signal};
use descent::Descent;
use sign_symmetry::Magnitudes;

/// How a network changes its weights.
pub trait LearningRule: Send {
    /// What carries the error signal down.
    fn signal(&self) -> Signal;

    /// Whether [`LearningRule::step`] needs what went through the layers.
    fn keep(&self) -> Keep {
        Keep::Nothing
    }

    /// Sets what a pass needs, before step number `step`.
    fn prepare(&mut self, _network: &mut Network, _step: usize) {}

    /// The gradients that the rule sees, one for each of [`Network::parameters`].
    fn gradients(&mut self, network: &Network, loss: &Tensor, _: &[LayerRecord]) -> Vec<Tensor> {
        descent::gradients(network, loss)
    }

    /// Changes the weights after one pass. `loss` is a scalar with its history; `records` has one entry a layer when
    /// [`LearningRule::keep`] asks for them; `factor` is the schedule's, of all learning rates.
    fn step(&mut self, network: &mut Network, loss: &Tensor, records: &[LayerRecord], factor: f64);

    /// What later steps follow from beside the network, by name.
    fn state(&self) -> Vec<(String, Tensor)>;

    /// Takes a state that [`LearningRule::state`] gave, so that the next step is the one that would have followed.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] when a part of it lacks.
    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()>;
}

/// The rule of a run.
pub fn new(configuration: &RunConfiguration) -> Box<dyn LearningRule> {
    let run = configuration;
    match &run.learning_rule {
        Settings::Sgdm(settings) => sgdm::new(run, settings),
        Settings::Adam(settings) => adam::new(run, settings),
        Settings::FeedbackAlignment(settings) => feedback_alignment::new(run, settings),
        Settings::InformationAlignment(settings) => information_alignment::new(run, settings),
        Settings::KolenPollack(settings) => kolen_pollack::new(run, settings),
        Settings::WeightMirror(settings) => weight_mirror::new(run, settings),
        Settings::SymmetricAlignment(settings) => symmetric_alignment::new(run, settings),
        Settings::ActivationAlignment(settings) => activation_alignment::new(run, settings),
        Settings::UniformSign(settings) => sign_symmetry::new(run, settings, Magnitudes::Uniform),
        Settings::BatchwiseRandomSign(settings) => {
            sign_symmetry::new(run, settings, Magnitudes::Batchwise)
        }
        Settings::FixedRandomSign(settings) => sign_symmetry::new(run, settings, Magnitudes::Fixed),
        Settings::DirectFeedbackAlignment(settings) => {
            direct_feedback_alignment::new(run, settings)
        }
    }
}

/// A rule that is its signal and a descent, and nothing else.
struct PlainDescent {
    signal: Signal,
    descent: Descent,
}

impl LearningRule for PlainDescent {
    fn signal(&self) -> Signal {
        self.signal
    }

    fn step(&mut self, network: &mut Network, loss: &Tensor, _: &[LayerRecord], factor: f64) {
        let gradients = descent::gradients(network, loss);
        self.descent.step(network, gradients, factor);
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.descent.state()
    }

    fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        self.descent.restore(state)
    }
}

#[cfg(test)]
mod tests;
