//! `engram sql`: asks a dataset in SQL and prints or saves the answer.

mod completion;
mod destination;
mod output;
mod progress;
mod prompt;
mod table;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use engram_engine::Session;
use engram_engine::reshape::pivot;
use engram_export::Asked;
use futures::StreamExt;

use crate::export::writing;
use crate::failure::Failure;
use crate::query;
use crate::session_arguments::SessionArguments;
use crate::signals;
use destination::{Destination, DestinationArguments, File, Printed};
use output::Sink;
use progress::Progress;

/// Ask a dataset in SQL
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct SqlArgs {
    /// The SQL to run; without it, and without --file, it is read from standard input, which on a terminal is a prompt
    #[arg(value_name = "SQL")]
    sql: Option<String>,

    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// A file of SQL to run; several statements are separated by `;`
    #[arg(short, long, value_name = "FILE", conflicts_with = "sql")]
    file: Option<PathBuf>,

    /// Set a parameter of the file, which its first lines name; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = query::parameter, requires = "file",
        conflicts_with = "sql")]
    parameters: Vec<(String, String)>,

    #[command(flatten)]
    pub(crate) answer: AnswerArguments,
}

/// What becomes of an answer, and what may be done for it.
#[derive(Clone, Debug, Args)]
pub(crate) struct AnswerArguments {
    /// Spread a column over the page: a column for each of its values, filled from the answer's last column
    #[arg(long, value_name = "COLUMN")]
    pivot: Option<String>,

    #[command(flatten)]
    destination: DestinationArguments,

    #[command(flatten)]
    pub(crate) session: SessionArguments,
}

const EXAMPLES: &str = "\
Tables and views:
  trajectories   one row per run, layer, checkpoint and observation condition: 45 observed statistics
  observables    the same in long form: a row per observed statistic
  series         one row per example, with its epochs and the trajectories of all statistics as lists
  runs           one row per run: status, checkpoints, final validation loss and accuracy
  layers         one row per run and layer: depth, units, weights
  examples       one row per run, layer and observation condition: what a classifier is shown
  recordings     one row per run, layer, checkpoint, measure and stimulus: the recorded units' values
  results        one row per experiment, classifier and split

Examples:
  How well did the networks learn under each rule?
    engram sql --at target/demo/sweep --pivot architecture \\
      \"SELECT learning_rule, architecture, avg(final_validation_accuracy) FROM runs GROUP BY ALL ORDER BY ALL\"

  The trajectory of one statistic of one layer, as CSV:
    engram sql --at target/demo/sweep --format csv \\
      \"SELECT run_id, epoch, weight_abs_median FROM trajectories WHERE layer = 'conv1' ORDER BY 1, 2\"

  The feature matrix of five observations of each layer, 5 epochs apart, saved as Parquet:
    engram sql --at s3://bucket/sweep --output features.parquet \\
      \"SELECT * FROM features(input => trajectory_subsample(samples => 5, period_epochs => 5, seed => 1))\"

  A prompt with history and completion:
    engram sql --at target/demo/sweep

The SQL is that of DataFusion (https://datafusion.apache.org/user-guide/sql/). It reads the dataset and nothing else
unless --allow-write is given.";

/// Runs the command.
///
/// # Errors
/// Those of the engine, and of files that cannot be read or written.
pub(crate) async fn run(args: SqlArgs) -> anyhow::Result<()> {
    let sql = match (args.sql, args.file) {
        (Some(sql), _) => sql,
        (None, Some(file)) => query::of_file(&file, &args.parameters)?,
        (None, None) if std::io::stdin().is_terminal() => {
            return match args.answer.destination.resolve()? {
                Destination::Printed(format) => {
                    let session = args.answer.session.open(&args.at).await?;
                    prompt::run(session, format).await
                }
                Destination::File(_) => Err(Failure::Request {
                    message: "a prompt prints its answers, and --output is for the answer to one statement"
                        .to_owned(),
                    hint: "give the statement as an argument or by --file".to_owned(),
                }
                .into()),
            };
        }
        (None, None) => {
            let mut sql = String::new();
            std::io::stdin()
                .read_to_string(&mut sql)
                .context("cannot read SQL from standard input")?;
            sql
        }
    };
    answer(&sql, &args.at, &args.answer).await.map(drop)
}

/// What became of statements.
pub(crate) struct Answered {
    /// The dataset that was asked.
    pub(crate) session: Session,
    /// How many rows the answers had.
    pub(crate) n_rows: u64,
}

/// Runs statements and prints their answers, or writes the answer to one to a file. A signal stops it.
///
/// # Errors
/// Those of the engine, and of files that cannot be written.
pub(crate) async fn answer(
    sql: &str,
    at: &str,
    args: &AnswerArguments,
) -> anyhow::Result<Answered> {
    let destination = args.destination.resolve()?;
    let statements = Session::statements(sql)?;
    if statements.is_empty() {
        bail!("there is no SQL statement in what was given");
    }
    if let Destination::Printed(format) = destination {
        format.accepts(statements.len())?;
    }
    let session = args.session.open(at).await?;
    let pivot = args.pivot.as_deref();
    let n_rows = match destination {
        Destination::Printed(format) => {
            signals::unless_asked(print(&session, &statements, pivot, format)).await?
        }
        Destination::File(file) => write(&session, &statements, pivot, &file).await?,
    };
    Ok(Answered { session, n_rows })
}

/// Prints the answers, one after the other, as far as somebody reads them.
async fn print(
    session: &Session,
    statements: &[String],
    spread: Option<&str>,
    format: Printed,
) -> anyhow::Result<u64> {
    let progress = Arc::new(Progress::new());
    let mut sink = Sink::open(format, Arc::clone(&progress));
    for statement in statements {
        progress.begin();
        let mut answer = session.stream(statement).await?;
        if let Some(column) = spread {
            answer = pivot(answer, column).await?;
        }
        if sink.write(answer).await?.is_closed() {
            return Ok(sink.n_rows());
        }
    }
    sink.finish()
}

/// Writes the answer to the last statement to a file. Those before it make what it asks.
async fn write(
    session: &Session,
    statements: &[String],
    spread: Option<&str>,
    file: &File,
) -> anyhow::Result<u64> {
    let Some((last, before)) = statements.split_last() else {
        return Ok(0);
    };
    for statement in before {
        let mut answer = session.stream(statement).await?;
        if !answer.schema.fields().is_empty() {
            bail!(
                "a file holds one answer, and of {} statements another than the last has one too",
                statements.len()
            );
        }
        while let Some(none) = answer.batches.next().await {
            none?;
        }
    }
    let place = (&file.to, file.given.as_str());
    let written = match spread {
        None => writing::write(session, Asked::Sql(last), place, &file.settings).await?,
        Some(column) => {
            let answer = pivot(session.stream(last).await?, column).await?;
            let sql = &format!("{}\n-- the column {column}, spread", last.trim());
            let asked = Asked::Rows { answer, sql };
            writing::write(session, asked, place, &file.settings).await?
        }
    };
    Ok(written.n_rows)
}
