//! Kept networks, observed again under other conditions, without training.

use engram_plan::{Observation, PlannedRun};

use crate::checkpoint::Saved;
use crate::evaluate::evaluate;
use crate::examples::{Data, Workplace};
use crate::learning_rules;
use crate::network::Network;
use crate::objective::Objective;
use crate::observe::Observer;
use crate::run::see;
use crate::trajectory::Trajectory;
use crate::{Error, Result};

/// Observes the networks of `run` as `observation` has it: what training would have given under that observation.
/// `networks` gives their files in the order of their epochs.
///
/// # Errors
/// [`Error::Checkpoint`] when a file is not of this run.
pub fn reobserve(
    run: &PlannedRun,
    observation: &Observation,
    workplace: &Workplace,
    networks: impl IntoIterator<Item = Result<Vec<u8>>>,
) -> Result<Trajectory> {
    let configuration = &run.configuration;
    let data = Data::open(configuration, workplace)?;
    let signal = learning_rules::new(configuration).signal();
    let mut network = Network::new(configuration, signal, workplace.device)?;
    let mut trajectory = Trajectory::observed(run, &network, observation.clone());
    let observer = Observer::new(observation);
    for file in networks {
        let saved = Saved::from_bytes(&file?, workplace.device)?;
        if saved.configuration != run.configuration.to_json() {
            return Err(Error::Checkpoint {
                reason: "it is of another configuration".to_owned(),
            });
        }
        network.restore(&saved.tensors)?;
        let epoch = saved.position.epoch;
        let evaluation = evaluate(&network, &data, Objective::of(&configuration.task))?;
        let seen = see(&observer, &network, epoch, &data, evaluation)?;
        trajectory.push(epoch, saved.position.step, seen);
    }
    Ok(trajectory)
}
