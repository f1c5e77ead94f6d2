//! A sweep file, checked and expanded to runs in a fixed order. Nothing trains before the whole plan is valid.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use engram_schemas::{Architecture, LearningRule, Task, category};
use itertools::iproduct;
use serde::{Deserialize, Serialize};

use crate::learning_rule::RuleTable;
use crate::{
    Error, Initialization, Lars, ObservationGrid, PlannedRun, Result, RunConfiguration, Schedule,
    TaskSettings,
};

/// What a user writes: a grid of hyperparameters over networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepFile {
    /// Short name, used in logs.
    pub name: String,
    /// One line about the sweep.
    #[serde(default)]
    pub description: String,
    /// Epochs to train.
    pub epochs: usize,
    /// Epochs between two observations.
    pub checkpoint_every: usize,
    /// The rules to train every network under.
    pub learning_rules: Vec<LearningRule>,
    /// Examples a step.
    pub batch_sizes: Vec<usize>,
    /// Seeds of initial weights and data order.
    pub model_seeds: Vec<u64>,
    /// Seeds of the split into training and validation examples.
    pub dataset_seeds: Vec<u64>,
    /// Settings of the learning rules, where they differ from the published ones.
    #[serde(default)]
    pub rules: RuleTable,
    /// What is observed at a checkpoint.
    #[serde(default)]
    pub observation: ObservationGrid,
    /// Where the tasks' files lie on this machine. It is no part of a run's identity.
    #[serde(default)]
    pub data: BTreeMap<Task, String>,
    /// Tasks with their architectures.
    pub networks: Vec<Network>,
}

/// Architectures that share a task and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The task.
    pub task: TaskSettings,
    /// The architectures to train on it.
    pub architectures: Vec<Architecture>,
    /// How kernels start.
    #[serde(default)]
    pub initialization: Initialization,
    /// Coefficient of the kernels' L2 penalty; the architectures' published one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How the learning rates change in the course of training.
    #[serde(default)]
    pub schedule: Schedule,
    /// Norm that the gradient of all parameters together is scaled down to when it is above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_clip_norm: Option<f64>,
    /// Layer-wise scaling of the steps, for all rules but `adam`, which scales every weight by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lars: Option<Lars>,
    /// Base learning rate of each rule, for batches of [`BASE_BATCH_SIZE`] examples.
    pub learning_rates: BTreeMap<LearningRule, BaseRate>,
}

/// A base learning rate: one for all architectures of an entry, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BaseRate {
    /// The same for all.
    Same(f64),
    /// By architecture.
    Each(BTreeMap<Architecture, f64>),
}

impl BaseRate {
    /// The rate of `architecture`, where there is one.
    pub fn of(&self, architecture: Architecture) -> Option<f64> {
        match self {
            Self::Same(rate) => Some(*rate),
            Self::Each(rates) => rates.get(&architecture).copied(),
        }
    }
}

/// The batch size that base learning rates are given for; others scale them linearly.
pub const BASE_BATCH_SIZE: usize = 256;

