//! The form of the study's published dataset: a pickle of the arrays that its analysis code reads.
//!
//! | entry      | what                                                                                             |
//! |------------|--------------------------------------------------------------------------------------------------|
//! | `X`        | float64 `[examples, checkpoints, 45]`: the observed statistics                                   |
//! | `obs_keys` | their names, as the study has them                                                               |
//! | `X_cat`    | float64 `[examples, checkpoints, 3]`: whether the layer is early, middle or deep                 |
//! | `Y`        | int64 `[examples]`: the learning rule, by its place in `classes`                                 |
//! | `meta`     | a record for each example: what is known of it beyond these                                      |
//! | `classes`  | the learning rules' names                                                                        |
//! | `epochs`   | int64 `[checkpoints]`                                                                            |
//!
//! The values of `X` are spooled, because a pickle says how many there are before them; what is known of the examples stays in
//! memory.

mod one_by_one;

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema, SchemaRef};
use engram_pickle::published_dataset::statistic_name;
use engram_pickle::write::{self, Item, ItemType};
use engram_schemas::trajectories::column;
use engram_schemas::{Depth, LearningRule, Observable};

use super::Encoder;
use crate::format::Format;
use crate::output::Output;
use crate::{Error, Result};
use one_by_one::OneByOne;

/// Fields of `meta` that are texts.
const TEXTS: [&str; 6] = [
    column::LEARNING_RULE,
    column::TASK,
    column::ARCHITECTURE,
    column::LAYER,
    column::RUN_ID,
    column::DEFINITION,
];

/// Fields of `meta` that are integers.
const INTEGERS: [&str; 5] = [
    column::BATCH_SIZE,
    column::MODEL_SEED,
    column::DATASET_SEED,
    column::LAYER_INDEX,
    column::OBSERVATION_SEED,
];

/// Fields of `meta` that are real numbers.
const REALS: [&str; 2] = [column::UNIT_FRACTION, column::NOISE_STDDEV];

/// The columns of [`query`] beside the identity of an example.
const EPOCHS: &str = "epochs";
const TRAJECTORIES: &str = "trajectories";

/// The query for the examples of the rows of `sql`, which have the columns of `trajectories`.
///
/// # Errors
/// [`Error::Column`] for a column that the rows do not have.
pub(crate) fn query(sql: &str, schema: &Schema) -> Result<String> {
    let observed: Vec<String> = Observable::all().map(Observable::column).collect();
    let identity: Vec<&str> = identity().collect();
    let wanted = identity.iter().copied().chain([column::EPOCH]);
    for name in wanted.chain(observed.iter().map(String::as_str)) {
        if schema.index_of(name).is_err() {
            return Err(refused(
                name,
                "the rows do not have it",
                "let the query be over whole rows, as in SELECT * FROM trajectories WHERE task = 'digits'",
            ));
        }
    }
    let (identity, observed, epoch) = (identity.join(", "), observed.join(", "), column::EPOCH);
    let order = [
        column::TASK,
        column::ARCHITECTURE,
        column::RUN_ID,
        column::LAYER_INDEX,
        column::UNIT_FRACTION,
        column::NOISE_STDDEV,
        column::OBSERVATION_SEED,
        column::DEFINITION,
    ];
    let order = order.join(", ");
    Ok(format!(
        "SELECT {identity}, collected['epochs'] AS {EPOCHS}, collected['trajectories'] AS {TRAJECTORIES} FROM (\
         SELECT {identity}, collect_trajectories({epoch}, {observed}) AS collected FROM (\n{sql}\n) GROUP BY {identity}) \
         ORDER BY {order}"
    ))
}

/// The columns that an example is known by.
fn identity() -> impl Iterator<Item = &'static str> {
    let depth = [column::DEPTH].into_iter();
    TEXTS.into_iter().chain(INTEGERS).chain(REALS).chain(depth)
}

