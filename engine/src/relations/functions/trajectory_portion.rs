//! `trajectory_portion(portion)`: a third of learning.

use datafusion::common::Result;

use super::kept_checkpoints;
use super::{Arguments, Documentation, TableFunction};

/// The study's figure 4b: the early, middle or late third.
#[derive(Debug)]
pub(super) struct TrajectoryPortion;

impl TableFunction for TrajectoryPortion {
    fn name(&self) -> &'static str {
        "trajectory_portion"
    }

    fn default_input(&self) -> &'static str {
        "trajectories"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &kept_checkpoints::REQUIRED
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let [portion] = arguments.bind(["portion"])?;
        let portion = arguments.required("portion", portion)?;
        // Places count from 1. Every third is floor(n / 3) long, so that what is learned from one applies to another.
        let n = "CAST(cardinality(epochs) AS BIGINT)";
        let third = format!("({n} / 3)");
        let before = match portion.one_of("portion", &["early", "middle", "late"])? {
            "early" => "0".to_owned(),
            "middle" => format!("({n} - {third}) / 2"),
            _ => format!("{n} - {third}"),
        };
        let chosen = format!(
            "CASE WHEN {n} >= 3 THEN array_slice(epochs, {before} + 1, {before} + {third}) END"
        );
        Ok(kept_checkpoints::query(&chosen, columns))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "trajectory_portion(portion)",
            description: "The rows of one third of each trajectory's checkpoints, with their number in `sample`, from 0. Of n \
                checkpoints each third has floor(n / 3): the first, those in the middle, or the last. A trajectory of fewer than \
                3 is left out.",
            arguments: &[
                ("portion", "'early', 'middle' or 'late'."),
                (
                    "input",
                    "Relation with the columns of `trajectories`, which is the default.",
                ),
            ],
            example: "SELECT run_id, layer, sample, epoch, weight_abs_median FROM trajectory_portion('late')",
        }
    }
}
