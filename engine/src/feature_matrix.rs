//! The feature matrix of an experiment, built from the rows of a query.
//!
//! SQL decides what an example is, which statistics are admissible and which examples are left out; this module checks
//! what the query gives and lays it out for the classifiers: dense, row by row, in single precision. See
//! `queries/features.sql` for the columns that a query must give.

mod order;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use engram_schemas::{Depth, LearningRule, observable::Measure, trajectories::column};

use crate::{Error, Excluded, Result, Session};

/// Who an example is: one layer of one run under one observation condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The run.
    pub run_id: String,
    /// Its task.
    pub task: String,
    /// Its architecture.
    pub architecture: String,
    /// Its learning rule: the label.
    pub learning_rule: String,
    /// The layer's name.
    pub layer: String,
    /// `early`, `middle` or `deep`.
    pub depth: String,
}

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To learn from.
    Train,
    /// To test on.
    Test,
}

impl Side {
    /// The side of this name in the column `side`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "train" => Some(Self::Train),
            "test" => Some(Self::Test),
            _ => None,
        }
    }
}

/// What the classifiers see.
#[derive(Clone, Debug)]
pub struct FeatureMatrix {
    /// The features' names: `weight_abs_median@5` is the statistic at epoch 5, `depth_early` a depth indicator.
    pub names: Vec<String>,
    /// The groups that importances are summed over, in the order of their first feature: a statistic over its whole
    /// trajectory, or `depth` (the three indicators together).
    pub groups: Vec<String>,
    /// For each feature the index of its group.
    pub feature_groups: Vec<usize>,
    /// The values, row by row: `[n_examples, n_features]`.
    pub values: Vec<f32>,
    /// The rows' examples.
    pub examples: Vec<Example>,
    /// The classes that occur, in the order of `LearningRule::ALL`.
    pub classes: Vec<String>,
    /// For each row the index of its class.
    pub labels: Vec<usize>,
    /// The side of a split that each row is on; `None` for rows on neither, and where the query splits nothing.
    pub sides: Vec<Option<Side>>,
    /// What was left out.
    pub excluded: Excluded,
}

impl FeatureMatrix {
    /// Number of rows.
    pub fn n_examples(&self) -> usize {
        self.examples.len()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.names.len()
    }

    /// The features of one example.
    pub fn row(&self, example: usize) -> &[f32] {
        &self.values[example * self.n_features()..(example + 1) * self.n_features()]
    }
}

/// The query of the study's feature matrix, over the statistics of some measures: that of `queries/features.sql`.
pub fn features_of(measures: &[Measure]) -> String {
    let names: Vec<String> = measures
        .iter()
        .map(|measure| format!("'{}'", measure.as_str()))
        .collect();
    include_str!("../../queries/features.sql").replacen("$measure", &names.join(", "), 1)
}

/// The columns of a feature query beside those of [`Example`].
mod query_column {
    pub(super) const EXCLUDED: &str = "excluded";
    pub(super) const SIDE: &str = "side";
    pub(super) const STATISTICS: &str = "statistics";
    pub(super) const EPOCHS: &str = "epochs";
    pub(super) const FEATURES: &str = "features";
}

impl FeatureMatrix {
    /// Runs a feature query and lays out its rows, with the three depth indicators behind each example's features.
    ///
    /// The query gives one row per example with the columns `run_id`, `task`, `architecture`, `learning_rule`, `layer`,
    /// `depth` and
    /// * `features`, the values statistic by statistic, each in the order of the epochs;
    /// * `statistics`, their names, and `epochs`, the checkpoints of each; equal in every row;
    /// * `side`, optional: `train` or `test`, NULL for examples on neither side;
    /// * `excluded`, optional: why the example is left out, NULL for those that are not. `features` may be NULL then.
    ///
    /// The rows' order is the query's; a classifier that should give equal answers wants an ORDER BY.
    ///
    /// # Errors
    /// [`Error::Sql`] for a query that fails, [`Error::FeatureQuery`] for one that gives something else,
    /// [`Error::NoExamples`] when no row is left.
    pub async fn from_query(session: &Session, sql: &str) -> Result<Self> {
        let answer = session.sql(sql).await?;
        let schema = std::sync::Arc::clone(answer.schema().inner());
        let batches = answer.collect().await.map_err(Error::running)?;
        let rows =
            concat_batches(&schema, &batches).map_err(|error| Error::running(error.into()))?;
        Self::from_rows(&rows)
    }

