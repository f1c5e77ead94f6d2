//! The study's figures and claims, of what the table `results` has.
//!
//! The report's crate makes pages of rows and knows no dataset; here a dataset gives the rows, for `engram report` and for the
//! server's page alike.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::util::display::array_value_to_string;
use engram_classifiers::Grid;
use engram_engine::experiments::{self, Facts, Figure, Protocol, Variant};
use engram_engine::{Error as EngineError, Session};
use engram_report::{PageOptions, Results, Summary, claims_markdown, figures, page};
use engram_schemas::SCHEMA_VERSION;
use engram_schemas::results::ResultRow;

type Result<T> = std::result::Result<T, EngineError>;

/// What there is to report.
#[derive(Clone, Debug)]
pub struct Report {
    /// The rows of results.
    pub rows: Vec<ResultRow>,
    summary: Summary,
    grid: figures::Grid,
}

impl Report {
    /// The results that the study's experiments gave by a protocol. `location` is what the page calls the dataset.
    ///
    /// # Errors
    /// For a dataset that cannot be read.
    pub async fn of(session: &Session, location: &str, protocol: &Protocol) -> Result<Self> {
        let variants = variants(session).await?;
        let rows = experiments::rows_of(session, &variants, protocol).await?;
        Self::with(session, location, protocol, rows).await
    }

    /// The results of whichever protocol there are most of, or none where there are none at all.
    ///
    /// # Errors
    /// For a dataset that cannot be read.
    pub async fn of_most(session: &Session, location: &str) -> Result<Option<Self>> {
        let protocols = protocols(session).await?;
        if protocols.is_empty() {
            return Ok(None);
        }
        let variants = variants(session).await?;
        let mut most = None;
        for protocol in protocols {
            let rows = experiments::rows_of(session, &variants, &protocol).await?;
            let n_before = most
                .as_ref()
                .map_or(0, |(_, rows): &(_, Vec<_>)| rows.len());
            if rows.len() > n_before {
                most = Some((protocol, rows));
            }
        }
        let Some((protocol, rows)) = most else {
            return Ok(None);
        };
        Self::with(session, location, &protocol, rows)
            .await
            .map(Some)
    }

    async fn with(
        session: &Session,
        location: &str,
        protocol: &Protocol,
        rows: Vec<ResultRow>,
    ) -> Result<Self> {
        Ok(Self {
            rows,
            summary: summary(session, location).await?,
            grid: grid_of(protocol),
        })
    }

    /// One page of HTML that needs no other file and no network.
    ///
    /// # Errors
    /// For rows that no experiment of ours has written.
    pub fn page(&self) -> engram_report::Result<String> {
        let options = PageOptions {
            grid: self.grid,
            ..PageOptions::default()
        };
        Ok(page(
            &self.summary,
            &Results::try_new(&self.rows)?,
            &options,
        ))
    }

    /// The table of claims alone, as Markdown.
    ///
    /// # Errors
    /// As [`Report::page`].
    pub fn claims(&self) -> engram_report::Result<String> {
        Ok(claims_markdown(&Results::try_new(&self.rows)?, self.grid))
    }
}

/// What figures say of a protocol's grids.
pub fn grid_of(protocol: &Protocol) -> figures::Grid {
    match (protocol.grid, protocol.conv1d_grid) {
        (Grid::Full, Grid::Full) => figures::Grid::Full,
        (Grid::Full, Grid::Quick) => figures::Grid::FullButConv1d,
        (Grid::Quick, _) => figures::Grid::Reduced,
    }
}

async fn variants(session: &Session) -> Result<Vec<Variant>> {
    let facts = Facts::of(session).await?;
    Ok(experiments::variants(Figure::ALL, &facts).0)
}

/// The protocols by which there may be results: the grids are in no column, the rest is.
async fn protocols(session: &Session) -> Result<Vec<Protocol>> {
    let sql = "SELECT DISTINCT n_splits, seed FROM \
        (SELECT count(*) AS n_splits, min(seed) AS seed FROM results GROUP BY result_id) ORDER BY n_splits DESC, seed";
    let mut protocols = Vec::new();
    for batch in rows(session, sql).await? {
        let column = |place: usize| batch.column(place).as_primitive::<Int64Type>().clone();
        let (n_splits, seeds) = (column(0), column(1));
        for (n_splits, seed) in n_splits.values().iter().zip(seeds.values()) {
            let grids = [
                Protocol::default(),
                Protocol::quick(),
                Protocol {
                    conv1d_grid: Grid::Full,
                    ..Protocol::default()
                },
            ];
            protocols.extend(grids.map(|protocol| Protocol {
                n_splits: usize::try_from(*n_splits).unwrap_or_default(),
                seed: seed.cast_unsigned(),
                ..protocol
            }));
        }
    }
    Ok(protocols)
}

/// What the page says of the dataset.
async fn summary(session: &Session, location: &str) -> Result<Summary> {
    let runs_by_status = counts(session, "status", "runs").await?;
    let n_examples = counts(session, "task", "examples").await?;
    Ok(Summary {
        location: location.to_owned(),
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: SCHEMA_VERSION.to_owned(),
        n_runs: runs_by_status.values().sum(),
        n_examples: n_examples.values().sum(),
        runs_by_task: counts(session, "task", "runs").await?,
        runs_by_architecture: counts(session, "architecture", "runs").await?,
        runs_by_rule: counts(session, "learning_rule", "runs").await?,
        runs_by_status,
        ..Summary::default()
    })
}

/// How many rows of a view have each value of a column.
async fn counts(session: &Session, column: &str, view: &str) -> Result<BTreeMap<String, u64>> {
    let sql = format!("SELECT {column}, count(*) FROM {view} GROUP BY {column}");
    let mut counts = BTreeMap::new();
    for batch in rows(session, &sql).await? {
        let numbers = batch.column(1).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let name = array_value_to_string(batch.column(0), row);
            let name = name.map_err(|error| EngineError::running(error.into()))?;
            counts.insert(name, numbers.value(row).unsigned_abs());
        }
    }
    Ok(counts)
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    let answer = session.sql(sql).await?;
    answer.collect().await.map_err(EngineError::running)
}
