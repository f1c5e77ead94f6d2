//! `engram report`: one page with the dataset's summary, the claims and the figures.

use std::path::PathBuf;

use clap::Args;
use engram_server::Report;

use crate::printing::say;
use crate::reproduce::{ExperimentArguments, write};

/// Write what the experiments say of the study's claims, with all figures, as one page
///
/// The page needs no network and nothing beside it. It reads the rows that `engram reproduce` left in the table `results`;
/// run that first, with the same --quick, --splits and --seed.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) experiments: ExperimentArguments,

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
    let report = Report::of(&session, &arguments.experiments.at, &protocol).await?;
    if report.rows.is_empty() {
        say(
            "hint: there are no results of these settings yet: run `engram reproduce all` with the same ones first",
        );
    }
    write(&arguments.to, report.page()?.as_bytes())?;
    say(&format!(
        "{}: {} rows of results",
        arguments.to.display(),
        report.rows.len()
    ));
    if let Some(file) = &arguments.claims {
        write(file, report.claims()?.as_bytes())?;
        say(&format!("{}: the claims", file.display()));
    }
    Ok(())
}
