//! The views: questions asked so often that they have names.
//!
//! Three are SQL texts as they stand in `views/`. The long form of the observables is written here from the list of them,
//! because their names live in `engram-schemas` and nowhere else.

use engram_schemas::Observable;
use engram_schemas::trajectories::{TABLE, file_schema};

/// Every view's name and query. A view may use those before it.
pub(crate) fn all() -> [(&'static str, String); 4] {
    [
        ("runs", include_str!("views/runs.sql").to_owned()),
        ("layers", include_str!("views/layers.sql").to_owned()),
        ("examples", include_str!("views/examples.sql").to_owned()),
        ("observables", observables()),
    ]
}

/// The long form of `trajectories`: a row for each of its rows and each observed statistic.
fn observables() -> String {
    let observed: Vec<String> = Observable::all().map(Observable::column).collect();
    let schema = file_schema();
    let identity: Vec<&str> = ["task", "architecture"]
        .into_iter()
        .chain(schema.fields().iter().map(|field| field.name().as_str()).filter(|name| !observed.iter().any(|o| o == name)))
        .collect();
    let identity = identity.join(", ");
    let texts = |part: fn(Observable) -> String| {
        Observable::all().map(|observable| format!("'{}'", part(observable))).collect::<Vec<_>>().join(", ")
    };
    format!(
        "SELECT {identity}, \
         unnest([{measures}]) AS measure, unnest([{functions}]) AS function, unnest([{statistics}]) AS statistic, \
         unnest([{names}]) AS name, unnest([{values}]) AS value FROM {TABLE}",
        measures = texts(|observable| observable.measure.as_str().to_owned()),
        functions = texts(|observable| observable.function.as_str().to_owned()),
        statistics = texts(|observable| observable.statistic.as_str().to_owned()),
        names = texts(Observable::column),
        values = observed.join(", "),
    )
}
