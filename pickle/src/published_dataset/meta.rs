//! What is known of every example beyond its trajectories: the fields of `meta`.

use super::categories::letters;
use super::{Spellings, form, listed};
use crate::value::LONGEST_NAME;
use crate::{Error, Kind, NdArray, Result, Text, Value};

/// What a field of `meta` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// The learning rule.
    LearningRule,
    /// What the network was trained to do.
    Task,
    /// The network's architecture.
    Architecture,
    /// The layer, by name or number.
    Layer,
    /// Examples in a batch.
    BatchSize,
    /// The seed of the initial weights.
    ModelSeed,
    /// The seed of the order of the training examples.
    DatasetSeed,
    /// How weight norms and activity change are defined.
    Definition,
    /// The share of the units that were observed.
    UnitFraction,
    /// The standard deviation of the noise on every unit.
    NoiseStddev,
    /// The seed of the choice of units and of the noise.
    ObservationSeed,
}

impl Meaning {
    /// Every meaning, in declared order.
    pub const ALL: [Self; 11] = [
        Self::LearningRule,
        Self::Task,
        Self::Architecture,
        Self::Layer,
        Self::BatchSize,
        Self::ModelSeed,
        Self::DatasetSeed,
        Self::Definition,
        Self::UnitFraction,
        Self::NoiseStddev,
        Self::ObservationSeed,
    ];

    /// Its name, which is that of the column of `trajectories`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LearningRule => "learning_rule",
            Self::Task => "task",
            Self::Architecture => "architecture",
            Self::Layer => "layer",
            Self::BatchSize => "batch_size",
            Self::ModelSeed => "model_seed",
            Self::DatasetSeed => "dataset_seed",
            Self::Definition => "definition",
            Self::UnitFraction => "unit_fraction",
            Self::NoiseStddev => "noise_stddev",
            Self::ObservationSeed => "observation_seed",
        }
    }
}

/// Names of fields, in small letters and digits; of two names with one meaning, the first.
const NAMES: &[(&str, Meaning)] = &[
    ("learningrule", Meaning::LearningRule),
    ("rule", Meaning::LearningRule),
    ("task", Meaning::Task),
    ("taskname", Meaning::Task),
    ("tasktype", Meaning::Task),
    ("dataset", Meaning::Task),
    ("datasetname", Meaning::Task),
    ("architecture", Meaning::Architecture),
    ("arch", Meaning::Architecture),
    ("model", Meaning::Architecture),
    ("modelname", Meaning::Architecture),
    ("modelarch", Meaning::Architecture),
    ("modelarchitecture", Meaning::Architecture),
    ("modeltype", Meaning::Architecture),
    ("network", Meaning::Architecture),
    ("layername", Meaning::Layer),
    ("layer", Meaning::Layer),
    ("layerid", Meaning::Layer),
    ("layerindex", Meaning::Layer),
    ("layeridx", Meaning::Layer),
    ("batchsize", Meaning::BatchSize),
    ("trainbatchsize", Meaning::BatchSize),
    ("batch", Meaning::BatchSize),
    ("bs", Meaning::BatchSize),
    ("modelseed", Meaning::ModelSeed),
    ("initseed", Meaning::ModelSeed),
    ("weightseed", Meaning::ModelSeed),
    ("datasetseed", Meaning::DatasetSeed),
    ("dataseed", Meaning::DatasetSeed),
    ("dsseed", Meaning::DatasetSeed),
    ("definition", Meaning::Definition),
    ("unitfraction", Meaning::UnitFraction),
    ("noisestddev", Meaning::NoiseStddev),
    ("observationseed", Meaning::ObservationSeed),
];

/// A field of `meta`: one value an example.
#[derive(Clone, Debug)]
pub struct MetaField {
    /// Its name in the dataset.
    pub name: String,
    /// What it is; nothing where the name is not recognised, or another field is that already.
    pub meaning: Option<Meaning>,
    /// NumPy's code of its dtype.
    pub dtype: String,
    /// Its values.
    pub values: FieldValues,
}

/// The values of a field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldValues {
    /// Integers, or bools as 0 and 1.
    Integers(Vec<i64>),
    /// Floats.
    Floats(Vec<f64>),
    /// Texts.
    Texts(Vec<Text>),
    /// Values that are not read, and why.
    Unread(String),
}

