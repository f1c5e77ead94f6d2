//! `engram plan`: the runs of a sweep, before anything is trained.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context;
use clap::{Args, ValueEnum};
use engram_plan::{PlannedRun, RunConfiguration, SweepFile, TaskSettings};
use engram_schemas::{Architecture, DatasetLocation, LearningRule, Task};
use serde_json::json;

use crate::columns::{Align, Columns};
use crate::listing::{Listing, Standing};
use crate::printing;

/// List the runs of a sweep, and count them
///
/// One row a run, in the order in which they are trained: its place in the plan (what array jobs count by), its name,
/// what it trains, its learning rates as they follow from batch size, and its number of weighted layers. Nothing is
/// trained or written. A mistake in the sweep file is found here as well as anywhere.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct PlanArgs {
    /// The sweep: a TOML file that names tasks, architectures, learning rules, batch sizes and seeds
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,

    /// The form of the list
    #[arg(long, value_enum, default_value = "table")]
    format: Format,

    /// The counts by task, architecture and learning rule alone
    #[arg(long)]
    counts: bool,

    /// Only the runs whose files are not in the dataset at --at, with where each stands: missing, failed, in flight
    /// or lost
    #[arg(long, requires = "at")]
    missing: bool,

    /// With --missing, where the dataset is: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    at: Option<String>,
}

/// The forms of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for people to read, and the counts below
    Table,
    /// Comma-separated values with a header; the runs alone, or with --counts the counts alone
    Csv,
    /// An object with the counts and then the runs, one a line
    Json,
}

const EXAMPLES: &str = "\
Examples:
  engram plan sweeps/paper.toml --counts
  engram plan sweeps/paper.toml --format csv > plan.csv
  engram plan sweeps/paper.toml --missing --at s3://bucket/paper

  The places of what is missing, as a Slurm array wants them:
    engram plan sweeps/paper.toml --missing --at data/paper --format csv |
      cut -d, -f1 | tail -n +2 | paste -sd,

Exit codes: 0 done, also when nothing is missing; 1 something in the request
cannot be used.";

/// A run's cells, apart from where it stands.
const COLUMNS: [(&str, Align); 11] = [
    ("index", Align::Right),
    ("run_id", Align::Left),
    ("task", Align::Left),
    ("architecture", Align::Left),
    ("learning_rule", Align::Left),
    ("batch_size", Align::Right),
    ("model_seed", Align::Right),
    ("dataset_seed", Align::Right),
    ("learning_rate", Align::Right),
    ("alignment_learning_rate", Align::Right),
    ("n_layers", Align::Right),
];

/// Where a run stands, with `--missing`.
const STANDING: (&str, Align) = ("standing", Align::Left);

const COUNTS: [(&str, Align); 5] = [
    ("task", Align::Left),
    ("architecture", Align::Left),
    ("learning_rule", Align::Left),
    ("n_runs", Align::Right),
    ("n_layers", Align::Right),
];

/// One run of the list.
struct Row {
    index: usize,
    run: PlannedRun,
    n_layers: usize,
    standing: Option<Standing>,
}

/// Runs of one task, architecture and learning rule.
struct Count {
    kind: Kind,
    n_runs: usize,
    n_layers: usize,
}

/// What is counted together.
pub(crate) type Kind = (Task, Architecture, LearningRule);

pub(crate) fn kind(run: &PlannedRun) -> Kind {
    let configuration = &run.configuration;
    (
        configuration.task.name,
        configuration.architecture,
        configuration.learning_rule.rule(),
    )
}

/// Runs the command.
///
/// # Errors
/// A sweep that cannot be used, a dataset that cannot be listed.
pub(crate) async fn run(arguments: PlanArgs) -> anyhow::Result<()> {
    let sweep = SweepFile::read(&arguments.sweep)?;
    let listing = match &arguments.at {
        Some(at) if arguments.missing => {
            let location = DatasetLocation::open(at)?;
            crate::status::note_absence(&location);
            Some(Listing::of_runs(&location).await?)
        }
        _ => None,
    };
    let list = List::new(&sweep, listing.as_ref())?;
    let mut output = BufWriter::new(io::stdout().lock());
    let written = match (arguments.format, arguments.counts) {
        (Format::Table, true) => list.write_counts(&mut output),
        (Format::Table, false) => list.write_table(&mut output),
        (Format::Csv, true) => list.write_csv_counts(&mut output),
        (Format::Csv, false) => list.write_csv(&mut output),
        (Format::Json, only_counts) => list.write_json(&mut output, only_counts),
    };
    printing::ended(written.and_then(|()| output.flush()))
        .context("cannot write to standard output")
}

