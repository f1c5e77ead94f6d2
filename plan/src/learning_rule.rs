//! The settings of every learning rule, with the published values as defaults.

use engram_schemas::LearningRule;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::sweep::{positive, setting, share};

/// Declares [`LearningRuleSettings`] and [`RuleTable`] from one list: a variant, its field in sweep files, its settings.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $field:ident $settings:ident,)+) => {
        /// A learning rule together with its settings.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name", rename_all = "snake_case")]
        pub enum LearningRuleSettings {
            $($(#[$doc])* $rule($settings),)+
        }

        impl LearningRuleSettings {
            /// The rule's name.
            pub fn rule(&self) -> LearningRule {
                match self {
                    $(Self::$rule(_) => LearningRule::$rule,)+
                }
            }
        }

        /// The settings of all rules, as a sweep file may give them.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct RuleTable {
            $($(#[$doc])* pub $field: $settings,)+
        }

        impl RuleTable {
            /// The settings of `rule`.
            pub fn settings(&self, rule: LearningRule) -> LearningRuleSettings {
                match rule {
                    $(LearningRule::$rule => LearningRuleSettings::$rule(self.$field.clone()),)+
                }
            }

            /// Checks all settings.
            ///
            /// # Errors
            /// [`crate::Error::Setting`].
            pub(crate) fn check(&self) -> Result<()> {
                $(self.$field.check()?;)+
                Ok(())
            }
        }
    };
}

rules! {
    /// Backpropagation with momentum.
    Sgdm sgdm Momentum,
    /// Backpropagation with Adam.
    Adam adam Adam,
    /// Fixed random feedback.
    FeedbackAlignment feedback_alignment Momentum,
    /// Feedback learned by a layer-local loss.
    InformationAlignment information_alignment InformationAlignment,
    /// Feedback that receives the forward updates.
    KolenPollack kolen_pollack KolenPollack,
    /// Feedback that follows correlations of inputs and outputs.
    WeightMirror weight_mirror WeightMirror,
    /// Feedback that is pulled toward the forward weights.
    SymmetricAlignment symmetric_alignment SymmetricAlignment,
    /// Feedback that learns to give the activations.
    ActivationAlignment activation_alignment ActivationAlignment,
    /// Signs of the forward weights, one magnitude.
    UniformSign uniform_sign Momentum,
    /// Signs of the forward weights, magnitudes drawn anew for every batch.
    BatchwiseRandomSign batchwise_random_sign Momentum,
    /// Signs of the forward weights, fixed random magnitudes.
    FixedRandomSign fixed_random_sign Momentum,
    /// The output's error sent to every layer.
    DirectFeedbackAlignment direct_feedback_alignment DirectFeedbackAlignment,
}

impl LearningRuleSettings {
    /// The learning rate of the feedback weights, given the forward ones' base rate; nothing where they do not learn by a
    /// loss of their own.
    pub(crate) fn alignment_learning_rate(&self, base: f64) -> Option<f64> {
        let own = match self {
            Self::InformationAlignment(settings) => settings.alignment_learning_rate,
            Self::WeightMirror(settings) => settings.alignment_learning_rate,
            Self::SymmetricAlignment(settings) => settings.alignment_learning_rate,
            Self::ActivationAlignment(settings) => settings.alignment_learning_rate,
            _ => return None,
        };
        Some(own.unwrap_or(base))
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

impl Momentum {
    fn check(&self) -> Result<()> {
        share("momentum", self.momentum)
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

impl Adam {
    fn check(&self) -> Result<()> {
        share("beta1", self.beta1)?;
        share("beta2", self.beta2)?;
        positive("epsilon", self.epsilon)
    }
}

/// The Kolen-Pollack rule.
///
/// # References
/// Kolen and Pollack, "Backpropagation without weight transport", 1994; Akrout et al., "Deep Learning without Weight
/// Transport", NeurIPS 2019, equations 16 and 17.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KolenPollack {
    /// Momentum of both sets of weights.
    pub momentum: f64,
    /// Whether their steps are Nesterov's.
    pub nesterov: bool,
    /// Coefficient of an L2 penalty on both, beside the sweep's weight decay: what makes them meet. The papers give none;
    /// the default is that of the decay in Kunin's alignment losses.
    pub decay: f64,
}

impl Default for KolenPollack {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            decay: 1e-3,
        }
    }
}

impl KolenPollack {
    fn check(&self) -> Result<()> {
        share("momentum", self.momentum)?;
        coefficient("decay", self.decay)
    }
}

/// Direct feedback alignment.
///
/// # References
/// Nokland, "Direct Feedback Alignment Provides Learning in Deep Neural Networks", NeurIPS 2016.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DirectFeedbackAlignment {
    /// Share of the last step that is taken again.
    pub momentum: f64,
    /// Whether the gradient is taken ahead of the step (Nesterov).
    pub nesterov: bool,
    /// The feedback weights' standard deviation, times the square root of the number of units that they reach.
    pub feedback_scale: f64,
}

impl Default for DirectFeedbackAlignment {
    fn default() -> Self {
        Self {
            momentum: 0.9,
            nesterov: false,
            feedback_scale: 1.0,
        }
    }
}

impl DirectFeedbackAlignment {
    fn check(&self) -> Result<()> {
        share("momentum", self.momentum)?;
        positive("feedback_scale", self.feedback_scale)
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

/// What the rules have in common whose feedback weights follow a layer-local loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnedFeedbackSteps {
    /// Momentum of both sets of weights.
    pub momentum: f64,
    /// Whether the forward weights' steps are Nesterov's.
    pub nesterov: bool,
    /// Optimizer of the feedback weights.
    pub alignment_optimizer: AlignmentOptimizer,
    /// Whether the biases take part in the projections of the alignment loss.
    pub use_biases: bool,
}

/// Declares the settings of a rule whose feedback weights follow a layer-local loss: the optimizers of both sets of
/// weights, and the coefficients of the loss with their defaults.
macro_rules! learned_feedback {
    ($(#[$doc:meta])* $name:ident { $($(#[$coefficient_doc:meta])* $coefficient:ident = $default:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Momentum of the forward weights' steps.
            pub momentum: f64,
            /// Whether the forward weights' steps are Nesterov's.
            pub nesterov: bool,
            $($(#[$coefficient_doc])* pub $coefficient: f64,)+
            /// Learning rate of the feedback weights at batches of 256, scaled with the batch size as the forward one is.
            /// Without it the forward weights' rate is used.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub alignment_learning_rate: Option<f64>,
            /// Optimizer of the feedback weights.
            pub alignment_optimizer: AlignmentOptimizer,
            /// Whether the biases take part in the projections of the alignment loss.
            pub use_biases: bool,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    momentum: 0.9,
                    nesterov: false,
                    $($coefficient: $default,)+
                    alignment_learning_rate: None,
                    alignment_optimizer: AlignmentOptimizer::Sgd,
                    use_biases: false,
                }
            }
        }

        impl $name {
            /// How both sets of weights step, without the loss's coefficients.
            pub fn steps(&self) -> LearnedFeedbackSteps {
                LearnedFeedbackSteps {
                    momentum: self.momentum,
                    nesterov: self.nesterov,
                    alignment_optimizer: self.alignment_optimizer,
                    use_biases: self.use_biases,
                }
            }

            fn check(&self) -> Result<()> {
                share("momentum", self.momentum)?;
                $(coefficient(stringify!($coefficient), self.$coefficient)?;)+
                self.alignment_learning_rate.map_or(Ok(()), |rate| positive("alignment_learning_rate", rate))
            }
        }
    };
}

learned_feedback! {
    /// Information alignment: amplification, reconstruction, decay.
    ///
    /// # References
    /// Kunin et al., "Two Routes to Scalable Credit Assignment without Weight Symmetry", ICML 2020; its defaults.
    InformationAlignment {
        /// Coefficient of the amplification term.
        alpha = 2e-3,
        /// Coefficient of the null term.
        beta = 1e-3,
        /// Coefficient of the decay term.
        gamma = 1e-3,
    }
}

learned_feedback! {
    /// Weight mirror: amplification and decay.
    ///
    /// # References
    /// Akrout et al., "Deep Learning without Weight Transport", NeurIPS 2019, in the form of Kunin et al. 2020; the
    /// coefficients are those of information alignment.
    WeightMirror {
        /// Coefficient of the amplification term.
        alpha = 2e-3,
        /// Coefficient of the decay term.
        gamma = 1e-3,
    }
}

learned_feedback! {
    /// Symmetric alignment: agreement with the forward kernel, and decay. With alpha = 2 gamma, as by default, the
    /// feedback kernel tends to the forward one.
    ///
    /// # References
    /// Kunin et al. 2020, section 3.
    SymmetricAlignment {
        /// Coefficient of the agreement.
        alpha = 2e-3,
        /// Coefficient of the decay term.
        gamma = 1e-3,
    }
}

learned_feedback! {
    /// Activation alignment: amplification and sparsity. With alpha = 2 beta, as by default, the feedback kernel tends to
    /// give the forward one's sums.
    ///
    /// # References
    /// Kunin et al. 2020, section 3.
    ActivationAlignment {
        /// Coefficient of the amplification term.
        alpha = 2e-3,
        /// Coefficient of the sparsity term.
        beta = 1e-3,
    }
}

fn coefficient(key: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(setting(key, &value, "it must be at least 0"))
    }
}
