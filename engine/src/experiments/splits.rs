//! Which examples a classifier learns from and which it is tested on: what the SQL function `split` says, for a matrix that
//! is in memory already.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::datasource::MemTable;
use engram_schemas::trajectories::column;
use serde::{Deserialize, Serialize};

use crate::feature_matrix::Side;
use crate::{Error, Example, FeatureMatrix, Result, Session};

/// What is kept together on one side of a split.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// One example, that is one layer: other layers of the same network may be on the other side.
    #[default]
    Example,
    /// All examples of a run: the classifier is tested on networks of which it saw nothing.
    Run,
}

impl SplitBy {
    /// The name in settings, results and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Example => "example",
            Self::Run => "run",
        }
    }

    /// A number for what each of the rows is kept together with.
    pub(crate) fn units(self, matrix: &FeatureMatrix, rows: &[usize]) -> Vec<usize> {
        let mut units = HashMap::new();
        rows.iter()
            .map(|&row| {
                let example = &matrix.examples[row];
                let layer = match self {
                    // Under several conditions a layer has several rows.
                    Self::Example => Some(example.layer.as_str()),
                    Self::Run => None,
                };
                let next = units.len();
                *units
                    .entry((example.run_id.as_str(), layer))
                    .or_insert(next)
            })
            .collect()
    }
}

impl fmt::Display for SplitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SplitBy {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self> {
        [Self::Example, Self::Run]
            .into_iter()
            .find(|choice| choice.as_str() == given)
            .ok_or_else(|| Error::Splits {
                reason: format!("`{given}` is nothing to split by; known are example and run"),
            })
    }
}

/// How splits are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSettings {
    /// Number of splits, each made independently of the others.
    pub n_splits: usize,
    /// Share of the examples to test on, above 0 and below 1.
    pub test_fraction: f64,
    /// What is kept together.
    pub split_by: SplitBy,
    /// Seed of the first split; every further one has the next. Up to 2^63 - 1, the largest integer of SQL.
    pub seed: u64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self {
            n_splits: 10,
            test_fraction: 0.25,
            split_by: SplitBy::Example,
            seed: 0,
        }
    }
}

impl SplitSettings {
    /// # Errors
    /// [`Error::Splits`] for settings out of range.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |reason: String| Err(Error::Splits { reason });
        let fraction = self.test_fraction;
        if !(fraction > 0.0 && fraction < 1.0) {
            return refuse(format!(
                "the share to test on is {fraction} and must lie between 0 and 1"
            ));
        }
        if self.n_splits == 0 {
            return refuse("the number of splits is 0 and must be at least 1".to_owned());
        }
        let last = self.seed.checked_add(self.n_splits as u64 - 1);
        if last.is_none_or(|last| i64::try_from(last).is_err()) {
            return refuse(format!("the seed {} is more than 2^63 - 1", self.seed));
        }
        Ok(())
    }

    /// The seeds of the splits, as SQL takes them.
    pub(crate) fn seeds(&self) -> impl Iterator<Item = i64> {
        (0..self.n_splits as i64).map(|split| self.seed.cast_signed().wrapping_add(split))
    }
}

/// The sides of a split: numbers of examples, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Examples to learn from.
    pub train: Vec<usize>,
    /// Examples to test on, equally many of every class.
    pub test: Vec<usize>,
    /// Examples of tested runs that would have made one class' test examples more than another's. Always empty for
    /// [`SplitBy::Example`].
    pub left_out: Vec<usize>,
}

impl Split {
    /// The split that the sides of a matrix' examples are.
    pub(crate) fn of(sides: impl IntoIterator<Item = Option<Side>>) -> Self {
        let mut split = Self::default();
        for (example, side) in sides.into_iter().enumerate() {
            match side {
                Some(Side::Train) => split.train.push(example),
                Some(Side::Test) => split.test.push(example),
                None => split.left_out.push(example),
            }
        }
        split
    }
}

/// The name under which the examples are asked.
const TABLE: &str = "examples_of_the_matrix";

/// Asks `split` for the sides of the matrix' examples, once for every split.
///
/// # Errors
/// [`Error::Splits`] for settings out of range, [`Error::Sql`] when the query fails.
pub(crate) async fn splits(
    session: &Session,
    matrix: &FeatureMatrix,
    settings: &SplitSettings,
) -> Result<Vec<Split>> {
    settings.check()?;
    let text = |of: fn(&Example) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            matrix.examples.iter().map(of),
        ))
    };
    let identities = RecordBatch::try_from_iter([
        (
            column::LEARNING_RULE,
            text(|example| &example.learning_rule),
        ),
        (column::RUN_ID, text(|example| &example.run_id)),
        (column::LAYER, text(|example| &example.layer)),
    ]);
    let failed = Error::engine("splitting the examples");
    let table = identities
        .map_err(Into::into)
        .and_then(|batch| MemTable::try_new(batch.schema(), vec![vec![batch]]))
        .and_then(|table| session.context().register_table(TABLE, Arc::new(table)))
        .map_err(failed);
    table?;
    let mut splits = Vec::with_capacity(settings.n_splits);
    for seed in settings.seeds() {
        let sides = sides(session, settings, seed).await;
        match sides {
            Ok(sides) => splits.push(Split::of(matrix.examples.iter().map(|example| {
                let key = (example.run_id.clone(), example.layer.clone());
                sides.get(&key).copied().flatten()
            }))),
            Err(error) => {
                let _ = session.context().deregister_table(TABLE);
                return Err(error);
            }
        }
    }
    session
        .context()
        .deregister_table(TABLE)
        .map_err(Error::engine("splitting the examples"))?;
    Ok(splits)
}

type Sides = HashMap<(String, String), Option<Side>>;

async fn sides(session: &Session, settings: &SplitSettings, seed: i64) -> Result<Sides> {
    let SplitSettings {
        test_fraction,
        split_by,
        ..
    } = settings;
    let sql = format!(
        "SELECT run_id, layer, side FROM split({test_fraction:?}, {seed}, '{split_by}', input => {TABLE})"
    );
    let batches = session
        .sql(&sql)
        .await?
        .collect()
        .await
        .map_err(Error::running)?;
    let mut sides = Sides::new();
    for batch in &batches {
        let columns = batch
            .columns()
            .iter()
            .map(|column| cast(column, &DataType::Utf8))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| Error::running(error.into()))?;
        let [run_ids, layers, of_rows] = [0, 1, 2].map(|column| columns[column].as_string::<i32>());
        for ((run_id, layer), side) in run_ids.iter().zip(layers).zip(of_rows) {
            let (Some(run_id), Some(layer)) = (run_id, layer) else {
                continue;
            };
            let key = (run_id.to_owned(), layer.to_owned());
            sides.insert(key, side.and_then(Side::named));
        }
    }
    Ok(sides)
}
