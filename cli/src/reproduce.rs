//! `engram reproduce`: runs the study's experiments on a dataset and draws its figures.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use engram_classifiers::{Grid, Kind};
use engram_engine::Session;
use engram_engine::experiments::{self, Facts, Figure, Outcome, Protocol, Variant};
use engram_report::{Results, figures};
use engram_schemas::category::nearest;
use engram_schemas::results::ResultRow;
use engram_server::report;
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::fitting_arguments::FittingArguments;
use crate::printing::say;
use crate::session_arguments::OpeningArguments;

/// All figures.
const ALL: &str = "all";

/// Run the study's experiments on a dataset, and draw its figures
///
/// Every experiment is a query of `queries/`. Its classifiers' settings are chosen from the study's grids by
/// cross-validation on the training examples, anew for every split. What comes out is added to the table `results`; what is
/// there already is not run again, so that a command that was stopped goes on where it was.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ReproduceArgs {
    /// The figures: figure_2a ... figure_5, figure_s1 ... figure_s8, figure_leakage, or all
    #[arg(value_name = "FIGURE", required = true)]
    figures: Vec<String>,

    #[command(flatten)]
    pub(crate) experiments: ExperimentArguments,

    #[command(flatten)]
    fitting: FittingArguments,

    /// Of the figures' experiments those of this classifier alone, as `identify` names it; can be given several times
    #[arg(long = "classifier", value_name = "NAME")]
    classifiers: Vec<Kind>,

    /// Folder for the figures, as SVG and PNG
    #[arg(long, value_name = "FOLDER", default_value = "figures")]
    to: PathBuf,
}

/// How experiments are run.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExperimentArguments {
    /// The dataset: a folder, or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    pub(crate) at: String,

    /// A first look: a few of the grids' settings, 3 splits and 3 folds; figures say so
    #[arg(long)]
    quick: bool,

    /// Try all of the study's settings of the Conv1D MLP, which takes hours a split; without it, four of them, and figures say so
    #[arg(long, conflicts_with = "quick")]
    full_conv1d_grid: bool,

    #[command(flatten)]
    pub(crate) opening: OpeningArguments,

    /// Splits of every experiment, of which those that are there are kept [default: 10, or 3 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    splits: Option<u16>,

    /// Seed of the first split; every further one has the next
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
}

const EXAMPLES: &str = "\
Examples:
  engram reproduce figure_2a figure_2c --at data/digits --quick
  engram reproduce all --at data/digits && engram report --at data/digits";

impl ExperimentArguments {
    pub(crate) fn protocol(&self) -> Protocol {
        let protocol = if self.quick {
            Protocol::quick()
        } else {
            Protocol::default()
        };
        Protocol {
            n_splits: self.splits.map_or(protocol.n_splits, usize::from),
            conv1d_grid: match self.full_conv1d_grid {
                true => Grid::Full,
                false => Grid::Quick,
            },
            seed: u64::from(self.seed),
            ..protocol
        }
    }

    pub(crate) async fn open(&self) -> anyhow::Result<Session> {
        self.opening.open(&self.at).await
    }
}

/// Runs the command.
///
/// # Errors
/// For figures that do not exist, a dataset that cannot be read, experiments that fail, and figures that cannot be written.
pub(crate) async fn run(arguments: ReproduceArgs) -> anyhow::Result<()> {
    let wanted = wanted(&arguments.figures)?;
    arguments.fitting.apply();
    let protocol = arguments.experiments.protocol();
    let session = arguments.experiments.open().await?;
    let facts = Facts::of(&session).await?;
    let (needed, lacking) = experiments::variants(&wanted, &facts);
    let variants = match arguments.classifiers.is_empty() {
        true => needed.clone(),
        false => of_classifiers(&needed, &arguments.classifiers)?,
    };
    let counts: Vec<String> = experiments::counted(&variants)
        .into_iter()
        .map(|(experiment, n)| format!("{n} of {experiment}"))
        .collect();
    say(&format!(
        "{} experiments: {}",
        variants.len(),
        counts.join(", ")
    ));
    for (figure, why) in &lacking {
        say(&format!("{} is left out: {why}", figure.name));
    }
    run_all(&session, &variants, &protocol).await?;
    // The table is listed when a session opens, and now there is more of it.
    let session = arguments.experiments.open().await?;
    // Of all classifiers, so that a figure does not lose what it had.
    let rows = experiments::rows_of(&session, &needed, &protocol).await?;
    draw(&wanted, &rows, report::grid_of(&protocol), &arguments.to)
}

