//! The dataset that the study published, from the value of its pickle.
//!
//! It is a dict: `X`, the observed statistics of every example (one layer of one network) at every checkpoint; `obs_keys`, their
//! names; `X_cat`, where in its network the layer lies, one-hot and repeated for every checkpoint; `Y`, the learning rules as
//! labels; and `meta`, records of what else is known of an example. The names of the fields of `meta` and of what they hold are
//! not documented, so that likely spellings are recognised, and what is not recognised is kept and can be reported.
//!
//! # References
//! Nayebi et al., "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020.

mod categories;
mod depth;
mod meta;
mod observables;

use std::collections::{BTreeMap, HashMap};

use engram_schemas::{Architecture, Depth, LearningRule, Observable, Task};

use crate::cursor::shortened;
use crate::value::LONGEST_NAME;
use crate::{Dict, Error, NdArray, Result, Text, Value};

pub use categories::{Categories, Spelled};
pub use meta::{FieldValues, Meaning, MetaField};
pub use observables::name as statistic_name;

/// The examples of the study.
#[derive(Debug)]
#[non_exhaustive]
pub struct PublishedDataset {
    /// The statistics, in the order in which `values` has them.
    pub statistics: Vec<PublishedStatistic>,
    /// Number of examples.
    pub n_examples: usize,
    /// Number of checkpoints at which each was observed.
    pub n_checkpoints: usize,
    /// The epochs of the checkpoints, where the dataset has them: the study's does not, Engram's exports do.
    pub epochs: Option<Vec<i64>>,
    /// The observed values, `[example, checkpoint, statistic]`, the last index changing first.
    pub values: Vec<f64>,
    /// Where in its network each example's layer lies.
    pub depths: Vec<Depth>,
    /// The learning rule of each example's network.
    pub learning_rules: Categories<LearningRule>,
    /// What else is known of each example, as the dataset names it.
    pub fields: Vec<MetaField>,
    spellings: Spellings,
}

/// What names of the dataset mean that are not recognised by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spellings {
    /// Fields of `meta`.
    pub fields: Vec<(Meaning, String)>,
    /// Names of tasks, architectures and learning rules, and ours for them.
    pub names: BTreeMap<String, String>,
}

/// A statistic that the dataset has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedStatistic {
    /// Its name in the dataset.
    pub name: String,
    /// Which of our columns it is; nothing where the name is not recognised.
    pub observable: Option<Observable>,
}

impl PublishedDataset {
    /// The dataset of a pickle's value.
    ///
    /// # Errors
    /// Where a part is missing, has another form, or contradicts another.
    pub fn try_new(pickled: &Value) -> Result<Self> {
        Self::try_new_with(pickled, Spellings::default())
    }

    /// The dataset of a pickle's value, some of whose names mean what `spellings` say.
    ///
    /// # Errors
    /// As [`PublishedDataset::try_new`], and for a field that is not there.
    pub fn try_new_with(pickled: &Value, spellings: Spellings) -> Result<Self> {
        let parts = pickled.as_dict().ok_or_else(|| Error::Form {
            name: "pickle".to_owned(),
            found: pickled.to_string(),
            expected: "a dict with `obs_keys`, `X`, `X_cat`, `Y` and `meta`".to_owned(),
        })?;
        let statistics = statistics(part(parts, "obs_keys")?)?;

        let observed = array(parts, "X")?;
        let &[n_examples, n_checkpoints, n_statistics] = observed.shape() else {
            return Err(form("X", observed, "[examples, checkpoints, statistics]"));
        };
        if n_statistics != statistics.len() {
            let expected = format!(
                "[examples, checkpoints, {}], as `obs_keys` has it",
                statistics.len()
            );
            return Err(form("X", observed, expected));
        }
        let epochs = parts.get("epochs").and_then(Value::as_array);
        let epochs = epochs
            .filter(|epochs| epochs.shape() == [n_checkpoints])
            .and_then(|epochs| epochs.to_i64().ok());
        let fields = meta::fields(part(parts, "meta")?, n_examples, &spellings)?;
        Ok(Self {
            values: observed.to_f64()?,
            depths: depth::depths(array(parts, "X_cat")?, parts, n_examples, n_checkpoints)?,
            learning_rules: learning_rules(part(parts, "Y")?, &fields, n_examples, &spellings)?,
            statistics,
            n_examples,
            n_checkpoints,
            epochs,
            fields,
            spellings,
        })
    }

    /// The field of `meta` that was recognised as `meaning`.
    pub fn field(&self, meaning: Meaning) -> Option<&MetaField> {
        self.fields
            .iter()
            .find(|field| field.meaning == Some(meaning))
    }

    /// The tasks, where a field has them.
    pub fn tasks(&self) -> Option<Categories<Task>> {
        Some(Categories::recognise(
            self.field(Meaning::Task)?.values.texts()?,
            &self.spellings,
        ))
    }

