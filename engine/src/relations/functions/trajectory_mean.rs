//! `trajectory_mean()`: what is left of a trajectory when its course is forgotten.

use datafusion::common::Result;
use engram_schemas::Observable;
use engram_schemas::trajectories::column;

use super::{Arguments, Documentation, SAMPLE, TableFunction, identity_of, kept_checkpoints};

/// The study's figure S2b: statistics averaged over the trajectory.
#[derive(Debug)]
pub(super) struct TrajectoryMean;

impl TableFunction for TrajectoryMean {
    fn name(&self) -> &'static str {
        "trajectory_mean"
    }

    fn default_input(&self) -> &'static str {
        "trajectories"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &kept_checkpoints::REQUIRED
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let [] = arguments.bind([])?;
        let identity = identity_of(columns).join(", ");
        let means: Vec<String> = Observable::all()
            .map(Observable::column)
            .filter(|name| columns.contains(name))
            .map(|name| format!("avg({name}) AS {name}"))
            .collect();
        let (means, epoch) = (means.join(", "), column::EPOCH);
        Ok(format!(
            "SELECT {identity}, CAST(0 AS BIGINT) AS {SAMPLE}, count({epoch}) AS n_checkpoints, {means} FROM input \
             GROUP BY {identity}"
        ))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "trajectory_mean()",
            description: "One row per trajectory, with every observable's mean over its checkpoints under the observable's name, \
                their number as `n_checkpoints`, and 0 as `sample`. A value that is not finite makes the mean so.",
            arguments: &[(
                "input",
                "Relation with the columns of `trajectories`, which is the default.",
            )],
            example: "SELECT run_id, layer, n_checkpoints, weight_abs_median FROM trajectory_mean()",
        }
    }
}
