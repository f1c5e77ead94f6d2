//! What is observed, as a caller names it.

use engram_schemas::category::nearest;
use engram_schemas::observable::Measure;
use pyo3::prelude::*;

use crate::errors;

/// One name or several.
#[derive(FromPyObject)]
pub(crate) enum Names {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Names {
    /// The names.
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// All measures together.
const ALL: &str = "all";

/// The measures of these names, each once and in the order of the columns; all where none is named.
///
/// # Errors
/// For a name that is no measure's.
pub(crate) fn measures(names: Option<&Names>) -> PyResult<Vec<Measure>> {
    let names = names.map_or(&[][..], Names::as_slice);
    let known = || Measure::ALL.map(Measure::as_str).into_iter().chain([ALL]);
    if let Some(name) = names
        .iter()
        .find(|name| !known().any(|known| known == **name))
    {
        let hint = nearest(name, known()).map_or_else(
            || format!("known are {}", known().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(errors::argument(
            format!("there is no measure `{name}`"),
            Some(hint),
        ));
    }
    let all = names.is_empty() || names.iter().any(|name| name == ALL);
    let is_chosen = |measure: &Measure| all || names.iter().any(|name| name == measure.as_str());
    Ok(Measure::ALL.into_iter().filter(is_chosen).collect())
}
