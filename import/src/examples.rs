//! From examples to runs: which examples are layers of the same network.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use engram_pickle::PublishedDataset;
use engram_pickle::published_dataset::{Categories, Meaning, MetaField};
use engram_schemas::{Architecture, Definition, Depth, LearningRule, Task};

use crate::{Error, Result};

/// What tells runs apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// Its task.
    pub task: Task,
    /// Its architecture.
    pub architecture: Architecture,
    /// Its learning rule.
    pub learning_rule: LearningRule,
    /// Examples in a batch.
    pub batch_size: i32,
    /// The seed of its initial weights.
    pub model_seed: i64,
    /// The seed of its training examples.
    pub dataset_seed: i64,
    /// The values of further fields, as they are written.
    pub further: Vec<String>,
}

/// A run's layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What it is.
    pub key: RunKey,
    /// Its layers, in forward order as far as the dataset tells it.
    pub layers: Vec<Layer>,
}

/// An example: a layer of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its place in the dataset.
    pub example: usize,
    /// Its name.
    pub name: String,
    /// Its place among the layers of its architecture.
    pub index: i32,
    /// Where in its network it lies.
    pub depth: Depth,
    /// How weight norms and activity change are defined.
    pub definition: Definition,
    /// The share of its units that were observed.
    pub unit_fraction: f64,
    /// The standard deviation of the noise on every unit.
    pub noise_stddev: f64,
    /// The seed of the choice of units and of the noise.
    pub observation_seed: i64,
}

/// Groups the examples of a dataset to runs, sorted. `run_fields` are fields of `meta` that tell runs apart, beside those that
/// are recognised.
///
/// # Errors
/// [`Error::NoField`] and [`Error::Names`] for a dataset that does not say what every example is of, [`Error::Repeated`] for one
/// that has more than one example for a run's layer.
pub fn runs(dataset: &PublishedDataset, run_fields: &[String]) -> Result<Vec<Run>> {
    let rules = members("learning rule", &dataset.learning_rules, LearningRule::ALL)?;
    let tasks = dataset.tasks().ok_or_else(|| no_field(dataset, "task"))?;
    let tasks = members("task", &tasks, Task::ALL)?;
    let architectures = dataset.architectures();
    let architectures = architectures.ok_or_else(|| no_field(dataset, "architecture"))?;
    let architectures = members("architecture", &architectures, Architecture::ALL)?;
    let layers = layer_names(dataset)?;
    let batch_sizes = integers(dataset, Meaning::BatchSize)?;
    let model_seeds = integers(dataset, Meaning::ModelSeed)?;
    let dataset_seeds = integers(dataset, Meaning::DatasetSeed)?;
    let definitions = definitions(dataset)?;
    let unit_fractions = reals(dataset, Meaning::UnitFraction, 1.0)?;
    let noise_stddevs = reals(dataset, Meaning::NoiseStddev, 0.0)?;
    let observation_seeds = integers(dataset, Meaning::ObservationSeed)?;
    let further = further(dataset, run_fields)?;
    let indices = indices(&architectures, &dataset.depths, &layers);

    let mut runs: BTreeMap<RunKey, Vec<Layer>> = BTreeMap::new();
    for example in 0..dataset.n_examples {
        let batch_size = batch_sizes[example];
        let key = RunKey {
            task: tasks[example],
            architecture: architectures[example],
            learning_rule: rules[example],
            batch_size: i32::try_from(batch_size).map_err(|_| Error::Range {
                what: "batch size",
                value: batch_size,
            })?,
            model_seed: model_seeds[example],
            dataset_seed: dataset_seeds[example],
            further: further.iter().map(|field| field[example].clone()).collect(),
        };
        runs.entry(key).or_default().push(Layer {
            example,
            name: layers[example].clone(),
            index: indices[example],
            depth: dataset.depths[example],
            definition: definitions[example],
            unit_fraction: unit_fractions[example],
            noise_stddev: noise_stddevs[example],
            observation_seed: observation_seeds[example],
        });
    }
    let mut repeated = 0;
    let mut first = None;
    for (key, layers) in &mut runs {
        layers.sort_by_key(|layer| layer.index);
        for pair in layers
            .windows(2)
            .filter(|pair| pair[0].index == pair[1].index)
        {
            repeated += 1;
            first.get_or_insert_with(|| (key.clone(), pair[0].name.clone()));
        }
    }
    if let Some((key, layer)) = first {
        return Err(Error::Repeated {
            n_repeated: repeated,
            first: described(&key),
            layer,
            fields: listed(unused(dataset, run_fields)),
        });
    }
    let runs = runs.into_iter();
    Ok(runs.map(|(key, layers)| Run { key, layers }).collect())
}

