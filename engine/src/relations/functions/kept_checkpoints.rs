//! Experiments that see some checkpoints of each trajectory only.

use engram_schemas::trajectories::column;

use super::{KEY, SAMPLE, all_but, same};

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
    let same = same("kept", "input", &KEY);
    format!(
        ", trajectory AS (\
            SELECT {key}, {layer}, collect_trajectories({epoch})['epochs'] AS epochs FROM input GROUP BY {key}, {layer}\
        ), chosen AS (\
            SELECT {key}, {chosen} AS epochs FROM trajectory\
        ), kept AS (\
            SELECT {key}, unnest(epochs) AS {epoch}, unnest(range(0, cardinality(epochs))) AS {SAMPLE} FROM chosen \
            WHERE epochs IS NOT NULL\
        ) \
        SELECT {rest}, kept.{SAMPLE} FROM kept JOIN input ON {same} AND kept.{epoch} = input.{epoch}"
    )
}