/// The figures of these names.
fn wanted(names: &[String]) -> anyhow::Result<Vec<Figure>> {
    if names.iter().any(|name| name == ALL) {
        return Ok(Figure::ALL.to_vec());
    }
    let find = |name: &String| {
        Figure::named(name).ok_or_else(|| {
            let known = Figure::ALL.iter().map(|figure| figure.name);
            let hint = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!(
                    "there are {}, and all",
                    known.collect::<Vec<_>>().join(", ")
                ),
            };
            Failure::Request {
                message: format!("there is no figure `{name}`"),
                hint,
            }
            .into()
        })
    };
    names.iter().map(find).collect()
}

/// Those of some classifiers.
fn of_classifiers(variants: &[Variant], wanted: &[Kind]) -> anyhow::Result<Vec<Variant>> {
    let there: BTreeSet<&str> = variants
        .iter()
        .map(|variant| variant.classifier.as_str())
        .collect();
    if let Some(kind) = wanted.iter().find(|kind| !there.contains(kind.as_str())) {
        return Err(Failure::Request {
            message: format!("no experiment of these figures has the classifier {kind}"),
            hint: format!(
                "there are {}",
                there.into_iter().collect::<Vec<_>>().join(", ")
            ),
        }
        .into());
    }
    let are_wanted = |variant: &&Variant| wanted.contains(&variant.classifier);
    Ok(variants.iter().filter(are_wanted).cloned().collect())
}

async fn run_all(
    session: &Session,
    variants: &[Variant],
    protocol: &Protocol,
) -> anyhow::Result<()> {
    let n_splits =
        |variant: &Variant| -> anyhow::Result<u64> { Ok(variant.n_trials(protocol)? as u64) };
    let mut steps = variants
        .iter()
        .map(n_splits)
        .collect::<anyhow::Result<Vec<_>>>()?;
    // Drawn to standard error, and only where that is a terminal; elsewhere there is a line for each experiment.
    let progress = ProgressBar::new(steps.iter().sum()).with_style(
        ProgressStyle::with_template("{wide_bar} split {pos} of {len}, {eta} to go\n{msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let (mut n_run, mut n_there) = (0, 0);
    for (number, variant) in variants.iter().enumerate() {
        progress.set_message(variant.title());
        let started = Instant::now();
        let outcome = experiments::run(session, variant, protocol, || {
            steps[number] = steps[number].saturating_sub(1);
            progress.inc(1);
        })
        .await
        .with_context(|| format!("{} failed", variant.title()))?;
        // What was not run is no measure of what is to come.
        progress.dec_length(steps[number]);
        let ended = match outcome {
            Outcome::WasThere => {
                n_there += 1;
                None
            }
            Outcome::Done => {
                n_run += 1;
                let seconds = started.elapsed().as_secs_f64();
                progress.is_hidden().then(|| format!("{seconds:.1} s"))
            }
            Outcome::NotTestable { why } => Some(format!("left out: {why}")),
        };
        if let Some(ended) = ended {
            let place = format!("[{}/{}]", number + 1, variants.len());
            progress.suspend(|| say(&format!("{place} {}: {ended}", variant.title())));
        }
    }
    progress.finish_and_clear();
    say(&format!(
        "{n_run} experiments run, {n_there} were there already"
    ));
    Ok(())
}

fn draw(
    wanted: &[Figure],
    rows: &[ResultRow],
    grid: figures::Grid,
    folder: &Path,
) -> anyhow::Result<()> {
    let results = Results::try_new(rows)?;
    for figure in wanted
        .iter()
        .filter_map(|figure| figures::find(figure.name))
    {
        match figure.draw(&results, grid) {
            Err(missing) => say(&format!("{} cannot be drawn: {missing}", figure.name)),
            Ok(drawn) => write_figure(&drawn, folder)?,
        }
    }
    Ok(())
}

/// Writes a figure into a folder, as SVG and PNG, and says so.
pub(crate) fn write_figure(figure: &engram_report::Figure, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join(&figure.name);
    write(&file.with_extension("svg"), figure.svg.as_bytes())?;
    write(&file.with_extension("png"), &figure.png(PNG_SCALE)?)?;
    say(&format!(
        "{}.svg and .png: {}",
        file.display(),
        figure.title
    ));
    Ok(())
}

/// Pixels of a PNG for each unit of its figure: enough for print at column width.
const PNG_SCALE: f32 = 3.0;

/// Writes a file, and makes the folder that it is to be in.
pub(crate) fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    std::fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}