impl FieldValues {
    pub(super) fn read(array: &NdArray) -> Self {
        let values = match array.dtype().kind() {
            Kind::Bool | Kind::Int | Kind::Uint => array.to_i64().map(Self::Integers),
            Kind::Float => array.to_f64().map(Self::Floats),
            Kind::Object => array
                .to_i64()
                .map(Self::Integers)
                .or_else(|_| array.to_f64().map(Self::Floats))
                .or_else(|_| array.to_texts().map(Self::Texts)),
            _ => array.to_texts().map(Self::Texts),
        };
        match values {
            Ok(Self::Texts(texts)) if texts.iter().any(|text| text.len() > LONGEST_NAME) => {
                Self::Unread(format!(
                    "{array} has texts of more than {LONGEST_NAME} bytes"
                ))
            }
            Ok(values) => values,
            Err(error) => Self::Unread(error.to_string()),
        }
    }

    /// The texts, where they are texts.
    pub fn texts(&self) -> Option<&[Text]> {
        match self {
            Self::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    /// The values as integers, where all are: texts by their digits, floats without a fraction.
    pub fn to_integers(&self) -> Option<Vec<i64>> {
        match self {
            Self::Integers(values) => Some(values.clone()),
            Self::Floats(values) => values
                .iter()
                .map(|&value| (value as i64 as f64 == value).then_some(value as i64))
                .collect(),
            Self::Texts(texts) => texts.iter().map(|text| text.trim().parse().ok()).collect(),
            Self::Unread(_) => None,
        }
    }

    /// The values as real numbers, where they are numbers.
    pub fn to_reals(&self) -> Option<Vec<f64>> {
        match self {
            Self::Integers(values) => Some(values.iter().map(|&value| value as f64).collect()),
            Self::Floats(values) => Some(values.clone()),
            Self::Texts(_) | Self::Unread(_) => None,
        }
    }

    /// The values as they are written.
    pub fn spelled(&self) -> Vec<Text> {
        match self {
            Self::Integers(values) => values
                .iter()
                .map(|value| value.to_string().into())
                .collect(),
            Self::Floats(values) => values
                .iter()
                .map(|value| value.to_string().into())
                .collect(),
            Self::Texts(texts) => texts.clone(),
            Self::Unread(_) => Vec::new(),
        }
    }
}

/// The fields of `meta`, which is an array of records.
pub(super) fn fields(
    meta: &Value,
    n_examples: usize,
    spellings: &Spellings,
) -> Result<Vec<MetaField>> {
    let columns: Vec<(String, NdArray)> = match meta {
        Value::Array(records) if records.field_names().next().is_some() => records
            .field_names()
            .map(|name| Ok((name.to_owned(), records.field(name)?)))
            .collect::<Result<_>>()?,
        other => return Err(form("meta", other, "an array of records")),
    };
    let mut fields = Vec::new();
    for (name, column) in columns {
        if column.shape().first() != Some(&n_examples) {
            let expected = format!("one value for each of {n_examples} examples, as `X` has them");
            return Err(form(&format!("meta.{name}"), &column, expected));
        }
        let values = match column.len() == n_examples {
            true => FieldValues::read(&column),
            false => FieldValues::Unread(format!("{column} has more than one value an example")),
        };
        fields.push(MetaField {
            meaning: None,
            dtype: column.dtype().to_string(),
            name,
            values,
        });
    }
    for (meaning, name) in &spellings.fields {
        let known = listed(fields.iter().map(|field: &MetaField| field.name.clone()));
        let field = fields.iter_mut().find(|field| field.name == *name);
        let field = field.ok_or_else(|| Error::NoSuchField {
            name: name.clone(),
            found: known,
        })?;
        field.meaning = Some(*meaning);
    }
    for (spelling, meaning) in NAMES {
        let taken = fields
            .iter()
            .any(|field: &MetaField| field.meaning == Some(*meaning));
        let field = fields
            .iter_mut()
            .find(|field| field.meaning.is_none() && letters(&field.name) == *spelling);
        if let Some(field) = field.filter(|_| !taken) {
            field.meaning = Some(*meaning);
        }
    }
    Ok(fields)
}
