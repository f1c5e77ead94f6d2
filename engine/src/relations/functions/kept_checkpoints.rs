//! Experiments that see some checkpoints of each trajectory only.

use engram_schemas::trajectories::column;

use super::{KEY, SAMPLE, all_but};

/// What such a function needs of its input.
pub(super) const REQUIRED: [&str; 10] = [
    column::TASK,
    column::ARCHITECTURE,
    column::RUN_ID,
    column::LAYER,
    column::LAYER_INDEX,
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
    column::EPOCH,
];

/// The rows of `input` at the epochs that `chosen` gives for a trajectory's `epochs`, numbered by `sample`. A trajectory
/// whose chosen epochs are NULL is left out.
pub(super) fn query(chosen: &str, columns: &[String]) -> String {
    let (key, layer, epoch) = (KEY.join(", "), column::LAYER, column::EPOCH);
    let rest = all_but(columns, SAMPLE, "input");
    let (numbers, others): (Vec<_>, Vec<_>) = KEY
        .into_iter()
        .partition(|name| [column::UNIT_FRACTION, column::NOISE_STDDEV].contains(name));
    let equal = |name: &&str| format!("kept.{name} = input.{name}");
    let same = others.iter().map(equal).collect::<Vec<_>>().join(" AND ");
    let key_of = |relation: &str| {
        let of = |name: &&str| format!("CAST({relation}.{name} AS DOUBLE)");
        let columns = numbers.iter().map(of).collect::<Vec<_>>().join(", ");
        format!("row_key({columns})")
    };
    let condition = format!("{} = {}", key_of("kept"), key_of("input"));
    format!(
        ", trajectory AS (\
            SELECT {key}, {layer}, collect_trajectories({epoch})['epochs'] AS epochs FROM input GROUP BY {key}, {layer}\
        ), chosen AS (\
            SELECT {key}, {chosen} AS epochs FROM trajectory\
        ), kept AS (\
            SELECT {key}, unnest(epochs) AS {epoch}, unnest(range(0, cardinality(epochs))) AS {SAMPLE} FROM chosen \
            WHERE epochs IS NOT NULL\
        ) \
        SELECT {rest}, kept.{SAMPLE} FROM kept JOIN input \
        ON {same} AND {condition} AND kept.{epoch} = input.{epoch}"
    )
}
