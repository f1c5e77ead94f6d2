//! The search for base learning rates: short runs at rates around those of a sweep file, and the best of them written
//! back into the file.

use std::collections::{BTreeMap, HashMap};

use engram_schemas::{Architecture, LearningRule};
use toml_edit::{DocumentMut, InlineTable, Item, Value};

use crate::sweep::setting;
use crate::{BaseRate, Error, ObservationGrid, Plan, PlannedRun, Result, SweepFile};

/// What a base learning rate is chosen for: an entry of `[[networks]]`, one of its architectures, and a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The entry, from 0.
    pub entry: usize,
    /// The architecture.
    pub architecture: Architecture,
    /// The rule.
    pub learning_rule: LearningRule,
}

/// A rate to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// What for.
    pub place: Place,
    /// The base learning rate.
    pub base_rate: f64,
    /// The run that tries it.
    pub run: PlannedRun,
}

/// How rates are searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Epochs of a run.
    pub epochs: usize,
    /// What the file's rates are multiplied by.
    pub factors: Vec<f64>,
}

impl Default for Search {
    /// Half decades from a thirtieth to ten times the file's rate, three epochs each.
    fn default() -> Self {
        Self {
            epochs: 3,
            factors: vec![0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
        }
    }
}

/// How a candidate's run ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Whether the loss stayed finite.
    pub trained: bool,
    /// Mean loss over the validation examples.
    pub validation_loss: f64,
    /// Share of them classified correctly, where the task has classes.
    pub validation_accuracy: Option<f64>,
}

impl Score {
    /// Whether this is the better of two: trained before diverged, then by accuracy, then by loss.
    fn is_better_than(self, other: Self) -> bool {
        let key = |score: Self| (score.trained, score.validation_accuracy.unwrap_or(0.0));
        match key(self).partial_cmp(&key(other)) {
            Some(std::cmp::Ordering::Equal) | None => self.validation_loss < other.validation_loss,
            Some(order) => order.is_gt(),
        }
    }
}

/// The runs of a search: every entry, architecture and rule of `sweep` at every factor, with the first of its batch sizes
/// and seeds, for `search.epochs` epochs and without observations but of one stimulus.
///
/// # Errors
/// As [`SweepFile::plan`], and [`Error::Setting`] for a search that cannot be made.
pub fn candidates(sweep: &SweepFile, search: &Search) -> Result<Vec<Candidate>> {
    if search
        .factors
        .iter()
        .any(|factor| !(*factor > 0.0 && factor.is_finite()))
        || search.factors.is_empty()
    {
        let value = format!("{:?}", search.factors);
        return Err(setting("factors", &value, "they must be above 0"));
    }
    let mut all = Vec::new();
    for (entry, network) in sweep.networks.iter().enumerate() {
        for &architecture in &network.architectures {
            for &learning_rule in &sweep.learning_rules {
                let base = network.learning_rates.get(&learning_rule);
                let base = base.and_then(|rates| rates.of(architecture));
                let base = base.ok_or(Error::NoLearningRate {
                    learning_rule,
                    architecture,
                    task: network.task.name,
                })?;
                for factor in &search.factors {
                    let base_rate = rounded(base * factor);
                    let mut network = network.clone();
                    network.architectures = vec![architecture];
                    network.learning_rates = [(learning_rule, BaseRate::Same(base_rate))].into();
                    let warmup = search.epochs as f64 / 4.0;
                    network.schedule.warmup_epochs = network.schedule.warmup_epochs.min(warmup);
                    // A decay over the whole training has no place in its beginning.
                    network.schedule.decay = crate::Decay::Constant;
                    let one = SweepFile {
                        epochs: search.epochs,
                        checkpoint_every: search.epochs,
                        learning_rules: vec![learning_rule],
                        batch_sizes: first(&sweep.batch_sizes),
                        model_seeds: first(&sweep.model_seeds),
                        dataset_seeds: first(&sweep.dataset_seeds),
                        observation: ObservationGrid {
                            n_stimuli: Some(1),
                            ..ObservationGrid::default()
                        },
                        networks: vec![network],
                        ..sweep.clone()
                    };
                    let place = Place {
                        entry,
                        architecture,
                        learning_rule,
                    };
                    all.extend(one.plan()?.runs.into_iter().map(|run| Candidate {
                        place,
                        base_rate,
                        run,
                    }));
                }
            }
        }
    }
    Ok(all)
}