/// Everything that is printed. A plan may be long: its rows are made again for every time that they are gone through.
struct List<'a> {
    sweep: &'a SweepFile,
    listing: Option<&'a Listing>,
    now: SystemTime,
    n_planned: usize,
    n_rows: usize,
    /// In the order of the plan.
    counts: Vec<Count>,
}

impl<'a> List<'a> {
    /// Goes through the plan, and counts.
    fn new(sweep: &'a SweepFile, listing: Option<&'a Listing>) -> engram_plan::Result<Self> {
        let mut list = Self {
            sweep,
            listing,
            now: SystemTime::now(),
            n_planned: 0,
            n_rows: 0,
            counts: Vec::new(),
        };
        let (mut n_planned, mut n_rows, mut counts) = (0, 0, Vec::<Count>::new());
        let mut places: HashMap<Kind, usize> = HashMap::new();
        for row in list.all()? {
            let row = row?;
            n_planned += 1;
            if row.is_there() {
                continue;
            }
            let kind = kind(&row.run);
            let place = *places.entry(kind).or_insert_with(|| {
                counts.push(Count {
                    kind,
                    n_runs: 0,
                    n_layers: 0,
                });
                counts.len() - 1
            });
            counts[place].n_runs += 1;
            counts[place].n_layers += row.n_layers;
            n_rows += 1;
        }
        (list.n_planned, list.n_rows, list.counts) = (n_planned, n_rows, counts);
        Ok(list)
    }

    /// The plan's runs, those that are there too.
    fn all(&self) -> engram_plan::Result<impl Iterator<Item = engram_plan::Result<Row>>> {
        // Layers follow from architecture and task, and a plan has the runs that share them side by side.
        let mut before: Option<(Architecture, TaskSettings, usize)> = None;
        Ok(self.sweep.runs()?.enumerate().map(move |(index, run)| {
            let run = run?;
            let RunConfiguration {
                architecture, task, ..
            } = &run.configuration;
            let n_layers = match &before {
                Some((of, on, n_layers)) if of == architecture && on == task => *n_layers,
                _ => {
                    let n_layers = run.configuration.layers()?.len();
                    before = Some((*architecture, task.clone(), n_layers));
                    n_layers
                }
            };
            Ok(Row {
                index,
                n_layers,
                standing: self.listing.map(|listing| listing.standing(&run, self.now)),
                run,
            })
        }))
    }

    /// The rows of the list. The plan was gone through before: it has no mistakes.
    fn rows(&self) -> io::Result<impl Iterator<Item = Row>> {
        let all = self.all().map_err(io::Error::other)?;
        Ok(all.flatten().filter(|row| !row.is_there()))
    }

    fn columns(&self) -> Vec<(&'static str, Align)> {
        let standing = self.listing.map(|_| STANDING);
        COLUMNS.into_iter().chain(standing).collect()
    }

    fn n_layers(&self) -> usize {
        self.counts.iter().map(|count| count.n_layers).sum()
    }

    fn write_table(&self, output: &mut dyn Write) -> io::Result<()> {
        let mut columns = Columns::new(&self.columns());
        self.rows()?.for_each(|row| columns.fit(&row.cells()));
        columns.write_head(output)?;
        for row in self.rows()? {
            columns.write_row(output, &row.cells())?;
        }
        writeln!(output)?;
        self.write_counts(output)
    }

    fn write_counts(&self, output: &mut dyn Write) -> io::Result<()> {
        let mut columns = Columns::new(&COUNTS);
        self.counts
            .iter()
            .for_each(|count| columns.fit(&count.cells()));
        columns.write_head(output)?;
        for count in &self.counts {
            columns.write_row(output, &count.cells())?;
        }
        let n_runs = self.n_rows;
        let which = match self.listing.is_some() {
            true => format!("{n_runs} of {} networks are not there", self.n_planned),
            false => format!("{n_runs} networks"),
        };
        let n_layers = self.n_layers();
        writeln!(
            output,
            "\n{}: {which}, {n_layers} layer trajectories",
            self.sweep.name
        )
    }

