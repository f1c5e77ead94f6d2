//! The settings of every learning rule, with the published values as defaults.

use engram_schemas::LearningRule;
use serde::{Deserialize, Serialize};

/// A learning rule together with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LearningRuleSettings {
    /// Backpropagation with momentum.
    Sgdm(Momentum),
    /// Backpropagation with Adam.
    Adam(Adam),
    /// Fixed random feedback.
    FeedbackAlignment(Momentum),
    /// Feedback learned by a layer-local loss.
    InformationAlignment(InformationAlignment),
}

impl LearningRuleSettings {
    /// The rule's name.
    pub fn rule(&self) -> LearningRule {
        match self {
            Self::Sgdm(_) => LearningRule::Sgdm,
            Self::Adam(_) => LearningRule::Adam,
            Self::FeedbackAlignment(_) => LearningRule::FeedbackAlignment,
            Self::InformationAlignment(_) => LearningRule::InformationAlignment,
        }
    }
}

/// Stochastic gradient descent with momentum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Momentum {
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Whether the gradient is taken ahead of the step (Nesterov).
    pub nesterov: bool,
}

impl Default for Momentum {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
        }
    }
}

/// Adam.
///
/// # References
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

/// Information alignment: coefficients of the alignment loss and the optimizers of both sets of weights.
///
/// # References
/// Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InformationAlignment {
    /// Momentum of the forward weights' steps.
    pub momentum: f64,
    /// Whether the forward weights' steps are Nesterov's.
    pub nesterov: bool,
    /// Coefficient of the amplification term.
    pub alpha: f64,
    /// Coefficient of the null term.
    pub beta: f64,
    /// Coefficient of the decay term.
    pub gamma: f64,
    /// Learning rate of the feedback weights at batches of 256, scaled with the batch size as the forward one is.
    /// Without it the forward weights' rate is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alignment_learning_rate: Option<f64>,
    /// Optimizer of the feedback weights.
    pub alignment_optimizer: AlignmentOptimizer,
    /// Whether the biases take part in the projections of the alignment loss.
    pub use_biases: bool,
}

impl Default for InformationAlignment {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            alpha: 2e-3,
            beta: 1e-3,
            gamma: 1e-3,
            alignment_learning_rate: None,
            alignment_optimizer: AlignmentOptimizer::Sgd,
            use_biases: false,
        }
    }
}

/// How the feedback weights step along the alignment loss's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlignmentOptimizer {
    /// Plain gradient descent with the rule's momentum.
    Sgd,
    /// Adam with its default settings.
    Adam,
}

/// The settings of all rules, as a sweep file may give them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleTable {
    /// Of `sgdm`.
    pub sgdm: Momentum,
    /// Of `adam`.
    pub adam: Adam,
    /// Of `feedback_alignment`.
    pub feedback_alignment: Momentum,
    /// Of `information_alignment`.
    pub information_alignment: InformationAlignment,
}

impl RuleTable {
    /// The settings of `rule`.
    pub fn settings(&self, rule: LearningRule) -> LearningRuleSettings {
        match rule {
            LearningRule::Sgdm => LearningRuleSettings::Sgdm(self.sgdm.clone()),
            LearningRule::Adam => LearningRuleSettings::Adam(self.adam.clone()),
            LearningRule::FeedbackAlignment => {
                LearningRuleSettings::FeedbackAlignment(self.feedback_alignment.clone())
            }
            LearningRule::InformationAlignment => {
                LearningRuleSettings::InformationAlignment(self.information_alignment.clone())
            }
        }
    }
}