/// The plan of a search, under a name of its own.
pub fn plan(sweep: &SweepFile, candidates: &[Candidate]) -> Plan {
    let mut seen = std::collections::HashSet::new();
    let runs = candidates.iter().map(|candidate| &candidate.run);
    Plan {
        sweep: format!("{}.tuning", sweep.name),
        data: sweep.data.clone(),
        // Two entries that differ in what a short run does not show may try the same run.
        runs: runs
            .filter(|run| seen.insert(run.run_id.clone()))
            .cloned()
            .collect(),
    }
}

/// The best candidate of every place, given the scores of their runs by name. A place none of whose runs was trained is
/// left out.
pub fn best<'a>(
    candidates: &'a [Candidate],
    scores: &HashMap<String, Score>,
) -> BTreeMap<Place, (&'a Candidate, Score)> {
    let mut best: BTreeMap<Place, (&Candidate, Score)> = BTreeMap::new();
    for candidate in candidates {
        let Some(&score) = scores.get(&candidate.run.run_id) else {
            continue;
        };
        let is_best = |(_, so_far): &(&Candidate, Score)| score.is_better_than(*so_far);
        if score.trained && best.get(&candidate.place).is_none_or(is_best) {
            best.insert(candidate.place, (candidate, score));
        }
    }
    best
}

/// The text of a sweep file with other base learning rates; everything else, comments included, stays as it is.
///
/// # Errors
/// [`Error::Edit`] when the text is not the sweep file that the rates were found for.
pub fn with_rates(text: &str, rates: &BTreeMap<Place, f64>) -> Result<String> {
    let mut document: DocumentMut =
        text.parse()
            .map_err(|error: toml_edit::TomlError| Error::Edit {
                reason: error.to_string(),
            })?;
    let mut by_rule: BTreeMap<(usize, LearningRule), BTreeMap<Architecture, f64>> = BTreeMap::new();
    for (place, rate) in rates {
        let architectures = by_rule
            .entry((place.entry, place.learning_rule))
            .or_default();
        architectures.insert(place.architecture, *rate);
    }
    for ((entry, rule), found) in by_rule {
        let missing = || Error::Edit {
            reason: format!(
                "its [[networks]] entry {} has no `learning_rates`",
                entry + 1
            ),
        };
        let networks = document.get_mut("networks");
        let network: Option<&mut dyn toml_edit::TableLike> = match networks {
            Some(Item::ArrayOfTables(tables)) => tables.get_mut(entry).map(|table| table as _),
            Some(Item::Value(Value::Array(array))) => array
                .get_mut(entry)
                .and_then(Value::as_inline_table_mut)
                .map(|table| table as _),
            _ => None,
        };
        let network = network.ok_or_else(missing)?;
        let architectures: Vec<Architecture> = network
            .get("architectures")
            .and_then(Item::as_array)
            .map(|names| {
                names
                    .iter()
                    .filter_map(|name| name.as_str()?.parse().ok())
                    .collect()
            })
            .unwrap_or_default();
        let learning_rates = network
            .get_mut("learning_rates")
            .and_then(Item::as_table_like_mut);
        let old = learning_rates.ok_or_else(missing)?;
        let value = rates_of(&architectures, &found, old.get(rule.as_str()));
        old.insert(rule.as_str(), Item::Value(value));
    }
    Ok(document.to_string())
}

/// One number where all architectures have the same, or else a table; an architecture without a found rate keeps its old.
fn rates_of(
    architectures: &[Architecture],
    found: &BTreeMap<Architecture, f64>,
    old: Option<&Item>,
) -> Value {
    let old_rate = |architecture: Architecture| {
        let old = old?;
        old.as_float()
            .or_else(|| old.as_table_like()?.get(architecture.as_str())?.as_float())
    };
    let rates: Vec<(Architecture, f64)> = architectures
        .iter()
        .filter_map(|&architecture| {
            let rate = found.get(&architecture).copied();
            Some((architecture, rate.or_else(|| old_rate(architecture))?))
        })
        .collect();
    match rates.as_slice() {
        [(_, first), rest @ ..] if rest.iter().all(|(_, rate)| rate == first) => {
            Value::from(*first)
        }
        _ => {
            let mut table = InlineTable::new();
            for (architecture, rate) in rates {
                table.insert(architecture.as_str(), rate.into());
            }
            Value::InlineTable(table)
        }
    }
}