/// Examples on their way to a pickle.
pub(super) struct LrIdentifyEncoder {
    values: BufWriter<File>,
    epochs: Vec<i64>,
    depths: Vec<Depth>,
    rules: Vec<LearningRule>,
    texts: [Vec<Arc<str>>; TEXTS.len()],
    integers: [Vec<i64>; INTEGERS.len()],
    reals: [Vec<f64>; REALS.len()],
    output: Output,
}

impl LrIdentifyEncoder {
    pub(super) fn try_new(schema: &SchemaRef, output: Output) -> Result<Self> {
        for name in identity().chain([EPOCHS, TRAJECTORIES]) {
            schema.index_of(name).map_err(encode)?;
        }
        Ok(Self {
            values: BufWriter::new(tempfile::tempfile().map_err(encode)?),
            epochs: Vec::new(),
            depths: Vec::new(),
            rules: Vec::new(),
            texts: Default::default(),
            integers: Default::default(),
            reals: Default::default(),
            output,
        })
    }

    fn n_examples(&self) -> usize {
        self.rules.len()
    }

    /// Writes the values of an example, checkpoint by checkpoint.
    fn spool(&mut self, trajectories: &dyn Array) -> Result<()> {
        let trajectories = trajectories.as_list::<i32>();
        let courses: Vec<_> = (0..trajectories.len())
            .map(|place| trajectories.value(place))
            .collect();
        let courses: Vec<&[f64]> = courses
            .iter()
            .map(|course| &course.as_primitive::<Float64Type>().values()[..])
            .collect();
        for checkpoint in 0..self.epochs.len() {
            for course in &courses {
                let bytes = course[checkpoint].to_le_bytes();
                self.values.write_all(&bytes).map_err(encode)?;
            }
        }
        Ok(())
    }

    /// Refuses an example that was observed at other checkpoints than the first.
    fn check_epochs(&mut self, epochs: &[i64], example: usize) -> Result<()> {
        if example == 0 && self.n_examples() == 0 {
            self.epochs = epochs.to_vec();
        }
        match epochs == self.epochs {
            true => Ok(()),
            false => Err(refused(
                column::EPOCH,
                "examples were observed at different checkpoints, which one array does not hold",
                "ask for runs of one plan that were trained to the end, as in WHERE status = 'trained'",
            )),
        }
    }
}

