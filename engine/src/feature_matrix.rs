//! The feature matrix of an experiment, built from the rows of a query.
//!
//! SQL decides what an example is, which statistics are admissible and which examples are left out; this module checks
//! what the query gives and lays it out for the classifiers: dense, row by row, in single precision. See
//! `queries/features.sql` for the columns that a query must give.

mod order;
mod pieces;
mod rows;

pub use pieces::BinnedMatrix;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use engram_schemas::{Depth, LearningRule, observable::Measure, trajectories::column};

use rows::FeatureQuery;

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

impl Example {
    /// What it is told from others by, in the order of the parts that examples are put in order by.
    pub(crate) fn who(&self) -> [&str; 4] {
        [&self.task, &self.architecture, &self.run_id, &self.layer]
    }
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
        let mut excluded = Excluded::default();
        let included = query.identity.included(&mut excluded);
        let Some(&first) = included.first() else {
            return Err(Error::NoExamples { excluded });
        };
        let layout = Layout::of(&query, first)?;
        let mut values = Vec::with_capacity(included.len() * layout.width());
        for &row in &included {
            layout.append(&query, row, &mut values)?;
        }
        let examples = included.iter().map(|&row| query.identity.example(row));
        let sides = included
            .iter()
            .map(|&row| query.identity.side(row))
            .collect();
        Self::laid_out(&layout, values, examples.collect(), sides, excluded)
    }

    fn laid_out(
        layout: &Layout,
        values: Vec<f32>,
        examples: Vec<Example>,
        sides: Vec<Option<Side>>,
        excluded: Excluded,
    ) -> Result<Self> {
        let (classes, labels) = label(&examples)?;
        let (groups, feature_groups) = group(&layout.statistics, layout.n_epochs);
        Ok(Self {
            names: layout.names(),
            groups,
            feature_groups,
            values,
            examples,
            classes,
            labels,
            sides,
            excluded,
        })
    }
}

/// How every example's features are laid out: statistic by statistic, each in the order of the epochs, and the indicators of the
/// depth behind them.
struct Layout {
    statistics: Vec<String>,
    n_epochs: usize,
    /// The names of what was observed.
    observed: Vec<String>,
    /// The statistics and epochs of the first example, which are those of all.
    first: [ArrayRef; 2],
}

impl Layout {
    fn of(query: &FeatureQuery, row: usize) -> Result<Self> {
        let (statistics, epochs) = (query.statistics(row)?, query.epochs(row)?);
        let observed = statistics
            .iter()
            .flat_map(|name| epochs.iter().map(move |epoch| format!("{name}@{epoch}")))
            .collect();
        Ok(Self {
            statistics,
            n_epochs: epochs.len(),
            observed,
            first: query.observed(row),
        })
    }

    fn names(&self) -> Vec<String> {
        let indicators = Depth::ALL
            .iter()
            .map(|depth| format!("{}_{depth}", column::DEPTH));
        self.observed.iter().cloned().chain(indicators).collect()
    }

    fn width(&self) -> usize {
        self.observed.len() + Depth::ALL.len()
    }

    /// Appends the features of a row.
    fn append(&self, query: &FeatureQuery, row: usize, values: &mut Vec<f32>) -> Result<()> {
        let of = |problem: String| {
            Err(refused(format!(
                "{} {problem}",
                query.identity.example(row)
            )))
        };
        if query.observed(row) != self.first {
            return of("has other statistics or epochs than the examples before it".to_owned());
        }
        let features = query.features(row)?;
        if features.len() != self.observed.len() {
            let (n, named) = (features.len(), self.observed.len());
            return of(format!("has {n} features where {named} are named"));
        }
        for (name, value) in self.observed.iter().zip(features.iter()) {
            match value.map(|value| value as f32) {
                Some(value) if value.is_finite() => values.push(value),
                Some(_) => return of(format!("has a `{name}` that is not finite")),
                None => return of(format!("has a `{name}` that is NULL")),
            }
        }
        let depth = query.identity.depth(row);
        let indicators = Depth::ALL.iter();
        values.extend(indicators.map(|of| f32::from(u8::from(of.as_str() == depth))));
        Ok(())
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

#[cfg(test)]
mod tests;
