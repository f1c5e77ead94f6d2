//! `trajectory_subsample(samples, period_epochs, seed)`: few observations, far apart, from a start that nobody knows.

use datafusion::common::Result;

use super::kept_checkpoints;
use super::{Arguments, Documentation, TableFunction};

/// The study's figure 4a: n samples at a fixed period.
#[derive(Debug)]
pub(super) struct TrajectorySubsample;

impl TableFunction for TrajectorySubsample {
    fn name(&self) -> &'static str {
        "trajectory_subsample"
    }

    fn default_input(&self) -> &'static str {
        "trajectories"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &kept_checkpoints::REQUIRED
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let [samples, period, seed] = arguments.bind(["samples", "period_epochs", "seed"])?;
        let samples = arguments
            .required("samples", samples)?
            .integer("samples", 1)?;
        let period = arguments.required("period_epochs", period)?;
        let period = period.integer("period_epochs", 1)?;
        let seed = seed.map_or(Ok(0), |seed| seed.seed())?;
        // A draw of its own: `split` of the same seed draws sides by run and layer, and starts would differ by side.
        let start = format!("uniform({seed}, 'start', run_id, layer)");
        let chosen = format!("subsample_epochs(epochs, {samples}, {period}, {start})");
        Ok(kept_checkpoints::query(&chosen, columns))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "trajectory_subsample(samples, period_epochs, seed)",
            description: "The rows of so many checkpoints of each trajectory, at a fixed period from a random start, with their \
                number in `sample`, from 0. Every start from which all samples are among the trajectory's checkpoints is as \
                likely; a trajectory that has none is left out. The start depends on seed, run and layer, and not on what `split` draws by \
                the same seed.",
            arguments: &[
                ("samples", "Number of checkpoints, at least 1."),
                ("period_epochs", "Epochs from one to the next, at least 1."),
                ("seed", "Integer, 0 when left out."),
                (
                    "input",
                    "Relation with the columns of `trajectories`, which is the default.",
                ),
            ],
            example: "SELECT run_id, layer, sample, epoch, weight_abs_median \
                FROM trajectory_subsample(samples => 2, period_epochs => 5, seed => 1)",
        }
    }
}