impl Encoder for LrIdentifyEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let column = |name: &str| rows.column_by_name(name).map(|column| column.as_ref());
        let missing = |name: &str| refused(name, "the rows do not have it", "");
        let epochs = column(EPOCHS)
            .ok_or_else(|| missing(EPOCHS))?
            .as_list::<i32>();
        let trajectories = column(TRAJECTORIES).ok_or_else(|| missing(TRAJECTORIES))?;
        let trajectories = trajectories.as_list::<i32>();
        for example in 0..rows.num_rows() {
            let seen = epochs.value(example);
            self.check_epochs(seen.as_primitive::<Int64Type>().values(), example)?;
            self.spool(trajectories.value(example).as_ref())?;
        }
        for (name, to) in TEXTS.into_iter().zip(&mut self.texts) {
            let texts = column(name)
                .ok_or_else(|| missing(name))?
                .as_string::<i32>();
            for text in texts.iter().map(Option::unwrap_or_default) {
                // Examples of one run come one behind the other.
                let same = to.last().filter(|last| ***last == *text).cloned();
                to.push(same.unwrap_or_else(|| Arc::from(text)));
            }
        }
        for (name, to) in INTEGERS.into_iter().zip(&mut self.integers) {
            let column = column(name).ok_or_else(|| missing(name))?;
            let integers = cast(column, &DataType::Int64).map_err(encode)?;
            to.extend(integers.as_primitive::<Int64Type>().values());
        }
        for (name, to) in REALS.into_iter().zip(&mut self.reals) {
            let column = column(name).ok_or_else(|| missing(name))?;
            to.extend(column.as_primitive::<Float64Type>().values());
        }
        let depths = column(column::DEPTH).ok_or_else(|| missing(column::DEPTH))?;
        for depth in depths
            .as_string::<i32>()
            .iter()
            .map(Option::unwrap_or_default)
        {
            self.depths.push(depth.parse()?);
        }
        let n_before = self.n_examples();
        for rule in &self.texts[0][n_before..] {
            self.rules.push(rule.parse()?);
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Output> {
        let (n_examples, n_checkpoints) = (self.n_examples(), self.epochs.len());
        let classes: Vec<LearningRule> = LearningRule::ALL
            .iter()
            .copied()
            .filter(|rule| self.rules.contains(rule))
            .collect();
        let label = |rule| {
            classes
                .iter()
                .position(|class| class == rule)
                .unwrap_or_default()
        };
        let widths = self.texts.each_ref().map(|texts| {
            let widths = texts.iter().map(|text| text.chars().count());
            widths.max().unwrap_or_default().max(1)
        });
        let fields = TEXTS
            .into_iter()
            .zip(widths.map(ItemType::Text))
            .chain(INTEGERS.map(|name| (name, ItemType::Int64)))
            .chain(REALS.map(|name| (name, ItemType::Float64)))
            .map(|(name, dtype)| (name.to_owned(), dtype));
        let record = |example: usize| {
            let mut record = Vec::new();
            for (texts, width) in self.texts.iter().zip(widths) {
                write::text(&mut record, &texts[example], width)?;
            }
            for integers in &self.integers {
                record.extend(integers[example].to_le_bytes());
            }
            for reals in &self.reals {
                record.extend(reals[example].to_le_bytes());
            }
            Ok(record)
        };
        let indicator = |example: usize| {
            let depth = self.depths[example];
            let one_hot = Depth::ALL.iter().map(|other| f64::from(*other == depth));
            let one_hot: Vec<u8> = one_hot.flat_map(f64::to_le_bytes).collect();
            Ok(one_hot.repeat(n_checkpoints))
        };
        let label_of = |example: usize| {
            let label = label(&self.rules[example]) as i64;
            Ok(label.to_le_bytes().to_vec())
        };
        let epoch = |checkpoint: usize| Ok(self.epochs[checkpoint].to_le_bytes().to_vec());
        let values = self.values.into_inner();
        let mut values = values.map_err(|error| encode(error.into_error()))?;
        values.rewind().map_err(encode)?;
        let keys: Vec<String> = Observable::all().map(statistic_name).collect();
        let names = classes.iter().map(|class| class.as_str().to_owned());
        let entries = vec![
            (
                "X",
                Item::Array {
                    dtype: ItemType::Float64,
                    shape: vec![n_examples, n_checkpoints, keys.len()],
                    bytes: Box::new(BufReader::new(values)),
                },
            ),
            ("obs_keys", Item::Texts(keys)),
            (
                "X_cat",
                Item::Array {
                    dtype: ItemType::Float64,
                    shape: vec![n_examples, n_checkpoints, Depth::ALL.len()],
                    bytes: Box::new(OneByOne::new(n_examples, indicator)),
                },
            ),
            (
                "Y",
                Item::Array {
                    dtype: ItemType::Int64,
                    shape: vec![n_examples],
                    bytes: Box::new(OneByOne::new(n_examples, label_of)),
                },
            ),
            (
                "meta",
                Item::Records {
                    fields: fields.collect(),
                    n_records: n_examples,
                    bytes: Box::new(OneByOne::new(n_examples, record)),
                },
            ),
            ("classes", Item::Texts(names.collect())),
            (
                "epochs",
                Item::Array {
                    dtype: ItemType::Int64,
                    shape: vec![n_checkpoints],
                    bytes: Box::new(OneByOne::new(n_checkpoints, epoch)),
                },
            ),
        ];
        let mut output = BufWriter::new(self.output);
        write::write(&mut output, entries).map_err(encode)?;
        output
            .into_inner()
            .map_err(|error| encode(error.into_error()))
    }
}

fn encode(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::encode(Format::LrIdentify)(error)
}

fn refused(column: &str, reason: &str, hint: &str) -> Error {
    super::refused(Format::LrIdentify, column, reason, hint)
}