/// What no field of `meta` says, and what stands for it.
pub fn stand_ins(dataset: &PublishedDataset) -> Vec<Meaning> {
    [Meaning::BatchSize, Meaning::ModelSeed, Meaning::DatasetSeed]
        .into_iter()
        .filter(|&meaning| dataset.field(meaning).is_none())
        .collect()
}

fn described(key: &RunKey) -> String {
    let mut text = format!(
        "{} on {}, {}, batch size {}, model seed {}, dataset seed {}",
        key.architecture,
        key.task,
        key.learning_rule,
        key.batch_size,
        key.model_seed,
        key.dataset_seed
    );
    for value in &key.further {
        text.push_str(", ");
        text.push_str(value);
    }
    text
}

/// The member that every example is of.
fn members<T: Copy + Into<&'static str>>(
    kind: &'static str,
    categories: &Categories<T>,
    known: &[T],
) -> Result<Vec<T>> {
    if let Some(members) = categories.members.iter().copied().collect() {
        return Ok(members);
    }
    let names = categories.unrecognised.iter();
    Err(Error::Names {
        kind,
        names: listed(names.map(|(name, n)| format!("`{name}` ({n} examples)"))),
        known: listed(known.iter().map(|&member| member.into().to_owned())),
    })
}

fn layer_names(dataset: &PublishedDataset) -> Result<Vec<String>> {
    let field = dataset.field(Meaning::Layer);
    let field = field.ok_or_else(|| no_field(dataset, "layer"))?;
    let names = field.values.spelled();
    match names.len() == dataset.n_examples {
        true => Ok(names.into_iter().map(|name| name.to_string()).collect()),
        false => Err(wrong(field, "a name or number for every layer")),
    }
}

/// The integers of a field, or zeros where there is none.
fn integers(dataset: &PublishedDataset, meaning: Meaning) -> Result<Vec<i64>> {
    match dataset.field(meaning) {
        None => Ok(vec![0; dataset.n_examples]),
        Some(field) => field
            .values
            .to_integers()
            .ok_or_else(|| wrong(field, "one integer for every example")),
    }
}

/// The real numbers of a field, or the same for all where there is none.
fn reals(dataset: &PublishedDataset, meaning: Meaning, without: f64) -> Result<Vec<f64>> {
    match dataset.field(meaning) {
        None => Ok(vec![without; dataset.n_examples]),
        Some(field) => field
            .values
            .to_reals()
            .ok_or_else(|| wrong(field, "one number for every example")),
    }
}

/// The definitions by which the values were computed: the study's own unless a field says otherwise.
fn definitions(dataset: &PublishedDataset) -> Result<Vec<Definition>> {
    let Some(field) = dataset.field(Meaning::Definition) else {
        return Ok(vec![Definition::Published; dataset.n_examples]);
    };
    let texts = field.values.texts().unwrap_or_default();
    let definitions: Vec<Definition> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    match definitions.len() == dataset.n_examples {
        true => Ok(definitions),
        false => Err(wrong(field, "`standard` or `published` for every example")),
    }
}

