//! `engram sql`: asks a dataset in SQL and prints or saves the answer.

mod completion;
mod output;
mod progress;
mod prompt;
mod table;

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use engram_engine::reshape::pivot;
use engram_engine::{Session, queries};

use crate::failure::Failure;
use crate::session_arguments::SessionArguments;
use output::{Destination, Sink};
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

    #[command(flatten)]
    answer: AnswerArguments,
}

/// What becomes of an answer, and what may be done for it.
#[derive(Clone, Debug, Args)]
pub(crate) struct AnswerArguments {
    /// Spread a column over the page: a column for each of its values, filled from the answer's last column
    #[arg(long, value_name = "COLUMN")]
    pivot: Option<String>,

    /// The form of the answer; without it the ending of --output decides, or else it is a table
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Write the answer to a file, which appears when it is complete
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    session: SessionArguments,
}

/// The forms that an answer can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people to read
    Table,
    /// Comma-separated values with a header
    Csv,
    /// An array of objects; NaN and infinity, which JSON does not have, become null
    Json,
    /// An Arrow IPC stream
    Arrow,
    /// A Parquet file
    Parquet,
}

impl Format {
    /// Whether it is for programs only and holds one answer.
    fn is_binary(self) -> bool {
        matches!(self, Self::Arrow | Self::Parquet)
    }

    fn of_file(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "arrow" | "arrows" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
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
        (None, Some(file)) => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            queries::bind(&text, &BTreeMap::new())?
        }
        (None, None) if std::io::stdin().is_terminal() => {
            let (format, _) = args.answer.form()?;
            let session = args.answer.session.open(&args.at).await?;
            return prompt::run(session, format).await;
        }
        (None, None) => {
            let mut sql = String::new();
            std::io::stdin()
                .read_to_string(&mut sql)
                .context("cannot read SQL from standard input")?;
            sql
        }
    };
    answer(&sql, &args.at, &args.answer).await
}

/// Runs statements and prints or saves their answers.
///
/// # Errors
/// Those of the engine, and of files that cannot be written.
pub(crate) async fn answer(sql: &str, at: &str, args: &AnswerArguments) -> anyhow::Result<()> {
    let (format, destination) = args.form()?;
    let statements = Session::statements(sql)?;
    match statements.len() {
        0 => bail!("there is no SQL statement in what was given"),
        1 => {}
        n if format.is_binary() => {
            bail!("{n} statements give {n} answers, but a file of this format holds one")
        }
        _ => {}
    }
    let session = args.session.open(at).await?;
    let progress = Arc::new(Progress::new());
    let mut sink = Sink::open(destination, format, Arc::clone(&progress))?;
    for statement in &statements {
        progress.begin();
        let mut answer = session.stream(statement).await?;
        if let Some(column) = &args.pivot {
            answer = pivot(answer, column).await?;
        }
        if sink.write(answer).await?.is_closed() {
            return Ok(());
        }
    }
    sink.finish()
}

impl AnswerArguments {
    /// The form of the answer and where it goes.
    fn form(&self) -> anyhow::Result<(Format, Destination)> {
        let of_file = self.output.as_deref().and_then(Format::of_file);
        if let (None, None, Some(file)) = (self.format, of_file, &self.output) {
            // A table for people under a name that promises something else would mislead.
            let is_text = file.extension().is_none_or(|ending| ending == "txt");
            if !is_text {
                return Err(Failure::Request {
                    message: format!("the name {} tells no format that this command writes", file.display()),
                    hint: "give --format, or a name that ends with .csv, .json, .arrow, .parquet or .txt; `engram export` writes \
                           compressed CSV, NDJSON, NumPy, Avro and SQLite"
                        .to_owned(),
                }
                .into());
            }
        }
        let format = self.format.or(of_file).unwrap_or(Format::Table);
        let destination = Destination::of(self.output.clone());
        destination.accepts(format)?;
        Ok((format, destination))
    }
}
