//! `engram tune`: searches base learning rates by short runs and writes them into a sweep file.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engram_engine::Session;
use engram_plan::SweepFile;
use engram_plan::tuning::{self, Candidate, Place, Score, Search};
use engram_schemas::{DatasetLocation, Status, Task};
use futures::TryStreamExt;

use crate::failure::Failure;
use crate::generate::progress::Progress;
use crate::generate::{check_ended, data, target, train_missing, trainer};
use crate::listing::Listing;
use crate::signals;

/// Search the base learning rates of a sweep by short runs, and write them into a sweep file
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct TuneArgs {
    /// The sweep whose rates are the middle of the search
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,

    /// Where the short runs go: a folder or a URL of their own; what is there already is not trained again
    #[arg(long, value_name = "URL")]
    at: String,

    /// The sweep file with the found rates: a copy of SWEEP, comments included, with other `learning_rates`
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// Epochs of a short run
    #[arg(long, value_name = "N", default_value_t = 3)]
    epochs: usize,

    /// What the sweep's rates are multiplied by
    #[arg(
        long,
        value_name = "FACTOR",
        value_delimiter = ',',
        default_value = "0.03,0.1,0.3,1,3,10"
    )]
    factors: Vec<f64>,

    /// Where the files of a task lie, over what the sweep file's [data] says; once for each task
    #[arg(long, value_name = "TASK=PATH", value_parser = data::task_and_path)]
    data: Vec<(Task, PathBuf)>,

    /// Device to train on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,

    /// Networks trained at once, each by a process of its own
    #[arg(long, value_name = "N", default_value = "2")]
    workers: NonZeroUsize,

    /// Threads of each worker
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,
}

const EXAMPLES: &str = "\
Every [[networks]] entry, architecture and learning rule is trained for a few epochs at each factor times the
sweep's own base rate, with the first of its batch sizes and seeds. The rate with the best validation accuracy
wins, or with the lowest loss where there are no classes; a run that diverged never wins. A short run knows
nothing of late training: give it more --epochs where rules learn slowly at first.

Examples:
  engram tune sweeps/digits-rules.toml --at data/tuning --write sweeps/tuned.toml
  engram tune sweeps/paper.toml --at data/tuning --epochs 5 --factors 0.1,0.3,1,3 --device cuda:0";

/// Runs the command.
///
/// # Errors
/// What cannot be trained, and a sweep file that cannot be written.
pub(crate) async fn run(arguments: TuneArgs) -> anyhow::Result<()> {
    let stop = signals::listen()?;
    let sweep = SweepFile::read(&arguments.sweep)?;
    let text = std::fs::read_to_string(&arguments.sweep)
        .with_context(|| format!("cannot read {}", arguments.sweep.display()))?;
    let search = Search {
        epochs: arguments.epochs,
        factors: arguments.factors.clone(),
    };
    let candidates = tuning::candidates(&sweep, &search)?;
    let plan = tuning::plan(&sweep, &candidates);
    let places = data::places(&arguments.sweep, &plan.data, &arguments.data)?;
    plan.check_data(&places)?;
    let location = DatasetLocation::open_to_write(&arguments.at)?;
    target::check(&location)?;
    target::prepare(&location, &plan).await?;
    let there = Listing::of_trajectories(&location).await?;
    let runs = plan.runs.iter().filter(|run| !there.has(run));
    let missing: Vec<_> = runs.cloned().collect();
    let mut progress = Progress::new(&missing);
    progress.say(&format!(
        "{}: {} short runs, {} are to be trained",
        plan.sweep,
        plan.runs.len(),
        missing.len()
    ));
    if !missing.is_empty() {
        let n_workers = arguments.workers.get().min(missing.len());
        let command = trainer::Command {
            executable: engram_plan::trainer::executable()?,
            to: arguments.at.clone(),
            device: arguments.device,
            n_threads: arguments.threads.get(),
            data: places,
            keep_networks: false,
            checkpoint_seconds: 300.0,
        };
        train_missing(&mut progress, command, &location, missing, n_workers, &stop).await?;
        check_ended(&progress, &stop)?;
    }
    let scores = scores(&location).await?;
    let best = tuning::best(&candidates, &scores);
    print(&candidates, &scores, &best)?;
    let Some(file) = arguments.write else {
        return Ok(());
    };
    let rates = best
        .iter()
        .map(|(place, (candidate, _))| (*place, candidate.base_rate));
    let tuned = tuning::with_rates(&text, &rates.collect())?;
    std::fs::write(&file, tuned).with_context(|| format!("cannot write {}", file.display()))?;
    progress.say(&format!("the rates are in {}", file.display()));
    Ok(())
}

/// How the runs of a dataset ended, by name.
async fn scores(location: &DatasetLocation) -> anyhow::Result<HashMap<String, Score>> {
    let session = Session::open(location).await?;
    let sql = "SELECT run_id, status, final_validation_loss, final_validation_accuracy FROM runs";
    let batches: Vec<_> = session.stream(sql).await?.batches.try_collect().await?;
    let mut scores = HashMap::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let value = |column: usize| {
                arrow::util::display::array_value_to_string(batch.column(column), row)
            };
            let status = value(1)?;
            let score = Score {
                trained: status == Status::Trained.as_str(),
                validation_loss: value(2)?.parse().unwrap_or(f64::NAN),
                validation_accuracy: value(3)?.parse().ok(),
            };
            scores.insert(value(0)?, score);
        }
    }
    Ok(scores)
}

/// Prints what was tried and what won.
fn print(
    candidates: &[Candidate],
    scores: &HashMap<String, Score>,
    best: &BTreeMap<Place, (&Candidate, Score)>,
) -> anyhow::Result<()> {
    let mut text = String::new();
    let mut last = None;
    for candidate in candidates {
        let place = candidate.place;
        if last != Some(place) {
            let task = candidate.run.configuration.task.name;
            text.push_str(&format!(
                "{task} {} {}\n",
                place.architecture, place.learning_rule
            ));
            last = Some(place);
        }
        let outcome = match scores.get(&candidate.run.run_id) {
            None => "missing".to_owned(),
            Some(score) if !score.trained => "diverged".to_owned(),
            Some(score) => match score.validation_accuracy {
                Some(accuracy) => {
                    format!("accuracy {accuracy:.3}, loss {:.4}", score.validation_loss)
                }
                None => format!("loss {:.4}", score.validation_loss),
            },
        };
        let won = best
            .get(&place)
            .is_some_and(|(won, _)| won.base_rate == candidate.base_rate);
        let mark = if won { "  <- best" } else { "" };
        text.push_str(&format!("  {:<10} {outcome}{mark}\n", candidate.base_rate));
        if won && is_at_an_end(candidates, candidate) {
            text.push_str("             at an end of the search: widen --factors\n");
        }
    }
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    written.map_err(|error| {
        Failure::Internal {
            message: format!("cannot print the outcome: {error}"),
            hint: "check where standard output goes".to_owned(),
        }
        .into()
    })
}

/// Whether no rate on one side of this one was tried.
fn is_at_an_end(candidates: &[Candidate], candidate: &Candidate) -> bool {
    let same = candidates
        .iter()
        .filter(|other| other.place == candidate.place);
    let rates: Vec<f64> = same.map(|other| other.base_rate).collect();
    let lower = rates.iter().any(|rate| *rate < candidate.base_rate);
    let higher = rates.iter().any(|rate| *rate > candidate.base_rate);
    !(lower && higher)
}
