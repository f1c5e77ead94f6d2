//! `engram status`: how far a sweep is, read off one listing of its dataset.

mod report;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use clap::{Args, ValueEnum};
use engram_plan::SweepFile;
use engram_schemas::DatasetLocation;

use crate::failure::Failure;
use crate::printing;
use report::Report;

/// Say how far a sweep is: done, diverged, failed, in flight, missing
///
/// Only names and times are listed, so that it is quick and disturbs nobody; the logs of failed runs are opened to say
/// why they failed. A run is `in flight` while its worker writes to its log; when it has not done so for two minutes
/// the worker is lost, and the run counts as missing. A run that was stopped with a checkpoint is missing too, until
/// `engram generate` takes it up again.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    /// The sweep: the TOML file that the dataset is trained from
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,

    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// Look again and again until no run is missing or in flight. On a terminal the picture is redrawn; elsewhere a
    /// line is printed when something has changed, and the whole at the end
    #[arg(long)]
    watch: bool,

    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "5", requires = "watch")]
    interval: u32,

    /// Failed runs whose reasons are read and shown, and lost runs that are named
    #[arg(long, value_name = "N", default_value = "10")]
    reasons: usize,

    /// The form of the answer
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// The forms of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people to read
    Table,
    /// An object; with --watch one a line, whenever something has changed
    Json,
}

const EXAMPLES: &str = "\
Examples:
  engram status sweeps/paper.toml --at s3://bucket/paper
  engram status sweeps/paper.toml --at s3://bucket/paper --watch
  engram status sweeps/paper.toml --at data/paper --format json | jq .missing

Exit codes: 0 done, however far the sweep is; 1 something in the request cannot
be used. With --watch 0 when all runs are there, 2 when some have failed and all
others are there.";

/// Runs the command.
///
/// # Errors
/// A sweep that cannot be used, a dataset that cannot be listed, and after watching [`Failure::Internal`] when runs have
/// failed.
pub(crate) async fn run(arguments: StatusArgs) -> anyhow::Result<()> {
    let sweep = SweepFile::read(&arguments.sweep)?;
    let location = DatasetLocation::open(&arguments.at)?;
    note_absence(&location);
    let written = if arguments.watch {
        watch(&arguments, &sweep, &location).await?
    } else {
        let report = look(&arguments, &sweep, &location).await?;
        print(&match arguments.format {
            Format::Table => report.to_text(),
            Format::Json => format!("{:#}\n", report.to_json()),
        })
    };
    printing::ended(written).context("cannot write to standard output")
}

/// A folder that is not there has no runs, and may be mistyped.
pub(crate) fn note_absence(location: &DatasetLocation) {
    if let Some(folder) = location.local_path()
        && !folder.is_dir()
    {
        // Nobody can be told that standard error is closed.
        let _ = writeln!(
            io::stderr(),
            "note: there is no folder {} yet",
            folder.display()
        );
    }
}

async fn look(
    arguments: &StatusArgs,
    sweep: &SweepFile,
    location: &DatasetLocation,
) -> anyhow::Result<Report> {
    Report::read(sweep, location, SystemTime::now(), arguments.reasons).await
}

async fn watch(
    arguments: &StatusArgs,
    sweep: &SweepFile,
    location: &DatasetLocation,
) -> anyhow::Result<io::Result<()>> {
    let redraws = arguments.format == Format::Table && io::stdout().is_terminal();
    let interval = Duration::from_secs(arguments.interval.max(1).into());
    let mut report = look(arguments, sweep, location).await?;
    let mut last = String::new();
    loop {
        let text = match arguments.format {
            Format::Table if redraws => format!("{CLEAR}{}", report.to_short_text()),
            Format::Table => report.to_line(),
            Format::Json => format!("{}\n", report.to_json()),
        };
        if text != last || redraws {
            if let Err(error) = print(&text) {
                return Ok(Err(error));
            }
            last = text;
        }
        if report.is_over() {
            break;
        }
        tokio::time::sleep(interval).await;
        match look(arguments, sweep, location).await {
            Ok(seen) => report = seen,
            // A store that was there may be away for a while.
            Err(error) => {
                let _ = writeln!(
                    io::stderr(),
                    "{}; looking again",
                    crate::failure::describe(&error)
                );
            }
        }
    }
    if arguments.format == Format::Table
        && let Err(error) = print(&match redraws {
            true => format!("{CLEAR}{}", report.to_text()),
            false => report.to_text(),
        })
    {
        return Ok(Err(error));
    }
    match report.n_failed() {
        0 => Ok(Ok(())),
        n_failed => Err(Failure::Internal {
            message: format!("{n_failed} of {} networks have failed", report.n_planned()),
            hint: "`engram generate` with the same sweep tries them again".to_owned(),
        }
        .into()),
    }
}

/// Moves to the upper left corner and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[2J";

fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}
