//! `features(measure, ...)`: what classifiers read.

use datafusion::common::Result;
use engram_schemas::Observable;
use engram_schemas::observable::Measure;
use engram_schemas::trajectories::column;

use super::{Arguments, Documentation, SAMPLE, TableFunction, identity_of, quoted};
use crate::relations::refused;

/// One row an example, with the trajectories of every admissible statistic.
#[derive(Debug)]
pub(super) struct Features;

impl TableFunction for Features {
    fn name(&self) -> &'static str {
        "features"
    }

    fn default_input(&self) -> &'static str {
        "trajectories"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &[
            column::TASK,
            column::ARCHITECTURE,
            column::LEARNING_RULE,
            column::RUN_ID,
            column::STATUS,
            column::LAYER,
            column::LAYER_INDEX,
            column::DEPTH,
            column::UNIT_FRACTION,
            column::NOISE_STDDEV,
            column::OBSERVATION_SEED,
            column::DEFINITION,
        ]
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let observed = observed(arguments, columns)?;
        let mut only_admissible = true;
        for (name, value) in arguments.named() {
            match name.as_str() {
                "admissible" => only_admissible = value.boolean(name)?,
                _ => return Err(arguments.unknown(name, value, &["admissible", "input"])),
            }
        }
        let has = |name: &str| columns.iter().any(|column| column == name);
        let time = [SAMPLE, column::EPOCH].into_iter().find(|name| has(name));
        let Some(time) = time else {
            let problem = "the input of features has no column epoch";
            return Err(refused(problem, arguments.span));
        };
        let identity = identity_of(columns).join(", ");
        let values = observed.join(", ");
        let names: Vec<String> = observed
            .iter()
            .map(|name| format!("[{}]", quoted(name)))
            .collect();
        let names = names.join(", ");
        let (collected, is_chosen) = match only_admissible {
            true => (
                format!("collect_admissible((status = 'trained'), {time}, {values})"),
                "admissible(CASE WHEN status = 'trained' THEN epochs END, trajectories) OVER ()"
                    .to_owned(),
            ),
            false => (
                format!("collect_trajectories({time}, {values})"),
                format!("[{}]", vec!["true"; observed.len()].join(", ")),
            ),
        };
        // Every file is read once: what is asked of all examples is asked of what was collected of them.
        Ok(format!(
            ", example AS (\
                SELECT {identity}, collect_trajectories({time})['epochs'] AS epochs, \
                    {collected}['trajectories'] AS trajectories FROM input GROUP BY {identity}\
            ), among_all AS (\
                SELECT *, usual_epochs(CASE WHEN status = 'trained' THEN epochs END) OVER () AS usual, \
                    {is_chosen} AS is_chosen FROM example\
            ), judged AS (\
                SELECT *, CASE WHEN status <> 'trained' THEN 'run ' || status \
                    WHEN usual IS NULL OR epochs <> usual THEN 'unusual checkpoints' END AS excluded FROM among_all\
            ) \
            SELECT {identity}, excluded, flatten_where([{names}], is_chosen) AS statistics, epochs, \
                CASE WHEN excluded IS NULL THEN flatten_where(trajectories, is_chosen) END AS features FROM judged"
        ))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "features(measure, ...)",
            description: "The feature matrix: one row per example (a layer of a run under an observation condition), with its \
                identity and `features`, a list of the trajectories of every chosen statistic, statistic by statistic, each in \
                the order of the epochs; as long in every row. `statistics` are their names and `epochs` the checkpoints, or the \
                numbers of the samples where the input has `sample`. A statistic is admissible when it is finite at every \
                checkpoint of every included example. Examples of runs that diverged, or whose checkpoints are not those that \
                most trained examples have, keep their row with the reason in `excluded` and NULL for features.",
            arguments: &[
                (
                    "measure",
                    "'weight', 'activation', 'activity_change', 'all', or the name of a statistic, as many as wanted; all when left out.",
                ),
                (
                    "admissible",
                    "`false` keeps statistics that are not finite everywhere; `true` is the default.",
                ),
                (
                    "input",
                    "Relation with the columns of `trajectories`, which is the default.",
                ),
            ],
            example: "SELECT run_id, layer, statistics, features FROM features('weight', 'activation_raw_norm') \
                WHERE excluded IS NULL",
        }
    }
}

/// The name of all measures together.
const ALL: &str = "all";

/// The columns that the arguments name, in the order of the table.
fn observed(arguments: &Arguments, columns: &[String]) -> Result<Vec<String>> {
    let all: Vec<Observable> = Observable::all().collect();
    let mut wanted = Vec::new();
    for argument in arguments.positional() {
        let name = argument.text("measure")?;
        let of_name: Vec<String> = all
            .iter()
            .filter(|observable| {
                [ALL, observable.measure.as_str(), &observable.column()].contains(&name)
            })
            .map(|observable| observable.column())
            .collect();
        if of_name.is_empty() {
            let measures = Measure::ALL
                .iter()
                .map(|measure| measure.as_str().to_owned());
            let known: Vec<String> = measures
                .chain(all.iter().map(|observable| observable.column()))
                .collect();
            let near = engram_schemas::category::nearest(name, known.iter().map(String::as_str));
            let meant = near.map_or_else(
                || "there are 'weight', 'activation' and 'activity_change'".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            let problem = format!("there is no measure or statistic '{name}': {meant}");
            return Err(refused(problem, argument.span));
        }
        wanted.extend(of_name);
    }
    let is_wanted = |name: &String| wanted.is_empty() || wanted.contains(name);
    let taken: Vec<String> = all
        .iter()
        .map(|observable| observable.column())
        .filter(is_wanted)
        .filter(|name| columns.contains(name))
        .collect();
    if taken.is_empty() {
        let problem = "the input of features has none of the observed columns";
        return Err(refused(problem, arguments.span));
    }
    Ok(taken)
}