/// The values of the named fields, of each its values for all examples.
fn further(dataset: &PublishedDataset, run_fields: &[String]) -> Result<Vec<Vec<String>>> {
    run_fields
        .iter()
        .map(|name| {
            let mut fields = dataset.fields.iter();
            let field = fields.find(|field| field.name == *name).ok_or_else(|| {
                engram_pickle::Error::NoSuchField {
                    name: name.clone(),
                    found: listed(dataset.fields.iter().map(|field| field.name.clone())),
                }
            })?;
            let values = field.values.spelled();
            match values.len() == dataset.n_examples {
                true => Ok(values.into_iter().map(|value| value.to_string()).collect()),
                false => Err(wrong(field, "one value for every example")),
            }
        })
        .collect()
}

/// The place of every example's layer among all layers that its architecture has in the dataset: by depth, and within a depth
/// by name, numbers in names counting as numbers.
fn indices(architectures: &[Architecture], depths: &[Depth], layers: &[String]) -> Vec<i32> {
    let mut orders: BTreeMap<Architecture, Vec<(Depth, &str)>> = BTreeMap::new();
    let examples = || {
        let places = architectures.iter().zip(depths).zip(layers);
        places.map(|((architecture, depth), layer)| (*architecture, (*depth, layer.as_str())))
    };
    for (architecture, layer) in examples() {
        let order = orders.entry(architecture).or_default();
        let by = |other: &(Depth, &str)| other.0.cmp(&layer.0).then(natural(other.1, layer.1));
        if let Err(place) = order.binary_search_by(by) {
            order.insert(place, layer);
        }
    }
    examples()
        .map(|(architecture, layer)| {
            let order = orders.get(&architecture).map_or(&[][..], Vec::as_slice);
            let place = order.iter().position(|other| *other == layer);
            place
                .and_then(|place| i32::try_from(place).ok())
                .unwrap_or(i32::MAX)
        })
        .collect()
}

/// The order of two names, of which digits that stand together count as one number.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (pieces(a), pieces(b));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => {
                let numbers = (one.parse::<u64>(), other.parse::<u64>());
                let order = match numbers {
                    (Ok(one), Ok(other)) => one.cmp(&other),
                    _ => one.cmp(other),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

/// The runs of digits, and what stands between them.
fn pieces(name: &str) -> impl Iterator<Item = &str> {
    name.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .scan(0, |start, piece| {
            let from = *start;
            *start += piece.len();
            name.get(from..*start)
        })
}

/// The fields by which runs could be told apart and are not.
fn unused<'a>(
    dataset: &'a PublishedDataset,
    run_fields: &'a [String],
) -> impl Iterator<Item = String> + 'a {
    let fields = dataset.fields.iter();
    let unused =
        fields.filter(|field| field.meaning.is_none() && !run_fields.contains(&field.name));
    unused.map(|field| field.name.clone())
}

fn no_field(dataset: &PublishedDataset, meaning: &'static str) -> Error {
    Error::NoField {
        meaning,
        fields: listed(dataset.fields.iter().map(|field| field.name.clone())),
    }
}

fn wrong(field: &MetaField, expected: &'static str) -> Error {
    Error::Field {
        field: field.name.clone(),
        expected,
    }
}

/// Some names in a line.
fn listed(names: impl Iterator<Item = String>) -> String {
    const MOST: usize = 30;
    let mut names: Vec<String> = names.take(MOST + 1).collect();
    if names.len() > MOST {
        names[MOST] = "...".to_owned();
    }
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = [
            "fc8", "conv10", "conv2", "conv1", "layer1.1", "layer1.0", "conv",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "conv", "conv1", "conv2", "conv10", "fc8", "layer1.0", "layer1.1"
            ]
        );
        assert_eq!(natural("conv01", "conv1"), Ordering::Less);
        assert_eq!(natural("größe2", "größe10"), Ordering::Less);
    }
}