    fn write_csv(&self, output: &mut dyn Write) -> io::Result<()> {
        write_names(output, &self.columns())?;
        // No name or number has a comma or a quote in it.
        self.rows()?
            .try_for_each(|row| writeln!(output, "{}", row.cells().join(",")))
    }

    fn write_csv_counts(&self, output: &mut dyn Write) -> io::Result<()> {
        write_names(output, &COUNTS)?;
        self.counts
            .iter()
            .try_for_each(|count| writeln!(output, "{}", count.cells().join(",")))
    }

    fn write_json(&self, output: &mut dyn Write, only_counts: bool) -> io::Result<()> {
        let counts: Vec<_> = self.counts.iter().map(Count::to_json).collect();
        write!(
            output,
            "{{\"sweep\": {}, \"n_runs\": {}, \"n_layers\": {},\n\"counts\": [",
            json!(self.sweep.name),
            self.n_rows,
            self.n_layers(),
        )?;
        write_items(output, counts.into_iter())?;
        if !only_counts {
            write!(output, ",\n\"runs\": [")?;
            write_items(output, self.rows()?.map(|row| row.to_json()))?;
        }
        writeln!(output, "}}")
    }
}

fn write_names(output: &mut dyn Write, columns: &[(&str, Align)]) -> io::Result<()> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    writeln!(output, "{}", names.join(","))
}

/// The items of an array, one a line, and its end.
fn write_items(
    output: &mut dyn Write,
    items: impl Iterator<Item = serde_json::Value>,
) -> io::Result<()> {
    for (place, item) in items.enumerate() {
        let before = if place == 0 { "\n" } else { ",\n" };
        write!(output, "{before}{item}")?;
    }
    write!(output, "]")
}

impl Row {
    fn is_there(&self) -> bool {
        self.standing.is_some_and(Standing::is_there)
    }

    fn cells(&self) -> Vec<String> {
        let configuration = &self.run.configuration;
        let (task, architecture, rule) = kind(&self.run);
        let alignment_rate = configuration.alignment_learning_rate;
        let mut cells = vec![
            self.index.to_string(),
            self.run.run_id.clone(),
            task.to_string(),
            architecture.to_string(),
            rule.to_string(),
            configuration.batch_size.to_string(),
            configuration.model_seed.to_string(),
            configuration.dataset_seed.to_string(),
            configuration.learning_rate.to_string(),
            alignment_rate.map_or_else(String::new, |rate| rate.to_string()),
            self.n_layers.to_string(),
        ];
        cells.extend(self.standing.map(|standing| standing.as_str().to_owned()));
        cells
    }

    fn to_json(&self) -> serde_json::Value {
        let configuration = &self.run.configuration;
        let (task, architecture, rule) = kind(&self.run);
        let mut object = json!({
            "index": self.index,
            "run_id": self.run.run_id,
            "task": task,
            "architecture": architecture,
            "learning_rule": rule,
            "batch_size": configuration.batch_size,
            "model_seed": configuration.model_seed,
            "dataset_seed": configuration.dataset_seed,
            "learning_rate": configuration.learning_rate,
            "alignment_learning_rate": configuration.alignment_learning_rate,
            "n_layers": self.n_layers,
        });
        if let (Some(standing), Some(fields)) = (self.standing, object.as_object_mut()) {
            fields.insert(STANDING.0.to_owned(), standing.as_str().into());
        }
        object
    }
}

impl Count {
    fn cells(&self) -> Vec<String> {
        let (task, architecture, rule) = self.kind;
        vec![
            task.to_string(),
            architecture.to_string(),
            rule.to_string(),
            self.n_runs.to_string(),
            self.n_layers.to_string(),
        ]
    }

    fn to_json(&self) -> serde_json::Value {
        let (task, architecture, rule) = self.kind;
        json!({
            "task": task,
            "architecture": architecture,
            "learning_rule": rule,
            "n_runs": self.n_runs,
            "n_layers": self.n_layers,
        })
    }
}