    /// Lays out the rows of a feature query; see [`FeatureMatrix::from_query`].
    ///
    /// # Errors
    /// [`Error::FeatureQuery`] and [`Error::NoExamples`].
    pub fn from_rows(rows: &RecordBatch) -> Result<Self> {
        let query = FeatureQuery::of(rows)?;
        let (included, excluded) = query.included(rows)?;
        let Some(&first) = included.first() else {
            return Err(Error::NoExamples { excluded });
        };

        let statistics = query.statistics(first)?;
        let epochs = query.epochs(first)?;
        let names: Vec<String> = statistics
            .iter()
            .flat_map(|name| epochs.iter().map(move |epoch| format!("{name}@{epoch}")))
            .collect();
        let n_observed = names.len();
        let width = n_observed + Depth::ALL.len();
        let mut values = Vec::with_capacity(included.len() * width);
        let mut examples = Vec::with_capacity(included.len());
        for &row in &included {
            let example = query.example(row);
            if row != first && !query.same_names(first, row) {
                return Err(refused(format!(
                    "{example} has other statistics or epochs than the examples before it"
                )));
            }
            let features = query.features(row)?;
            if features.len() != n_observed {
                return Err(refused(format!(
                    "{example} has {} features where {n_observed} are named",
                    features.len()
                )));
            }
            for (name, value) in names.iter().zip(features.iter()) {
                match value.map(|value| value as f32) {
                    Some(value) if value.is_finite() => values.push(value),
                    Some(_) => {
                        return Err(refused(format!(
                            "{example} has a `{name}` that is not finite"
                        )));
                    }
                    None => return Err(refused(format!("{example} has a `{name}` that is NULL"))),
                }
            }
            values.extend(
                Depth::ALL
                    .iter()
                    .map(|depth| f32::from(u8::from(depth.as_str() == example.depth))),
            );
            examples.push(example);
        }
        let (classes, labels) = label(&examples)?;
        let (groups, feature_groups) = group(&statistics, epochs.len());
        let indicators = Depth::ALL
            .iter()
            .map(|depth| format!("{}_{depth}", column::DEPTH));
        let names = names.into_iter().chain(indicators).collect();
        Ok(Self {
            names,
            groups,
            feature_groups,
            values,
            examples,
            classes,
            labels,
            sides: included.iter().map(|&row| query.side(row)).collect(),
            excluded,
        })
    }
}

impl std::fmt::Display for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "layer {} of run {}", self.layer, self.run_id)
    }
}

fn refused(reason: String) -> Error {
    Error::FeatureQuery { reason }
}

/// The classes that occur, in the order of the rules, and each example's.
fn label(examples: &[Example]) -> Result<(Vec<String>, Vec<usize>)> {
    let occurs = |rule: &&LearningRule| {
        examples
            .iter()
            .any(|example| example.learning_rule == rule.as_str())
    };
    let classes: Vec<String> = LearningRule::ALL
        .iter()
        .filter(occurs)
        .map(|rule| rule.to_string())
        .collect();
    let labels = examples
        .iter()
        .map(|example| {
            let class = classes
                .iter()
                .position(|class| *class == example.learning_rule);
            class.ok_or_else(|| {
                refused(format!(
                    "{example} has the unknown learning rule `{}`",
                    example.learning_rule
                ))
            })
        })
        .collect::<Result<_>>()?;
    Ok((classes, labels))
}

/// A group for each statistic over its epochs and one for the depth indicators, and each feature's.
fn group(statistics: &[String], n_epochs: usize) -> (Vec<String>, Vec<usize>) {
    let groups = statistics
        .iter()
        .cloned()
        .chain([column::DEPTH.to_owned()])
        .collect();
    let of_statistics =
        (0..statistics.len()).flat_map(|statistic| std::iter::repeat_n(statistic, n_epochs));
    let of_depth = std::iter::repeat_n(statistics.len(), Depth::ALL.len());
    (groups, of_statistics.chain(of_depth).collect())
}

