//! What a dataset has that experiments can be made of.

use std::collections::BTreeSet;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use engram_schemas::{Definition, LearningRule};

use crate::{Error, Result, Session};

/// What a dataset has: the values that experiments hold out, compare or vary. Only runs that were trained to the end count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Learning rules, in the order of `LearningRule::ALL`.
    pub learning_rules: Vec<String>,
    /// Tasks, sorted.
    pub tasks: Vec<String>,
    /// Architectures, sorted.
    pub architectures: Vec<String>,
    /// Batch sizes with the dataset seeds that each was trained with, sorted.
    pub curricula: Vec<(i64, i64)>,
    /// Epochs of the observed checkpoints, rising.
    pub epochs: Vec<i64>,
    /// Observation conditions: fraction of the units and standard deviation of the noise, sorted.
    pub conditions: Vec<(f64, f64)>,
    /// How networks were observed with all units and without noise; the defaults of the queries where they were not.
    pub plain: Observation,
    /// Units that were recorded one by one of a layer that has as many; 0 without recordings.
    pub recorded_units: i64,
}

/// What of an observation is neither units nor noise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The definition of the statistics.
    pub definition: String,
    /// The seed.
    pub seed: i64,
}

impl Default for Observation {
    fn default() -> Self {
        Self {
            definition: Definition::Standard.as_str().to_owned(),
            seed: 0,
        }
    }
}

impl Facts {
    /// Asks the dataset.
    ///
    /// # Errors
    /// [`Error::Sql`] when a query fails.
    pub async fn of(session: &Session) -> Result<Self> {
        let trained = "WHERE status = 'trained'";
        let rules = texts(
            session,
            &format!("SELECT DISTINCT learning_rule FROM runs {trained}"),
        )
        .await?;
        let curricula =
            format!("SELECT DISTINCT batch_size, dataset_seed FROM runs {trained} ORDER BY 1, 2");
        let epochs = format!("SELECT DISTINCT epoch FROM trajectories {trained} ORDER BY 1");
        let conditions = format!(
            "SELECT DISTINCT unit_fraction, noise_stddev FROM examples {trained} ORDER BY 1, 2"
        );
        // The definition `standard` comes before `published`, and the lowest seed first.
        let plain = format!(
            "SELECT definition, observation_seed FROM examples {trained} AND unit_fraction = 1 AND noise_stddev = 0 \
             GROUP BY ALL ORDER BY definition DESC, observation_seed LIMIT 1"
        );
        let [definitions, seeds] = columns(session, &plain, &DataType::Utf8).await?;
        let text = |column: &ArrayRef| {
            column
                .as_string::<i32>()
                .iter()
                .flatten()
                .next()
                .map(str::to_owned)
        };
        let plain = text(&definitions)
            .zip(text(&seeds))
            .and_then(|(definition, seed)| {
                let seed = seed.parse().ok()?;
                Some(Observation { definition, seed })
            });
        let [batch_sizes, dataset_seeds] = columns(session, &curricula, &DataType::Int64).await?;
        let [epochs] = columns(session, &epochs, &DataType::Int64).await?;
        let [fractions, noises] = columns(session, &conditions, &DataType::Float64).await?;
        let integers = |column: &ArrayRef| column.as_primitive::<Int64Type>().values().to_vec();
        let reals = |column: &ArrayRef| column.as_primitive::<Float64Type>().values().to_vec();
        Ok(Self {
            learning_rules: LearningRule::ALL
                .iter()
                .map(ToString::to_string)
                .filter(|rule| rules.contains(rule))
                .collect(),
            tasks: texts(
                session,
                &format!("SELECT DISTINCT task FROM runs {trained}"),
            )
            .await?
            .into_iter()
            .collect(),
            architectures: texts(
                session,
                &format!("SELECT DISTINCT architecture FROM runs {trained}"),
            )
            .await?
            .into_iter()
            .collect(),
            curricula: integers(&batch_sizes)
                .into_iter()
                .zip(integers(&dataset_seeds))
                .collect(),
            epochs: integers(&epochs),
            conditions: reals(&fractions).into_iter().zip(reals(&noises)).collect(),
            plain: plain.unwrap_or_default(),
            recorded_units: recorded_units(session).await?,
        })
    }
}

/// Units of the longest list of the first file of recordings: files of one sweep have equally many.
async fn recorded_units(session: &Session) -> Result<i64> {
    if session.dataset().n_recordings == 0 {
        return Ok(0);
    }
    let longest = "SELECT max(array_length(\"values\")) FROM recordings \
        WHERE run_id = (SELECT min(run_id) FROM recordings)";
    let [units] = columns(session, longest, &DataType::Int64).await?;
    Ok(units
        .as_primitive::<Int64Type>()
        .iter()
        .flatten()
        .next()
        .unwrap_or(0))
}

async fn texts(session: &Session, sql: &str) -> Result<BTreeSet<String>> {
    let [column] = columns(session, sql, &DataType::Utf8).await?;
    let texts = column.as_string::<i32>().iter().flatten();
    Ok(texts.map(str::to_owned).collect())
}

/// The columns of an answer, cast to one type.
async fn columns<const N: usize>(
    session: &Session,
    sql: &str,
    data_type: &DataType,
) -> Result<[ArrayRef; N]> {
    let answer = session.sql(sql).await?;
    let schema = std::sync::Arc::clone(answer.schema().inner());
    let batches = answer.collect().await.map_err(Error::running)?;
    let failed = |error: arrow::error::ArrowError| Error::running(error.into());
    let rows = arrow::compute::concat_batches(&schema, &batches).map_err(failed)?;
    let mut columns = Vec::with_capacity(N);
    for column in rows.columns() {
        columns.push(cast(column, data_type).map_err(failed)?);
    }
    columns.try_into().map_err(|found: Vec<_>| {
        let problem = format!("{} columns where {N} are expected", found.len());
        Error::running(datafusion::error::DataFusionError::Internal(problem))
    })
}
