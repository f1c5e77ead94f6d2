//! What is observed at a checkpoint: under which conditions, with which stimuli, and what is recorded besides.

use engram_schemas::Definition;
use serde::{Deserialize, Serialize};

use crate::sweep::setting;
use crate::{Error, Result};

/// Which units are observed, how well, and by which definitions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationCondition {
    /// Share of the units, in (0, 1].
    pub unit_fraction: f64,
    /// Standard deviation of the Gaussian noise added to every unit before it is chosen, at least 0.
    pub noise_stddev: f64,
    /// Seed of the choice and of the noise.
    pub seed: u64,
    /// How weight norms and activity change are defined.
    pub definition: Definition,
}

impl Default for ObservationCondition {
    /// All units, without noise, as physically measured.
    fn default() -> Self {
        Self {
            unit_fraction: 1.0,
            noise_stddev: 0.0,
            seed: 0,
            definition: Definition::Standard,
        }
    }
}

/// Everything that a run's observations follow from, beside its network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The conditions, each a row of the table `trajectories` for every layer and checkpoint.
    pub conditions: Vec<ObservationCondition>,
    /// Number of validation examples that serve as stimuli, from the first; all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n_stimuli: Option<usize>,
    /// Whether the angles between feedback and forward kernels, and between the rule's gradient and that of
    /// backpropagation, are observed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub alignment_angles: bool,
    /// Largest number of units a layer whose values are kept in the table `recordings`; nothing is kept when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recorded_units: Option<usize>,
}

impl Default for Observation {
    /// All units of all validation examples, without noise.
    fn default() -> Self {
        ObservationGrid::default().observation()
    }
}

/// The `[observation]` table of a sweep file: a grid of conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObservationGrid {
    /// Shares of the units.
    pub unit_fractions: Vec<f64>,
    /// Standard deviations of the noise.
    pub noise_stddevs: Vec<f64>,
    /// Seeds of choice and noise.
    pub seeds: Vec<u64>,
    /// Definitions of weight norms and activity change.
    pub definitions: Vec<Definition>,
    /// Number of validation examples that serve as stimuli.
    pub n_stimuli: Option<usize>,
    /// Whether alignment angles are observed.
    pub alignment_angles: bool,
    /// Largest number of units a layer in `recordings`.
    pub recorded_units: Option<usize>,
}

impl Default for ObservationGrid {
    fn default() -> Self {
        let condition = ObservationCondition::default();
        Self {
            unit_fractions: vec![condition.unit_fraction],
            noise_stddevs: vec![condition.noise_stddev],
            seeds: vec![condition.seed],
            definitions: vec![condition.definition],
            n_stimuli: None,
            alignment_angles: false,
            recorded_units: None,
        }
    }
}

impl ObservationGrid {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check(&self) -> Result<()> {
        let empty = "the list is empty, so there is nothing to observe";
        for (key, is_empty) in [
            ("unit_fractions", self.unit_fractions.is_empty()),
            ("noise_stddevs", self.noise_stddevs.is_empty()),
            ("seeds", self.seeds.is_empty()),
            ("definitions", self.definitions.is_empty()),
        ] {
            if is_empty {
                return Err(setting(key, &"[]", empty));
            }
        }
        let check = |key, value: f64, usable: bool, reason| -> Result<()> {
            if usable {
                Ok(())
            } else {
                Err(setting(key, &value, reason))
            }
        };
        for &fraction in &self.unit_fractions {
            let usable = fraction > 0.0 && fraction <= 1.0;
            check("unit_fractions", fraction, usable, "it must be in (0, 1]")?;
        }
        for &stddev in &self.noise_stddevs {
            let usable = stddev >= 0.0 && stddev.is_finite();
            check("noise_stddevs", stddev, usable, "it must be at least 0")?;
        }
        if let Some(seed) = self
            .seeds
            .iter()
            .find(|seed| i64::try_from(**seed).is_err())
        {
            return Err(setting("seeds", seed, "it must be below 2^63"));
        }
        for (key, count) in [
            ("n_stimuli", self.n_stimuli),
            ("recorded_units", self.recorded_units),
        ] {
            if count == Some(0) {
                return Err(setting(key, &0, "leave it out, or give a number above 0"));
            }
        }
        let conditions = self.conditions();
        for (index, condition) in conditions.iter().enumerate() {
            if conditions[..index].contains(condition) {
                return Err(Error::Setting {
                    key: "observation",
                    value: format!("{condition:?}"),
                    reason: "the same condition stands there twice".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// What the grid expands to.
    pub fn observation(&self) -> Observation {
        Observation {
            conditions: self.conditions(),
            n_stimuli: self.n_stimuli,
            alignment_angles: self.alignment_angles,
            recorded_units: self.recorded_units,
        }
    }

    fn conditions(&self) -> Vec<ObservationCondition> {
        let mut conditions = Vec::new();
        for &definition in &self.definitions {
            for &unit_fraction in &self.unit_fractions {
                for &noise_stddev in &self.noise_stddevs {
                    for &seed in &self.seeds {
                        conditions.push(ObservationCondition {
                            unit_fraction,
                            noise_stddev,
                            seed,
                            definition,
                        });
                    }
                }
            }
        }
        conditions
    }
}
