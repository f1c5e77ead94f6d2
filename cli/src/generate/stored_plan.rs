//! The plan that a dataset keeps of a sweep, and what differs when the sweep file has changed since.
//!
//! A run's name is a hash of its settings, so that changed settings never mix with what is there: the changed networks
//! would be trained anew beside the old ones, under the same sweep name. That is rarely meant, and is refused unless it
//! is asked for. A grid that grows or shrinks changes no run.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Context;
use engram_plan::{Plan, PlannedRun};
use engram_schemas::{DatasetLocation, layout};
use object_store::ObjectStoreExt;
use serde_json::Value;

use crate::failure::Failure;

/// The settings that say which point of the grid a run is; the rest is how it is trained.
const GRID: [&str; 6] = [
    "task.name",
    "architecture",
    "learning_rule.name",
    "batch_size",
    "model_seed",
    "dataset_seed",
];

/// How many changed settings a message lists.
const LISTED: usize = 12;

/// What stands for a setting that one of the plans lacks.
const NOTHING: &str = "(nothing)";

/// What is different in a new plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Setting by dotted path, value before and after, with the number of runs in which it changed so.
    settings: BTreeMap<(String, String, String), usize>,
    /// Runs of both plans' grids whose settings changed.
    pub(crate) n_changed: usize,
    /// Runs of the stored plan's grid alone.
    pub(crate) n_removed: usize,
}

/// Compares the plan that is stored with a new one.
///
/// # Errors
/// When the stored plan cannot be read.
pub(crate) async fn compare(
    location: &DatasetLocation,
    plan: &Plan,
) -> anyhow::Result<Differences> {
    let path = layout::sweep_log(location.root(), &plan.sweep);
    let unreadable = |reason: String| Failure::Request {
        message: format!(
            "cannot read the stored plan {}: {reason}",
            location.display(&path)
        ),
        hint: "if it is damaged, remove it; it is written again from the sweep file".to_owned(),
    };
    let stored = async { location.store().get(&path).await?.bytes().await };
    let stored = match stored.await {
        Ok(stored) => stored,
        Err(object_store::Error::NotFound { .. }) => return Ok(Differences::default()),
        // The store may be out of reach or refuse, and the plan be well.
        Err(error) => {
            let place = location.display(&path);
            return Err(error).context(format!("cannot read the stored plan {place}"));
        }
    };
    // As plain JSON: the plan may be of a version that knew other settings.
    let stored: Value =
        serde_json::from_slice(&stored).map_err(|error| unreadable(error.to_string()))?;
    let runs = stored.get("runs").and_then(Value::as_array);
    let runs = runs.ok_or_else(|| unreadable("it has no list `runs`".to_owned()))?;
    Ok(differences(runs, &plan.runs))
}

/// Refuses changed settings.
pub(crate) fn refuse(
    differences: &Differences,
    plan: &Plan,
    location: &DatasetLocation,
) -> Result<(), Failure> {
    if differences.n_changed == 0 {
        return Ok(());
    }
    let networks = networks(differences.n_changed);
    Err(Failure::Request {
        message: format!(
            "the settings of {networks} of `{}` are others than those that {} was begun with{differences}",
            plan.sweep,
            location.url(),
        ),
        hint: "undo the change, or give the sweep another `name` or another place with --to; --allow-change trains \
               the changed networks beside the files that are there"
            .to_owned(),
    })
}

impl std::fmt::Display for Differences {
    /// One line a changed setting, each after a line break.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for ((path, before, after), n_runs) in self.settings.iter().take(LISTED) {
            write!(f, "\n  {path}: {before} -> {after} ({})", networks(*n_runs))?;
        }
        match self.settings.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

pub(crate) fn networks(n: usize) -> String {
    match n {
        1 => "1 network".to_owned(),
        n => format!("{n} networks"),
    }
}

fn differences(stored: &[Value], planned: &[PlannedRun]) -> Differences {
    let id = |run: &Value| run.get("run_id").and_then(Value::as_str).map(str::to_owned);
    let before: HashSet<String> = stored.iter().filter_map(id).collect();
    let after: HashSet<&str> = planned.iter().map(|run| run.run_id.as_str()).collect();
    // Runs of one plan only, by grid point: what is in both lists there has changed.
    let mut old: HashMap<Vec<String>, Vec<BTreeMap<String, String>>> = HashMap::new();
    let is_gone = |run: &&Value| id(run).is_none_or(|id| !after.contains(id.as_str()));
    for run in stored.iter().filter(is_gone) {
        let settings = settings(run.get("configuration").unwrap_or(&Value::Null));
        old.entry(point(&settings)).or_default().push(settings);
    }
    let mut found = Differences::default();
    for run in planned.iter().filter(|run| !before.contains(&run.run_id)) {
        // Plain fields always serialise.
        let new = settings(&serde_json::to_value(&run.configuration).unwrap_or_default());
        let Some(candidates) = old.get_mut(&point(&new)) else {
            continue;
        };
        if candidates.is_empty() {
            continue;
        }
        let old = candidates.remove(0);
        found.n_changed += 1;
        let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for path in paths {
            let value = |of: &BTreeMap<String, String>| {
                of.get(path).cloned().unwrap_or_else(|| NOTHING.to_owned())
            };
            let (before, after) = (value(&old), value(&new));
            if before != after {
                *found
                    .settings
                    .entry((path.clone(), before, after))
                    .or_default() += 1;
            }
        }
    }
    found.n_removed = old.values().map(Vec::len).sum();
    found
}

/// A configuration's settings by dotted path. Lists are values.
fn settings(configuration: &Value) -> BTreeMap<String, String> {
    fn walk(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = match path {
                        "" => name.clone(),
                        path => format!("{path}.{name}"),
                    };
                    walk(value, &path, into);
                }
            }
            Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
            other => drop(into.insert(path.to_owned(), other.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    walk(configuration, "", &mut found);
    found
}

fn point(settings: &BTreeMap<String, String>) -> Vec<String> {
    GRID.iter()
        .map(|path| settings.get(*path).cloned().unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests;