    /// The architectures, where a field has them.
    pub fn architectures(&self) -> Option<Categories<Architecture>> {
        Some(Categories::recognise(
            self.field(Meaning::Architecture)?.values.texts()?,
            &self.spellings,
        ))
    }

    /// The names of statistics that are none of ours.
    pub fn unrecognised_statistics(&self) -> impl Iterator<Item = &str> {
        let unknown = |statistic: &&PublishedStatistic| statistic.observable.is_none();
        self.statistics
            .iter()
            .filter(unknown)
            .map(|statistic| statistic.name.as_str())
    }

    /// The names of fields of `meta` whose meaning is not known.
    pub fn unrecognised_fields(&self) -> impl Iterator<Item = &str> {
        let unknown = |field: &&MetaField| field.meaning.is_none();
        self.fields
            .iter()
            .filter(unknown)
            .map(|field| field.name.as_str())
    }
}

fn part<'a>(parts: &'a Dict, name: &'static str) -> Result<&'a Value> {
    parts.get(name).ok_or_else(|| Error::Missing {
        name,
        found: listed(parts.entries().iter().map(|(key, _)| key.to_string())),
    })
}

/// The first of `names`, for a message.
fn listed(names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 30;
    match names.take(MOST).reduce(|list, name| list + ", " + &name) {
        Some(list) => list,
        None => "nothing".to_owned(),
    }
}

fn array<'a>(parts: &'a Dict, name: &'static str) -> Result<&'a NdArray> {
    let value = part(parts, name)?;
    value
        .as_array()
        .ok_or_else(|| form(name, value, "a NumPy array"))
}

fn form(name: &str, found: &impl ToString, expected: impl Into<String>) -> Error {
    Error::Form {
        name: name.to_owned(),
        found: found.to_string(),
        expected: expected.into(),
    }
}

/// The texts of a list, a tuple or an array.
fn texts(name: &str, value: &Value) -> Result<Vec<Text>> {
    let texts = match value {
        Value::Array(array) => array.to_texts().ok(),
        value => value
            .as_items()
            .and_then(|items| items.iter().map(Value::to_text).collect()),
    };
    texts
        .filter(|texts| texts.iter().all(|text| text.len() <= LONGEST_NAME))
        .ok_or_else(|| form(name, value, "a list or an array of short texts"))
}

fn statistics(names: &Value) -> Result<Vec<PublishedStatistic>> {
    let mut statistics: Vec<PublishedStatistic> = Vec::new();
    let mut by_observable: HashMap<Observable, Text> = HashMap::new();
    for name in texts("obs_keys", names)? {
        let observable = observables::recognise(&name);
        let same = observable.and_then(|observable| by_observable.insert(observable, name.clone()));
        if let Some(same) = same {
            return Err(Error::Contradiction {
                reason: format!("`{same}` and `{name}` in `obs_keys` are the same statistic"),
            });
        }
        statistics.push(PublishedStatistic {
            name: name.to_string(),
            observable,
        });
    }
    Ok(statistics)
}

/// The rules by the labels `Y`: by their names where the labels are texts, or else by the field of `meta`, which then has to
/// have one name a label.
fn learning_rules(
    labels: &Value,
    fields: &[MetaField],
    n_examples: usize,
    spellings: &Spellings,
) -> Result<Categories<LearningRule>> {
    let array = labels
        .as_array()
        .ok_or_else(|| form("Y", labels, "a NumPy array"))?;
    if array.len() != n_examples {
        return Err(form(
            "Y",
            array,
            format!("one label for each of {n_examples} examples"),
        ));
    }
    let labels = match FieldValues::read(array) {
        FieldValues::Unread(_) => return Err(form("Y", array, "integers or texts")),
        labels => labels.spelled(),
    };
    let field = fields
        .iter()
        .find(|field| field.meaning == Some(Meaning::LearningRule));
    let names = match field {
        Some(field) => field.values.texts().ok_or_else(|| {
            form(
                &format!("meta.{}", field.name),
                &field.dtype,
                "the rules' names",
            )
        })?,
        None if labels_are_texts(array) => return Ok(Categories::recognise(&labels, spellings)),
        None => {
            return Err(Error::Missing {
                name: "meta.learning_rule",
                found: listed(fields.iter().map(|field| shortened(&field.name))),
            });
        }
    };
    let mut name_of = HashMap::new();
    let mut label_of = HashMap::new();
    for (label, name) in labels.iter().zip(names) {
        let name_before = *name_of.entry(label).or_insert(name);
        let label_before = *label_of.entry(name).or_insert(label);
        if name_before != name || label_before != label {
            return Err(Error::Contradiction {
                reason: format!(
                    "the label {label_before} in `Y` is the rule `{name_before}` in `meta` for one example, and {label} is \
                     `{name}` for another"
                ),
            });
        }
    }
    Ok(Categories::recognise(names, spellings))
}

fn labels_are_texts(labels: &NdArray) -> bool {
    matches!(FieldValues::read(labels), FieldValues::Texts(_))
}
