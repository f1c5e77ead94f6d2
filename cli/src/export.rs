//! `engram export`: an answer of any size to a file or a folder that other tools read.

pub(crate) mod writing;

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use engram_engine::queries;
use engram_export::{Asked, Compression, ExportSettings, Format, Overwrite};
use engram_schemas::DatasetLocation;

use crate::nodes_arguments::NodesArguments;
use crate::query;
use crate::session_arguments::OpeningArguments;

/// Write the answer to a query, or a whole table, in a format that other tools read: parquet, csv, ndjson, arrow, npz, avro, sqlite, lr-identify
///
/// Rows are written as they are computed, so that an answer may be far larger than the memory. What is written appears when it
/// is whole, or not at all.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    /// The SQL to run; without it, and without --file, --query and --table, the whole table `trajectories`
    #[arg(value_name = "SQL", group = "asked")]
    sql: Option<String>,

    /// Where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: String,

    /// Where the answer goes: a path or a URL (file://, s3://, gs://, az://); its ending tells the format
    ///
    /// .parquet, .csv, .csv.gz, .csv.zst, .ndjson and .jsonl (also .gz and .zst), .arrow and .feather, .npz, .avro,
    /// .sqlite and .db, .pkl for lr-identify. With --partition-by it is a folder.
    #[arg(long, value_name = "PATH_OR_URL")]
    to: String,

    /// A file with one SQL statement
    #[arg(short, long, value_name = "FILE", groups = ["asked", "parametrised"])]
    file: Option<PathBuf>,

    /// A named query; `engram query --list` lists them
    #[arg(long, value_name = "NAME", groups = ["asked", "parametrised"])]
    query: Option<String>,

    /// Set a parameter of the named query, or of the file; may be given several times
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = query::parameter, requires = "parametrised",
        conflicts_with_all = ["sql", "table"])]
    parameters: Vec<(String, String)>,

    /// A whole table or view, such as recordings, runs or results; `engram sql --help` lists them
    #[arg(long, value_name = "NAME", group = "asked")]
    table: Option<String>,

    /// The format, where the ending of --to does not tell it; with --partition-by parquet unless it is given
    #[arg(long, value_parser = format())]
    format: Option<Format>,

    /// The compression; by default what the ending of --to says, zstd for parquet, gzip for avro, and none for the others
    #[arg(long, value_parser = compression())]
    compression: Option<Compression>,

    /// Write a folder for every value of these columns, as in learning_rule=sgdm/part-0.parquet; the folder is whole when
    /// there is a file _SUCCESS in it
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    partition_by: Vec<String>,

    /// The table of a SQLite database [default: answer]
    #[arg(long, value_name = "NAME")]
    table_name: Option<String>,

    /// Replace an export that is there already
    #[arg(long)]
    overwrite: bool,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,

    #[command(flatten)]
    nodes: NodesArguments,
}

const EXAMPLES: &str = "\
Examples:
  The whole table of trajectories, as one Parquet file:
    engram export --at data/digits --to trajectories.parquet

  The answer to a query, as compressed CSV:
    engram export --at data/digits --to loss.csv.gz \\
      \"SELECT run_id, learning_rule, epoch, validation_loss FROM trajectories WHERE layer = 'conv1' ORDER BY run_id, epoch\"

  The feature matrix, as NumPy arrays:
    engram export --at data/digits --to features.npz \
      \"SELECT learning_rule, run_id, layer, features FROM features('weight') WHERE excluded IS NULL\"

  A named query with a parameter:
    engram export --at data/digits --query figure_4a --param period=4 --to figure_4a.parquet

  A folder for every learning rule, in a store:
    engram export --at data/digits --partition-by learning_rule --to s3://bucket/trajectories

  A SQLite database with the table `runs`:
    engram export --at data/digits --table runs --table-name runs --to runs.sqlite

  The arrays that the analysis code of the 2020 study reads, of one task:
    engram export --at data/digits --to dataset.pkl \
      \"SELECT * FROM trajectories WHERE status = 'trained' AND task = 'digits'\"

NULL, NaN and lists by format:
  parquet, arrow, avro  as they are
  csv                   NULL is empty, NaN and inf are written so; lists are JSON
  ndjson                NULL is null, and so are NaN and infinity, which JSON does not have
  npz                   NULL is NaN in floating-point columns and refused in others; lists of equal length are further dimensions
  sqlite                NaN becomes NULL, infinity stays; lists are JSON
  lr-identify           X, X_cat, Y, obs_keys and meta, of rows of trajectories; NaN and infinity as they are
docs/export.md has the types, and how each is read in Python, R and SQL.";

/// Runs the command.
///
/// # Errors
/// Those of the query and of the place.
pub(crate) async fn run(arguments: ExportArgs) -> anyhow::Result<()> {
    let to = DatasetLocation::open_to_write(&arguments.to)?;
    let sql = arguments.sql()?;
    let session = arguments.opening.open(&arguments.at).await?;
    arguments.nodes.join(&session).await?;
    let place = (&to, arguments.to.as_str());
    let exported = writing::write(&session, Asked::Sql(&sql), place, &arguments.settings()).await?;
    if let (Some(name), 0) = (&arguments.query, exported.n_rows) {
        query::tell_of_no_rows(&session, name, &arguments.parameters).await;
    }
    Ok(())
}

impl ExportArgs {
    /// The one statement to run.
    fn sql(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.file {
            return query::of_file(file, &self.parameters);
        }
        if let Some(name) = &self.query {
            let parameters = self.parameters.iter().cloned().collect();
            return Ok(queries::bind(queries::find(name)?.text, &parameters)?);
        }
        let table = self.table.as_deref().unwrap_or("trajectories");
        let whole = || format!("SELECT * FROM \"{}\"", table.replace('"', "\"\""));
        Ok(self.sql.clone().unwrap_or_else(whole))
    }

    fn settings(&self) -> ExportSettings {
        ExportSettings {
            format: self.format,
            compression: self.compression,
            partition_by: self.partition_by.clone(),
            overwrite: match self.overwrite {
                true => Overwrite::Replace,
                false => Overwrite::Refuse,
            },
            table_name: self.table_name.clone(),
        }
    }
}

/// The formats by their names.
fn format() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::name));
    names.try_map(|name| Format::of_name(&name).ok_or("there is no such format"))
}

/// The compressions by their names.
pub(crate) fn compression() -> impl TypedValueParser<Value = Compression> {
    let names = PossibleValuesParser::new(Compression::ALL.map(Compression::name));
    names.try_map(|name| Compression::of_name(&name).ok_or("there is no such compression"))
}
