//! `engram verify`: whether a dataset is whole.

use anyhow::Context;
use clap::{Args, ValueEnum};
use engram_release::{Report, verify};
use engram_schemas::DatasetLocation;

use crate::failure::Failure;
use crate::printing::print;
use crate::session_arguments::OpeningArguments;

/// Check that a dataset is whole: every byte, every row, every planned run
///
/// Of a release all files are compared with the manifest's hashes, of a sweep with the hash in each file. Then the rows are
/// asked: are all planned runs there, is none there twice, and do the weights change from checkpoint to checkpoint? The exit
/// code is 0 when nothing is wrong, and 1 when something is.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// The dataset or release: a folder, or a URL (file://, s3://, gs://, az://, https://)
    #[arg(value_name = "URL")]
    at: String,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for people
    Text,
    /// An object
    Json,
}

const EXAMPLES: &str = "\
Examples:
  engram verify data/digits
  engram verify s3://bucket/digits-1.0.0 --format json";

/// Runs the command.
///
/// # Errors
/// When something is wrong with the dataset, or it cannot be read.
pub(crate) async fn run(arguments: VerifyArgs) -> anyhow::Result<()> {
    let location = DatasetLocation::open(&arguments.at)?;
    let report = verify(&location, &arguments.opening.settings()?).await?;
    let text = match arguments.format {
        Form::Text => in_words(&report),
        Form::Json => {
            serde_json::to_string_pretty(&report).context("the report has no form in JSON")? + "\n"
        }
    };
    print(&text, "the report")?;
    if report.findings.is_empty() {
        return Ok(());
    }
    Err(Failure::Request {
        message: format!("{} things are wrong with {}", report.findings.len(), arguments.at),
        hint: match report.kind {
            "release" => "fetch or publish the release again; --skip-damaged leaves its damaged files out of answers".to_owned(),
            _ => "remove what is damaged and run `engram generate` again: it makes the runs that are missing".to_owned(),
        },
    }
    .into())
}

fn in_words(report: &Report) -> String {
    let mut text = match &report.name {
        Some(name) => format!("release {name}\n"),
        None => "a sweep\n".to_owned(),
    };
    text.push_str(&format!(
        "{} files, {:.1} MB, compared with their hashes\n",
        report.n_files,
        report.n_bytes as f64 / 1e6
    ));
    if report.n_without_hash > 0 {
        text.push_str(&format!(
            "{} files have no hash, because they were written before there was one; only their footers were checked\n",
            report.n_without_hash
        ));
    }
    text.push_str(&format!("{} rows of {} runs", report.n_rows, report.n_runs));
    match report.n_planned {
        0 => text.push_str("; there is no plan to compare them with\n"),
        n => text.push_str(&format!(", {n} of them planned\n")),
    }
    for finding in &report.findings {
        text.push_str(&format!("wrong: {finding}\n"));
    }
    if report.findings.is_empty() {
        text.push_str("nothing is wrong\n");
    }
    text
}
