//! `engram report`: one page with the dataset's summary, the claims and the figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::util::display::array_value_to_string;
use clap::Args;
use engram_engine::Session;
use engram_engine::experiments::{self, Facts, Figure};
use engram_report::{PageOptions, Results, Summary, claims_markdown, page};
use engram_schemas::SCHEMA_VERSION;

use crate::printing::say;
use crate::reproduce::{ExperimentArguments, rows_of, write};

/// Write what the experiments say of the study's claims, with all figures, as one page
///
/// The page needs no network and nothing beside it. It reads the rows that `engram reproduce` left in the table `results`;
/// run that first, with the same --quick, --splits and --seed.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    experiments: ExperimentArguments,

    /// The page
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    to: PathBuf,

    /// The table of claims alone, as Markdown
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  engram reproduce all --at data/digits && engram report --at data/digits --to digits.html";

/// Runs the command.
///
/// # Errors
/// For a dataset that cannot be read, and a page that cannot be written.
pub(crate) async fn run(arguments: ReportArgs) -> anyhow::Result<()> {
    let protocol = arguments.experiments.protocol();
    let session = arguments.experiments.open().await?;
    let facts = Facts::of(&session).await?;
    let (variants, _) = experiments::variants(Figure::ALL, &facts);
    let rows = rows_of(&session, &variants, &protocol).await?;
    if rows.is_empty() {
        say(
            "hint: there are no results of these settings yet: run `engram reproduce all` with the same ones first",
        );
    }
    let results = Results::try_new(&rows)?;
    let summary = summary(&session, &arguments.experiments.at).await?;
    let options = PageOptions {
        grid: arguments.experiments.drawn_grid(),
        ..PageOptions::default()
    };
    write(&arguments.to, page(&summary, &results, &options).as_bytes())?;
    say(&format!(
        "{}: {} rows of results",
        arguments.to.display(),
        rows.len()
    ));
    if let Some(file) = &arguments.claims {
        write(file, claims_markdown(&results).as_bytes())?;
        say(&format!("{}: the claims", file.display()));
    }
    Ok(())
}

/// What the page says of the dataset.
async fn summary(session: &Session, at: &str) -> anyhow::Result<Summary> {
    let runs_by_status = counts(session, "status", "runs").await?;
    let n_examples = counts(session, "task", "examples").await?;
    Ok(Summary {
        location: at.to_owned(),
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
async fn counts(
    session: &Session,
    column: &str,
    view: &str,
) -> anyhow::Result<BTreeMap<String, u64>> {
    let sql = format!("SELECT {column}, count(*) FROM {view} GROUP BY {column}");
    let mut counts = BTreeMap::new();
    for batch in session.sql(&sql).await?.collect().await? {
        for row in 0..batch.num_rows() {
            let text = |column: usize| array_value_to_string(batch.column(column), row);
            counts.insert(text(0)?, text(1)?.parse()?);
        }
    }
    Ok(counts)
}
