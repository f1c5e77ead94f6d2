//! `engram query`: runs a named query, with parameters.

mod no_rows;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use engram_engine::queries::{self, Header, NamedQuery};

use crate::printing;
use crate::sql::{self, AnswerArguments};

pub(crate) use no_rows::tell_of_no_rows;

/// Run one of the queries that come with engram: the study's experiments, and others
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct QueryArgs {
    /// The query's name; --list lists them
    #[arg(value_name = "NAME", required_unless_present = "list")]
    name: Option<String>,

    /// Set a parameter; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,

    /// Describe the queries and their parameters, or the named one
    #[arg(long)]
    list: bool,

    /// Print the SQL, with its parameters filled in, instead of running it
    #[arg(long, conflicts_with = "list")]
    show: bool,

    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(long, value_name = "URL", env = "ENGRAM_DATASET", hide_env_values = true, required_unless_present_any = ["list", "show"])]
    at: Option<String>,

    #[command(flatten)]
    pub(crate) answer: AnswerArguments,
}

const EXAMPLES: &str = "\
Examples:
  What there is:
    engram query --list

  Five observations of each layer, 25 epochs apart, with a split to learn from and to test on:
    engram query figure_4a --param samples=5 --param period=25 --at data/sweep --output figure_4a.parquet

  The SQL of it, to start one's own from:
    engram query figure_4a --show > mine.sql";

/// Runs the command.
///
/// # Errors
/// Those of the engine, and of files that cannot be written.
pub(crate) async fn run(args: QueryArgs) -> anyhow::Result<()> {
    let named = args.name.as_deref().map(queries::find).transpose()?;
    let Some(query) = named.filter(|_| !args.list) else {
        return print(&described(named));
    };
    let parameters = args.parameters;
    let given: BTreeMap<String, String> = parameters.iter().cloned().collect();
    let text = queries::bind(query.text, &given)?;
    if args.show {
        return print(&text);
    }
    let Some(at) = args.at else {
        bail!("--at says where the dataset is");
    };
    let answered = sql::answer(&text, &at, &args.answer).await?;
    if answered.n_rows == 0 {
        tell_of_no_rows(&answered.session, query.name, &parameters).await;
    }
    Ok(())
}

/// The SQL of a file, whose first lines may name parameters.
///
/// # Errors
/// For a file that cannot be read, and for parameters that it does not have.
pub(crate) fn of_file(file: &Path, parameters: &[(String, String)]) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let given = parameters.iter().cloned().collect();
    Ok(queries::bind(&text, &given)?)
}

/// `name=value`.
pub(crate) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("a parameter is given as name=value".to_owned()),
    }
}

/// One query, or all of them, for people.
fn described(named: Option<NamedQuery>) -> String {
    let one = named.as_ref().map(std::slice::from_ref);
    let mut text = String::new();
    for query in one.unwrap_or(queries::ALL) {
        let header = Header::of(query.text);
        text.push_str(&format!("{}\n  {}\n", query.name, header.title));
        if named.is_some() {
            text.push_str(&format!("\n{}\n\n", header.description));
        }
        for parameter in header.parameters {
            let (name, default, meaning) = (parameter.name, parameter.default, parameter.meaning);
            text.push_str(&format!("    {name} = {default}: {meaning}\n"));
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn print(text: &str) -> anyhow::Result<()> {
    printing::print(text, "the queries")
}
