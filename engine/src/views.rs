//! The views: questions asked so often that they have names.
//!
//! Three are SQL texts as they stand in `views/`. The two long forms are written here from the list of the observables,
//! because their names live in `engram-schemas` and nowhere else.

use engram_schemas::Observable;
use engram_schemas::trajectories::{PARTITION_COLUMNS, TABLE, column, file_schema};
use engram_schemas::{recordings, results};

/// What is measured of the learning rule itself: neither observed of the network nor part of what an example is.
const ANGLES: [&str; 2] = [column::FEEDBACK_ANGLE, column::GRADIENT_ANGLE];

/// Every view's name and query.
pub(crate) fn all() -> [(&'static str, String); 5] {
    [
        ("runs", include_str!("views/runs.sql").to_owned()),
        ("layers", include_str!("views/layers.sql").to_owned()),
        ("examples", include_str!("views/examples.sql").to_owned()),
        ("observables", observables()),
        ("series", series()),
    ]
}

/// Whether every dataset has a table or view of this name.
pub(crate) fn is_taken(name: &str) -> bool {
    let tables = [TABLE, recordings::TABLE, results::TABLE];
    tables.contains(&name) || all().iter().any(|(view, _)| *view == name)
}

/// A row for each row of `trajectories` and each observed statistic, with its `value`.
fn observables() -> String {
    let rest = rest(&ANGLES);
    let (names, columns) = (unnested_names(), columns());
    format!("SELECT {rest}, {names}, unnest([{columns}]) AS value FROM {TABLE}")
}

/// A row for each example: the checkpoints' `epochs`, the observables' `names`, and for each of these its values at those
/// epochs, as `trajectories`.
fn series() -> String {
    let [feedback_angle, gradient_angle] = ANGLES;
    let rest = rest(&[
        column::EPOCH,
        column::STEP,
        column::VALIDATION_LOSS,
        column::VALIDATION_ACCURACY,
        feedback_angle,
        gradient_angle,
    ]);
    let (names, columns, epoch) = (texts(Observable::column), columns(), column::EPOCH);
    format!(
        "SELECT {rest}, collected['epochs'] AS epochs, [{names}] AS names, collected['trajectories'] AS trajectories \
        FROM (SELECT {rest}, collect_trajectories({epoch}, {columns}) AS collected FROM {TABLE} GROUP BY {rest})"
    )
}

/// The columns of the example and the checkpoint, without those of `left_out`.
fn rest(left_out: &[&str]) -> String {
    let observed: Vec<String> = Observable::all().map(Observable::column).collect();
    let schema = file_schema();
    let names = PARTITION_COLUMNS
        .into_iter()
        .chain(schema.fields().iter().map(|field| field.name().as_str()));
    let is_rest =
        |name: &&str| !left_out.contains(name) && !observed.iter().any(|observed| observed == name);
    names.filter(is_rest).collect::<Vec<_>>().join(", ")
}

/// The observed columns, in their order.
fn columns() -> String {
    Observable::all()
        .map(Observable::column)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The observables' names and the parts of them, a row each.
fn unnested_names() -> String {
    format!(
        "unnest([{}]) AS measure, unnest([{}]) AS function, unnest([{}]) AS statistic, unnest([{}]) AS name",
        texts(|observable| observable.measure.as_str().to_owned()),
        texts(|observable| observable.function.as_str().to_owned()),
        texts(|observable| observable.statistic.as_str().to_owned()),
        texts(Observable::column),
    )
}

/// One text of every observable, in their order, as SQL.
fn texts(of: fn(Observable) -> String) -> String {
    Observable::all()
        .map(|observable| format!("'{}'", of(observable)))
        .collect::<Vec<_>>()
        .join(", ")
}