/// The columns of a feature query's rows, in the types that are read here.
struct FeatureQuery {
    identity: [StringArray; 6],
    excluded: Option<StringArray>,
    sides: Option<StringArray>,
    statistics: ListArray,
    epochs: ListArray,
    features: ListArray,
}

impl FeatureQuery {
    fn of(rows: &RecordBatch) -> Result<Self> {
        let text = |name| {
            typed(rows, name, &DataType::Utf8).map(|column| column.as_string::<i32>().clone())
        };
        let list = |name, item| {
            typed(rows, name, &DataType::new_list(item, true))
                .map(|column| column.as_list::<i32>().clone())
        };
        let optional = |name| {
            let is_there = rows.schema().column_with_name(name).is_some();
            is_there.then(|| text(name)).transpose()
        };
        Ok(Self {
            identity: [
                text(column::RUN_ID)?,
                text(column::TASK)?,
                text(column::ARCHITECTURE)?,
                text(column::LEARNING_RULE)?,
                text(column::LAYER)?,
                text(column::DEPTH)?,
            ],
            excluded: optional(query_column::EXCLUDED)?,
            sides: optional(query_column::SIDE)?,
            statistics: list(query_column::STATISTICS, DataType::Utf8)?,
            epochs: list(query_column::EPOCHS, DataType::Int64)?,
            features: list(query_column::FEATURES, DataType::Float64)?,
        })
    }

    /// The rows that stay, and how many do not and why.
    fn included(&self, rows: &RecordBatch) -> Result<(Vec<usize>, Excluded)> {
        let mut included = Vec::new();
        let mut excluded = Excluded::default();
        for row in 0..rows.num_rows() {
            match &self.excluded {
                Some(reasons) if reasons.is_valid(row) => {
                    *excluded.0.entry(reasons.value(row).to_owned()).or_default() += 1;
                }
                _ => included.push(row),
            }
        }
        Ok((included, excluded))
    }

    fn example(&self, row: usize) -> Example {
        let [run_id, task, architecture, learning_rule, layer, depth] = self
            .identity
            .each_ref()
            .map(|column| column.value(row).to_owned());
        Example {
            run_id,
            task,
            architecture,
            learning_rule,
            layer,
            depth,
        }
    }

    fn side(&self, row: usize) -> Option<Side> {
        let sides = self.sides.as_ref().filter(|sides| sides.is_valid(row))?;
        Side::named(sides.value(row))
    }

    fn features(&self, row: usize) -> Result<Float64Array> {
        Ok(self
            .item(&self.features, query_column::FEATURES, row)?
            .as_primitive::<Float64Type>()
            .clone())
    }

    fn statistics(&self, row: usize) -> Result<Vec<String>> {
        let names = self.item(&self.statistics, query_column::STATISTICS, row)?;
        Ok(names
            .as_string::<i32>()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect())
    }

    fn epochs(&self, row: usize) -> Result<Vec<i64>> {
        let epochs = self.item(&self.epochs, query_column::EPOCHS, row)?;
        Ok(epochs
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .collect())
    }

    fn same_names(&self, a: usize, b: usize) -> bool {
        self.statistics.value(a) == self.statistics.value(b)
            && self.epochs.value(a) == self.epochs.value(b)
    }

    fn item(&self, list: &ListArray, name: &str, row: usize) -> Result<ArrayRef> {
        if list.is_null(row) {
            return Err(refused(format!(
                "`{name}` is NULL for {}, which is not excluded",
                self.example(row)
            )));
        }
        Ok(list.value(row))
    }
}

/// A column of the rows, cast to the type that is read.
fn typed(rows: &RecordBatch, name: &str, data_type: &DataType) -> Result<ArrayRef> {
    let column = rows
        .column_by_name(name)
        .ok_or_else(|| refused(format!("it has no column `{name}`")))?;
    cast(column, data_type).map_err(|_| {
        refused(format!(
            "its column `{name}` is {}, not {data_type}",
            column.data_type()
        ))
    })
}

#[cfg(test)]
mod tests;
