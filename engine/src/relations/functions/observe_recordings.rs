//! `observe_recordings(measure, unit_fraction, noise_stddev, seed, units)`: what a recording sees.

use datafusion::common::{Result, plan_err};
use engram_schemas::observable::{Function, Measure, Observable};
use engram_schemas::recordings;
use engram_schemas::trajectories::column;

use super::{Arguments, Documentation, TableFunction, identity_of, quoted};

/// Rows like those of `trajectories`, computed from the values of single units.
#[derive(Debug)]
pub(super) struct ObserveRecordings;

const ALL: &str = "all";

/// What a recording needs.
const REQUIRED: [&str; 10] = [
    column::TASK,
    column::ARCHITECTURE,
    column::RUN_ID,
    column::LAYER,
    column::LAYER_INDEX,
    column::EPOCH,
    recordings::column::MEASURE,
    recordings::column::STIMULUS,
    recordings::column::N_CANDIDATES,
    recordings::column::VALUES,
];

/// What the observation condition of the rows is.
const CONDITION: [&str; 4] = [
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
];

impl TableFunction for ObserveRecordings {
    fn name(&self) -> &'static str {
        "observe_recordings"
    }

    fn default_input(&self) -> &'static str {
        "recordings"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &REQUIRED
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let [measure, fraction, noise, seed, units] =
            arguments.bind(["measure", "unit_fraction", "noise_stddev", "seed", "units"])?;
        let names = Measure::ALL.map(Measure::as_str);
        let choices: Vec<&str> = names.into_iter().chain([ALL]).collect();
        let measure = measure.map_or(Ok(ALL), |measure| measure.one_of("measure", &choices))?;
        let noise = noise.map_or(Ok(0.0), |noise| noise.deviation("noise_stddev"))?;
        let seed = seed.map_or(Ok(0), |seed| seed.seed())?;
        let length = "coalesce(array_length(\"values\"), 0)";
        let n_units = match (fraction, units) {
            (Some(_), Some(_)) => {
                return plan_err!("observe_recordings takes `unit_fraction` or `units`, not both");
            }
            (Some(fraction), None) => {
                let fraction = fraction.share("unit_fraction")?;
                // As in `sample_units`: a product that misses a whole number by rounding alone counts as that number.
                format!("least(greatest(1, ceil({fraction:?} * {length} * (1 - 1e-12))), {length})")
            }
            (None, Some(units)) => format!("least({}, {length})", units.integer("units", 1)?),
            (None, None) => length.to_owned(),
        };
        let of_units = "arrow_cast(units, 'List(Float64)')";
        let of_change = "make_array(list_observe(units)['mean'] * array_length(units))";
        let seen = match measure {
            ALL => {
                format!("CASE measure WHEN 'activity_change' THEN {of_change} ELSE {of_units} END")
            }
            "activity_change" => of_change.to_owned(),
            _ => of_units.to_owned(),
        };
        let chosen = match measure {
            ALL => String::new(),
            measure => format!("WHERE measure = {}", quoted(measure)),
        };
        let statistics: Vec<String> = Observable::all()
            .filter(|observable| measure == ALL || observable.measure.as_str() == measure)
            .map(mean)
            .collect();
        let identity = identity_of(columns).into_iter();
        let kept: Vec<&str> = identity
            .filter(|name| !CONDITION.contains(name))
            .chain([column::EPOCH])
            .collect();
        let (kept, statistics) = (kept.join(", "), statistics.join(", "));
        Ok(format!(
            ", units AS (\
                SELECT {kept}, measure, {n_units} / CAST(n_candidates AS DOUBLE) AS unit_fraction, add_gaussian_noise(\
                    array_slice(\"values\", 1, CAST({n_units} AS BIGINT)), {noise:?}, {seed}, \
                    run_id, layer, epoch, measure, coalesce(stimulus, -1)\
                ) AS units FROM input {chosen}\
            ), seen AS (\
                SELECT *, {seen} AS seen FROM units\
            ), observed AS (\
                SELECT *, list_observe(seen) AS raw, list_observe(array_transform(seen, value -> abs(value))) AS abs, \
                    list_observe(array_transform(seen, value -> value * value)) AS square \
                FROM seen\
            ) \
            SELECT {kept}, min(unit_fraction) AS unit_fraction, \
                CAST({noise:?} AS DOUBLE) AS noise_stddev, CAST({seed} AS BIGINT) AS observation_seed, \
                'recorded' AS definition, {statistics} \
            FROM observed GROUP BY {kept}"
        ))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "observe_recordings(measure, unit_fraction, noise_stddev, seed, units)",
            description: "Rows like those of `trajectories`, of some of the recorded units of each layer, with noise: the \
                statistics over the units, averaged over the stimuli. The recorded units are in random order, and the first of \
                them are taken, the same at every checkpoint. `unit_fraction` in the rows is the share of all units of the \
                layer. The change of activity is a stimulus' sum over the units.",
            arguments: &[
                (
                    "measure",
                    "`'weight'`, `'activation'`, `'activity_change'` or `'all'`, the default.",
                ),
                (
                    "unit_fraction",
                    "Share of the recorded units, above 0 and at most 1, the default.",
                ),
                (
                    "noise_stddev",
                    "Standard deviation of the noise on every unit, 0 when left out.",
                ),
                ("seed", "Seed of the noise: an integer, 0 when left out."),
                (
                    "units",
                    "In place of `unit_fraction`: number of units, all where fewer were recorded.",
                ),
                (
                    "input",
                    "Relation with the columns of `recordings`, which is the default.",
                ),
            ],
            example: "SELECT run_id, layer, epoch, activation_raw_mean \
                FROM observe_recordings('activation', noise_stddev => 0.1, units => 10)",
        }
    }
}

/// An observable's mean over the stimuli.
fn mean(observable: Observable) -> String {
    let function = match observable.function {
        Function::Raw => "raw",
        Function::Abs => "abs",
        Function::Square => "square",
    };
    format!(
        "avg({function}['{}']) FILTER (WHERE measure = '{}') AS {}",
        observable.statistic.as_str(),
        observable.measure.as_str(),
        observable.column()
    )
}
