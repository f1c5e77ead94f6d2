//! Which runs of a plan one command trains: all, some by name, a share, or one by its place, as an array job's task.

use std::str::FromStr;

use clap::Args;
use engram_plan::{Plan, PlannedRun};

use crate::failure::Failure;

/// Variables in which schedulers number the tasks of a job: Slurm's arrays, Kubernetes' Indexed Jobs.
const INDEX_VARIABLES: [&str; 2] = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

/// Which runs to train.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Which networks")]
pub(crate) struct Selection {
    /// Train one run, by its name or the beginning of it; may be repeated. `engram plan` lists the names
    #[arg(long, value_name = "ID", conflicts_with_all = ["shard", "index", "offset"])]
    run: Vec<String>,

    /// Train the I-th of N shares of the plan, from 1/N to N/N. Every share has its part of every kind of network
    #[arg(long, value_name = "I/N", conflicts_with_all = ["index", "offset"])]
    shard: Option<Shard>,

    /// Train the run in place K of the plan, counted from 0; without it K is taken from SLURM_ARRAY_TASK_ID or
    /// JOB_COMPLETION_INDEX, where one of them is set
    #[arg(long, value_name = "K")]
    index: Option<usize>,

    /// Add O to the index: array jobs with fewer tasks than the plan has runs cover it in several jobs
    #[arg(long, value_name = "O")]
    offset: Option<usize>,
}

/// One of several shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    number: usize,
    n_shards: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((number, n_shards)) if (1..=n_shards).contains(&number) => {
                Ok(Self { number, n_shards })
            }
            _ => Err("write I/N, from 1/N to N/N".to_owned()),
        }
    }
}

/// The runs that were chosen, in the plan's order.
pub(crate) struct Chosen {
    pub(crate) runs: Vec<PlannedRun>,
    /// How they were chosen, where it was not for all and the user did not say so.
    pub(crate) notice: Option<String>,
}

impl Selection {
    /// Takes the chosen runs from `plan`; `variable` reads the environment.
    pub(crate) fn choose(
        &self,
        plan: &Plan,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Chosen, Failure> {
        let chosen = |runs| Chosen { runs, notice: None };
        if !self.run.is_empty() {
            return self.by_name(plan).map(chosen);
        }
        if let Some(Shard { number, n_shards }) = self.shard {
            // In turns and not in blocks: a plan has its large networks side by side.
            let share = plan.runs.iter().skip(number - 1).step_by(n_shards);
            return Ok(chosen(share.cloned().collect()));
        }
        let offset = self.offset.unwrap_or(0);
        if let Some(index) = self.index {
            return at(plan, index, offset).map(|run| chosen(vec![run]));
        }
        let set = INDEX_VARIABLES
            .iter()
            .find_map(|name| variable(name).map(|value| (*name, value)));
        match set {
            Some((name, value)) => {
                let index = value.parse().map_err(|_| Failure::Request {
                    message: format!("{name} is `{value}`, which is no place in the plan"),
                    hint: "say which networks to train with --index, --run or --shard (--shard 1/1 is all)".to_owned(),
                })?;
                let plus = match offset {
                    0 => String::new(),
                    offset => format!(" and --offset {offset}"),
                };
                Ok(Chosen {
                    runs: vec![at(plan, index, offset)?],
                    notice: Some(format!(
                        "only run {} of the plan is trained, by {name}={value}{plus} (--shard 1/1 trains all)",
                        index + offset
                    )),
                })
            }
            None if self.offset.is_some() => Err(Failure::Request {
                message: "--offset has no index to add to".to_owned(),
                hint: format!(
                    "give --index, or run it as a task of an array job, which sets {} or {}",
                    INDEX_VARIABLES[0], INDEX_VARIABLES[1]
                ),
            }),
            None => Ok(chosen(plan.runs.clone())),
        }
    }

    fn by_name(&self, plan: &Plan) -> Result<Vec<PlannedRun>, Failure> {
        let mut is_chosen = vec![false; plan.runs.len()];
        for given in &self.run {
            let prefix = given.to_ascii_lowercase();
            let fits = |run: &PlannedRun| run.run_id.starts_with(&prefix);
            let mut places = (0..plan.runs.len()).filter(|&place| fits(&plan.runs[place]));
            let Some(first) = places.next() else {
                return Err(Failure::Request {
                    message: format!("no run of `{}` begins with `{given}`", plan.sweep),
                    hint: "`engram plan SWEEP` lists the runs with their names".to_owned(),
                });
            };
            let others: Vec<usize> = places.collect();
            if !others.is_empty() {
                let shown = std::iter::once(first).chain(others.iter().copied()).take(3);
                let lines = shown.map(|place| {
                    let run = &plan.runs[place];
                    format!("\n  {}  {}", run.run_id, run.configuration.describe())
                });
                return Err(Failure::Request {
                    message: format!(
                        "`{given}` begins the names of {} runs:{}",
                        others.len() + 1,
                        lines.collect::<String>()
                    ),
                    hint: "give more of the name".to_owned(),
                });
            }
            is_chosen[first] = true;
        }
        let runs = plan.runs.iter().zip(is_chosen);
        Ok(runs
            .filter(|(_, chosen)| *chosen)
            .map(|(run, _)| run.clone())
            .collect())
    }
}

/// The run in place `index + offset`.
fn at(plan: &Plan, index: usize, offset: usize) -> Result<PlannedRun, Failure> {
    let place = index.saturating_add(offset);
    plan.runs
        .get(place)
        .cloned()
        .ok_or_else(|| {
            Failure::Request {
        message: format!(
            "there is no run {place}: the plan of `{}` has runs 0 to {}",
            plan.sweep,
            plan.runs.len() - 1
        ),
        hint: "fit the array's range and --offset to the plan; `engram plan SWEEP` numbers its runs"
            .to_owned(),
    }
        })
}

#[cfg(test)]
mod tests;