impl SweepFile {
    /// Reads a sweep file.
    ///
    /// # Errors
    /// [`Error::Read`] and [`Error::Parse`], the latter with line, column and the nearest known name.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|message| Error::Parse {
            path: path.to_owned(),
            message,
        })
    }

    /// Reads the text of a sweep file; the error says where and what.
    fn parse(text: &str) -> std::result::Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let mut message = error.to_string().trim_end().to_owned();
            if let Some(name) = nearest_field(error.message()) {
                message.push_str(&format!("\ndid you mean `{name}`?"));
            }
            message
        })
    }

    /// Checks every setting and expands the grid, as [`SweepFile::runs`].
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn plan(&self) -> Result<Plan> {
        Ok(Plan {
            sweep: self.name.clone(),
            data: self.data.clone(),
            runs: self.runs()?.collect::<Result<_>>()?,
        })
    }

    /// The runs one after the other, each made when it is asked for: networks, then architectures, learning rules, batch
    /// sizes, model seeds and dataset seeds, each in the file's order.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn runs(&self) -> Result<impl Iterator<Item = Result<PlannedRun>>> {
        self.check()?;
        let grid = self.networks.iter().flat_map(move |network| {
            let settings = iproduct!(
                &network.architectures,
                &self.learning_rules,
                &self.batch_sizes,
                &self.model_seeds,
                &self.dataset_seeds
            );
            settings.map(move |settings| (network, settings))
        });
        let mut seen = HashSet::new();
        Ok(grid.map(
            move |(network, (&architecture, &rule, &batch_size, &model_seed, &dataset_seed))| {
                let run = self.run(
                    network,
                    architecture,
                    rule,
                    batch_size,
                    model_seed,
                    dataset_seed,
                )?;
                match seen.insert(run.run_id.clone()) {
                    true => Ok(run),
                    false => Err(Error::Duplicate {
                        run: run.configuration.describe(),
                    }),
                }
            },
        ))
    }

    fn run(
        &self,
        network: &Network,
        architecture: Architecture,
        rule: LearningRule,
        batch_size: usize,
        model_seed: u64,
        dataset_seed: u64,
    ) -> Result<PlannedRun> {
        let task = &network.task;
        let base = network
            .learning_rates
            .get(&rule)
            .and_then(|rates| rates.of(architecture))
            .ok_or(Error::NoLearningRate {
                learning_rule: rule,
                architecture,
                task: task.name,
            })?;
        if let Some(n_train) = task.n_train()
            && batch_size > n_train
        {
            return Err(Error::BatchAboveTrainingSet {
                batch_size,
                n_train,
                task: task.name,
            });
        }
        let scale = batch_size as f64 / BASE_BATCH_SIZE as f64;
        // Scaled, a rate may be more or less than a number can say.
        positive("learning_rates", base * scale)?;
        let learning_rule = self.rules.settings(rule);
        let alignment_learning_rate = learning_rule
            .alignment_learning_rate(base)
            .map(|rate| rate * scale);
        let configuration = RunConfiguration {
            task: task.clone(),
            architecture,
            initialization: network.initialization,
            learning_rule,
            learning_rate: base * scale,
            alignment_learning_rate,
            schedule: network.schedule.clone(),
            gradient_clip_norm: network.gradient_clip_norm,
            lars: network.lars.filter(|_| rule != LearningRule::Adam),
            weight_decay: network
                .weight_decay
                .unwrap_or_else(|| task.published_weight_decay(architecture)),
            batch_size,
            model_seed,
            dataset_seed,
            epochs: self.epochs,
            checkpoint_every: self.checkpoint_every,
            observation: self.observation.observation(),
        };
        configuration.layers()?;
        Ok(PlannedRun::new(configuration))
    }

    fn check(&self) -> Result<()> {
        let usable_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if self.name.is_empty() || !self.name.chars().all(usable_name) {
            return Err(setting(
                "name",
                &self.name,
                "use letters, digits, `-`, `_` and `.`",
            ));
        }
        if self.epochs == 0 {
            return Err(setting(
                "epochs",
                &self.epochs,
                "at least one epoch must be trained",
            ));
        }
        if self.checkpoint_every == 0 || !self.epochs.is_multiple_of(self.checkpoint_every) {
            let reason = format!("it must divide the {} epochs", self.epochs);
            return Err(setting("checkpoint_every", &self.checkpoint_every, &reason));
        }
        for (key, empty) in [
            ("learning_rules", self.learning_rules.is_empty()),
            ("batch_sizes", self.batch_sizes.is_empty()),
            ("model_seeds", self.model_seeds.is_empty()),
            ("dataset_seeds", self.dataset_seeds.is_empty()),
            ("networks", self.networks.is_empty()),
        ] {
            if empty {
                return Err(setting(
                    key,
                    &"[]",
                    "the list is empty, so there is nothing to train",
                ));
            }
        }
        if self.batch_sizes.contains(&0) {
            return Err(setting(
                "batch_sizes",
                &0,
                "a step needs at least one example",
            ));
        }
        for seed in self.model_seeds.iter().chain(&self.dataset_seeds) {
            // Seeds are stored as signed 64-bit columns, which every SQL tool can read.
            if i64::try_from(*seed).is_err() {
                return Err(setting(
                    "model_seeds, dataset_seeds",
                    seed,
                    "it must be below 2^63",
                ));
            }
        }
        self.rules.check()?;
        self.observation.check()?;
        for network in &self.networks {
            network.task.check()?;
            network.schedule.check(self.epochs)?;
            if let Some(norm) = network.gradient_clip_norm {
                positive("gradient_clip_norm", norm)?;
            }
            if let Some(lars) = network.lars {
                positive("trust_coefficient", lars.trust_coefficient)?;
            }
            if network.architectures.is_empty() {
                return Err(setting(
                    "architectures",
                    &"[]",
                    "the list is empty, so there is nothing to train",
                ));
            }
            if let Some(decay) = network.weight_decay
                && !(decay >= 0.0 && decay.is_finite())
            {
                return Err(setting("weight_decay", &decay, "it must be at least 0"));
            }
        }
        Ok(())
    }
}

/// The runs of a sweep, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The sweep's name.
    pub sweep: String,
    /// Where the tasks' files lie on this machine.
    #[serde(default)]
    pub data: BTreeMap<Task, String>,
    /// What to train.
    pub runs: Vec<PlannedRun>,
}

impl Plan {
    /// Checks that the files of every task are where `data` says.
    ///
    /// # Errors
    /// [`Error::NoData`] for the first task whose files are not.
    pub fn check_data(&self, data: &BTreeMap<Task, PathBuf>) -> Result<()> {
        let tasks: BTreeSet<Task> = self
            .runs
            .iter()
            .map(|run| run.configuration.task.source())
            .filter(|&task| task != Task::Digits)
            .collect();
        for task in tasks {
            let path = data.get(&task);
            if path.is_none_or(|path| !path.exists()) {
                return Err(Error::NoData {
                    task,
                    path: path.cloned(),
                });
            }
        }
        Ok(())
    }

    /// Number of examples for the classifiers: one for each layer of each network.
    ///
    /// # Errors
    /// [`Error::InputShape`], which a plan made by [`SweepFile::plan`] does not have.
    pub fn n_examples(&self) -> Result<usize> {
        self.runs
            .iter()
            .map(|run| Ok(run.configuration.layers()?.len()))
            .sum()
    }
}

pub(crate) fn setting(key: &'static str, value: &dyn std::fmt::Display, reason: &str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        reason: reason.to_owned(),
    }
}

pub(crate) fn positive(key: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(setting(key, &value, "it must be above 0"))
    }
}

pub(crate) fn share(key: &'static str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(setting(key, &value, "it must be in [0, 1)"))
    }
}

/// The field that was probably meant, read off serde's message: "unknown field `a`, expected one of `b`, `c`".
fn nearest_field(message: &str) -> Option<String> {
    let (given, expected) = message.strip_prefix("unknown field `")?.split_once('`')?;
    category::nearest(given, expected.split('`').skip(1).step_by(2)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