fn first<T: Clone>(values: &[T]) -> Vec<T> {
    values.iter().take(1).cloned().collect()
}

/// To two significant digits: nobody's rate is known better, and the file stays readable.
fn rounded(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWEEP: &str = r#"# A comment that stays.
name = "t"
epochs = 20
checkpoint_every = 1
learning_rules = ["sgdm", "adam"]
batch_sizes = [64, 128]
model_seeds = [0, 1]
dataset_seeds = [0]

[[networks]]
task = { name = "digits" }
architectures = ["knet4", "knet5"] # and so does this
learning_rates = { sgdm = 0.2, adam = 0.004 }
"#;

    fn sweep(text: &str) -> SweepFile {
        toml::from_str(text).unwrap()
    }

    fn place(architecture: Architecture, learning_rule: LearningRule) -> Place {
        Place {
            entry: 0,
            architecture,
            learning_rule,
        }
    }

    #[test]
    fn every_place_is_tried_at_every_factor() {
        let search = Search::default();
        let found = candidates(&sweep(SWEEP), &search).unwrap();
        assert_eq!(found.len(), 2 * 2 * search.factors.len());
        let rates: Vec<f64> = found[..6]
            .iter()
            .map(|candidate| candidate.base_rate)
            .collect();
        assert_eq!(rates, [0.006, 0.02, 0.06, 0.2, 0.6, 2.0]);
        let run = &found[0].run.configuration;
        assert_eq!(
            (run.epochs, run.batch_size, run.learning_rate),
            (3, 64, 0.006 / 4.0)
        );
        assert_eq!(plan(&sweep(SWEEP), &found).runs.len(), found.len());
    }

    #[test]
    fn the_best_trained_run_is_chosen() {
        let found = candidates(&sweep(SWEEP), &Search::default()).unwrap();
        let score = |trained, loss, accuracy| Score {
            trained,
            validation_loss: loss,
            validation_accuracy: accuracy,
        };
        let scores = HashMap::from([
            (found[0].run.run_id.clone(), score(true, 0.5, Some(0.8))),
            (found[1].run.run_id.clone(), score(true, 0.4, Some(0.8))),
            (found[2].run.run_id.clone(), score(false, 0.1, Some(0.9))),
            (found[6].run.run_id.clone(), score(false, 0.1, Some(0.9))),
        ]);
        let best = best(&found, &scores);
        assert_eq!(best.len(), 1);
        assert_eq!(best[&found[0].place].0.base_rate, 0.02);
        // Without classes the loss decides.
        assert!(score(true, 1.0, None).is_better_than(score(true, 2.0, None)));
        assert!(!score(true, f64::NAN, None).is_better_than(score(true, 2.0, None)));
    }

    #[test]
    fn rates_are_written_where_they_belong_and_nothing_else_changes() {
        let same = BTreeMap::from([
            (place(Architecture::Knet4, LearningRule::Sgdm), 0.6),
            (place(Architecture::Knet5, LearningRule::Sgdm), 0.6),
        ]);
        let text = with_rates(SWEEP, &same).unwrap();
        assert_eq!(text, SWEEP.replace("sgdm = 0.2", "sgdm = 0.6"));
        let one = BTreeMap::from([(place(Architecture::Knet5, LearningRule::Adam), 0.01)]);
        let text = with_rates(SWEEP, &one).unwrap();
        assert!(
            text.contains("adam = { knet4 = 0.004, knet5 = 0.01 }"),
            "{text}"
        );
        let rates = &sweep(&text).networks[0].learning_rates[&LearningRule::Adam];
        assert_eq!(rates.of(Architecture::Knet4), Some(0.004));
        assert_eq!(rates.of(Architecture::Knet5), Some(0.01));
    }
}
