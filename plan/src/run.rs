//! One run: everything that its data follow from, and the name that is a hash of it.

use engram_schemas::{Architecture, RunFile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Lars, LayerSpec, LearningRuleSettings, Observation, Result, Schedule, TaskSettings,
    architectures,
};

/// Everything that a run's data follow from.
///
/// Only what changes the numbers belongs here: two runs of equal configurations write equal bytes, on any machine's CPU
/// with the same libtorch and thread count, by any number of workers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfiguration {
    /// What is learned.
    pub task: TaskSettings,
    /// The network.
    pub architecture: Architecture,
    /// How its kernels start.
    pub initialization: Initialization,
    /// How it learns.
    pub learning_rule: LearningRuleSettings,
    /// The learning rate: the base rate of the sweep file scaled by batch size.
    pub learning_rate: f64,
    /// The feedback weights' learning rate, where the rule learns them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alignment_learning_rate: Option<f64>,
    /// How the learning rates change in the course of training.
    #[serde(skip_serializing_if = "is_default", default)]
    pub schedule: Schedule,
    /// Coefficient of the kernels' L2 penalty.
    pub weight_decay: f64,
    /// Norm that the gradient of all parameters together is scaled down to when it is above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gradient_clip_norm: Option<f64>,
    /// Layer-wise scaling of the steps, where the sweep asks for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lars: Option<Lars>,
    /// Examples a step.
    pub batch_size: usize,
    /// Seed of initial weights, feedback weights and data order.
    pub model_seed: u64,
    /// Seed of the split into training and validation examples.
    pub dataset_seed: u64,
    /// Epochs to train.
    pub epochs: usize,
    /// Epochs between two observations; one is made before the first step.
    pub checkpoint_every: usize,
    /// What is observed at a checkpoint.
    pub observation: Observation,
}

impl RunConfiguration {
    /// The configuration as JSON, in the one form that is hashed and stored.
    pub fn to_json(&self) -> String {
        // A struct of plain fields always serialises; a map with non-text keys or a failing writer would not.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The run's name: the first 80 bits of the configuration's SHA-256, in hexadecimal.
    pub fn run_id(&self) -> String {
        name_of(&self.to_json(), 10)
    }

    /// The feedback weights' learning rate.
    pub fn feedback_learning_rate(&self) -> f64 {
        self.alignment_learning_rate.unwrap_or(self.learning_rate)
    }

    /// The network's weighted layers.
    ///
    /// # Errors
    /// [`crate::Error::InputShape`] when the task's input does not fit the architecture.
    pub fn layers(&self) -> Result<Vec<LayerSpec>> {
        architectures::layers(self.architecture, &self.task)
    }

    /// The epochs at which the network is observed.
    pub fn checkpoints(&self) -> impl Iterator<Item = usize> + use<> {
        (0..=self.epochs).step_by(self.checkpoint_every)
    }

    /// The run in a line, for people.
    pub fn describe(&self) -> String {
        format!(
            "{} {} {} batch {} model seed {} dataset seed {}",
            self.task.name,
            self.architecture,
            self.learning_rule.rule(),
            self.batch_size,
            self.model_seed,
            self.dataset_seed
        )
    }
}

/// The first bytes of a text's SHA-256, in hexadecimal.
fn name_of(text: &str, n_bytes: usize) -> String {
    let digest = Sha256::digest(text);
    let bytes = digest.iter().take(n_bytes);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How kernels are drawn before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Initialization {
    /// As the architecture was published.
    #[default]
    Published,
    /// Normal with variance 2 / fan-in.
    ///
    /// # References
    /// He et al., "Delving Deep into Rectifiers", ICCV 2015.
    FanIn,
}

/// A run with its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedRun {
    /// Hash of the configuration.
    pub run_id: String,
    /// What to train.
    pub configuration: RunConfiguration,
}

impl PlannedRun {
    /// The run of a configuration.
    pub fn new(configuration: RunConfiguration) -> Self {
        Self {
            run_id: configuration.run_id(),
            configuration,
        }
    }

    /// Where its trajectories go.
    pub fn file(&self) -> RunFile {
        RunFile {
            task: self.configuration.task.name,
            architecture: self.configuration.architecture,
            run_id: self.run_id.clone(),
            observation_id: None,
        }
    }

    /// Where the trajectories of `observation` go: the run's own file, or, of another observation than the run's own, a
    /// file named after it.
    pub fn observed_file(&self, observation: &Observation) -> RunFile {
        if *observation == self.configuration.observation {
            return self.file();
        }
        let observed = RunConfiguration {
            observation: observation.clone(),
            ..self.configuration.clone()
        };
        RunFile {
            observation_id: Some(name_of(&observed.to_json(), 5)),
            ..self.file()
        }
    }
}
