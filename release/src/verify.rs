//! Says what is wrong with a sweep or a release: reads every byte, and asks what no file alone can tell.

use std::collections::BTreeSet;
use std::fmt;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use engram_engine::Session;
use engram_engine::session::{Damage, SessionSettings};
use engram_schemas::observable::Measure;
use engram_schemas::{DatasetLocation, Manifest, Observable, manifest, trajectories};
use serde::Serialize;
use trajectories::column;

use crate::plans::Plans;
use crate::{Error, Result, store};

pub mod content;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file or the run that it is about, or the place.
    pub what: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.problem)
    }
}

/// What was checked, and what came out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// `sweep` or `release`.
    pub kind: &'static str,
    /// Name and version of a release.
    pub name: Option<String>,
    /// Files whose bytes were compared with a hash.
    pub n_files: u64,
    /// Files without a hash, written before there was one: only their footers were checked.
    pub n_without_hash: u64,
    /// Bytes read.
    pub n_bytes: u64,
    /// Networks.
    pub n_runs: u64,
    /// Networks that the plans name; 0 without a plan.
    pub n_planned: u64,
    /// Rows of trajectories.
    pub n_rows: u64,
    /// Everything that is wrong, sorted.
    pub findings: Vec<Finding>,
}

/// Checks every file and the rows of the dataset at `location`.
///
/// # Errors
/// [`Error::Engine`] for a place without a dataset, [`Error::Store`]. What is wrong with a dataset is no error but a
/// [`Finding`].
pub async fn verify(location: &DatasetLocation, settings: &SessionSettings) -> Result<Report> {
    let path = location.root().clone().join(manifest::FILE);
    let mut report = match store::read(location, &path).await? {
        Some(text) => content::of_release(location, &Manifest::from_json(&text)?).await?,
        None => content::of_sweep(location).await?,
    };
    // What is damaged is known by now, and the rest is asked without it. Where nothing is, nothing has to be read again.
    let settings = SessionSettings {
        damage: match report.findings.is_empty() {
            true => Damage::Refuse,
            false => Damage::Skip,
        },
        ..settings.clone()
    };
    match Session::open_with(location, &settings).await {
        Ok(session) => match of_rows(&session, &mut report).await {
            // What is wrong with the files may keep their rows from being asked, and is known.
            Err(Error::Engine(error)) if !report.findings.is_empty() => {
                report.findings.push(Finding {
                    what: location.url().to_string(),
                    problem: format!("not all of its rows can be asked: {error}"),
                });
            }
            done => done?,
        },
        Err(error @ engram_engine::Error::NothingThere { .. }) if report.findings.is_empty() => {
            return Err(error.into());
        }
        Err(error) => report.findings.push(Finding {
            what: location.url().to_string(),
            problem: error.to_string(),
        }),
    }
    report.findings.sort();
    report.findings.dedup();
    Ok(report)
}

/// What only the rows together can tell.
async fn of_rows(session: &Session, report: &mut Report) -> Result<()> {
    let plans = match session.dataset().release() {
        None => Plans::of_sweeps(session.location()).await?,
        Some(release) => Plans::of_release(session.location(), release).await?,
    };
    let runs = texts(session, "SELECT DISTINCT run_id FROM trajectories").await?;
    let runs: BTreeSet<String> = runs.into_iter().map(|row| row.join(" ")).collect();
    report.n_runs = runs.len() as u64;
    report.n_planned = plans.planned.len() as u64;
    let counted = texts(session, "SELECT count(*) FROM trajectories").await?;
    report.n_rows = counted
        .first()
        .and_then(|row| row.first()?.parse().ok())
        .unwrap_or(0);
    let known_missing: BTreeSet<&String> = session
        .dataset()
        .release()
        .into_iter()
        .flat_map(|release| &release.missing)
        .collect();
    for run_id in plans.missing(&runs) {
        if !known_missing.contains(&run_id) {
            report.findings.push(Finding {
                what: format!("run {run_id}"),
                problem: "it was planned, and is not there".to_owned(),
            });
        }
    }
    for row in texts(session, &twice()).await? {
        report.findings.push(Finding {
            what: format!("run {}", row[0]),
            problem: format!(
                "{} rows have the same layer, epoch and condition as another",
                row[1]
            ),
        });
    }
    let sql = "SELECT run_id, count(*) FROM (SELECT DISTINCT run_id, task, architecture FROM trajectories) \
               GROUP BY run_id HAVING count(*) > 1";
    for row in texts(session, sql).await? {
        report.findings.push(Finding {
            what: format!("run {}", row[0]),
            problem: format!("it lies in {} partitions", row[1]),
        });
    }
    for row in texts(session, &standing_still()).await? {
        report.findings.push(Finding {
            what: format!("run {}", row[0]),
            problem: format!(
                "every weight statistic of epoch {} is that of the checkpoint before: the same network was observed twice",
                row[1]
            ),
        });
    }
    Ok(())
}

/// What names a row, beyond its run.
const CONDITION: [&str; 4] = [
    column::UNIT_FRACTION,
    column::NOISE_STDDEV,
    column::OBSERVATION_SEED,
    column::DEFINITION,
];

/// Runs with rows that have the same name.
fn twice() -> String {
    let key = CONDITION.join(", ");
    format!(
        "SELECT run_id, sum(n - 1) FROM (SELECT run_id, count(*) AS n FROM trajectories \
         GROUP BY run_id, layer_index, epoch, {key} HAVING count(*) > 1) GROUP BY run_id"
    )
}

/// Runs and epochs whose weights are, layer by layer, those of the checkpoint before.
fn standing_still() -> String {
    let weights: Vec<String> = Observable::all()
        .filter(|observable| observable.measure == Measure::Weight)
        .map(Observable::column)
        .map(|name| format!("({name} IS NOT DISTINCT FROM (lag({name}) OVER w))"))
        .collect();
    format!(
        "SELECT run_id, epoch FROM (SELECT run_id, epoch, {} AS same FROM trajectories \
         WINDOW w AS (PARTITION BY run_id, layer_index, {} ORDER BY epoch)) \
         GROUP BY run_id, epoch HAVING bool_and(same)",
        weights.join(" AND "),
        CONDITION.join(", ")
    )
}

/// The rows of an answer as texts.
async fn texts(session: &Session, sql: &str) -> Result<Vec<Vec<String>>> {
    let answer = session.sql(sql).await?;
    let batches = answer
        .collect()
        .await
        .map_err(engram_engine::Error::running)?;
    let mut rows = Vec::new();
    for batch in batches {
        let columns = batch
            .columns()
            .iter()
            .map(|column| cast(column, &DataType::Utf8))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(Error::from)?;
        for row in 0..batch.num_rows() {
            let cell = |column: &std::sync::Arc<dyn Array>| {
                column.as_string::<i32>().value(row).to_owned()
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    Ok(rows)
}
