//! `engram generate`: trains what a sweep plans and its dataset does not have yet.

pub(crate) mod data;
mod ending;
pub(crate) mod progress;
mod selection;
mod stored_plan;
pub(crate) mod target;
pub(crate) mod trainer;
mod workers;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use engram_plan::{Plan, PlannedRun, SweepFile};
use engram_schemas::{DatasetLocation, Task};
use tokio::sync::{mpsc, watch};

use crate::failure::Failure;
use crate::listing::Listing;
use crate::signals::{self, Stop, asked, asked_twice};
use progress::Progress;
use selection::{Chosen, Selection};
use workers::{Attempt, Crew, Report};

/// Train the networks of a sweep and store what is observed of them
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct GenerateArgs {
    /// The sweep: a TOML file that names tasks, architectures, learning rules, batch sizes and seeds
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,

    /// Where the dataset is, or is to be: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(
        long,
        value_name = "URL",
        env = "ENGRAM_DATASET",
        hide_env_values = true
    )]
    to: String,

    /// Where the files of a task lie, over what the sweep file's [data] says; once for each task
    #[arg(long, value_name = "TASK=PATH", value_parser = data::task_and_path)]
    data: Vec<(Task, PathBuf)>,

    /// Device to train on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,

    /// Networks trained at once, each by a process of its own; by default one a core, or one on a GPU
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    /// Threads of each worker. Small networks train fastest with one; equal runs are equal bytes for equal numbers
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,

    /// Store the network at every observation too, so that it can be observed again under other conditions
    #[arg(long)]
    keep_networks: bool,

    /// Seconds between two checkpoints of a network in training, from which it goes on after a crash; 0 for one a step
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0)]
    checkpoint_seconds: f64,

    /// Train although networks of this sweep have other settings than when the dataset was begun
    #[arg(long)]
    allow_change: bool,

    /// Say what would be trained, and train nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    selection: Selection,
}

const EXAMPLES: &str = "\
Every run is one Parquet file, which appears when the run is complete. Running
the command again trains what is missing, and goes on with what was left. A
network whose loss stops being finite is kept up to there, as `diverged`.

Stopping: Ctrl-C, SIGTERM and SIGUSR1 let the trainers store checkpoints and
leave; then the exit code is 75, preempted. A second signal leaves at once, and
what was in progress goes on from its last checkpoint.

A trainer that crashes or is killed costs the run that it was at. Why is said
and logged, and such runs are tried once more at the end, one at a time.
Several commands may work on one sweep, each on its share or all on the same:
a run that is trained twice is stored once.

Exit codes: 0 all chosen networks are there; 1 something in the request cannot
be used; 2 some networks could not be trained; 75 preempted before the end, and
the same command goes on from there.

Examples:
  engram generate sweeps/digits-demo.toml --to data/demo
  engram generate sweeps/digits-demo.toml --to s3://bucket/demo --workers 8
  engram generate sweeps/digits-demo.toml --to data/demo --device cuda:0
  engram generate sweeps/paper.toml --to data/paper --data imagenet=/data/ilsvrc
  engram generate sweeps/paper.toml --to data/paper --dry-run
  One run again, by the beginning of its name:
    engram generate sweeps/paper.toml --to data/paper --run 3f9c
  The second of eight machines:
    engram generate sweeps/paper.toml --to data/paper --shard 2/8
  In an array job: run 1000 + its task's number:
    engram generate sweeps/paper.toml --to data/paper --offset 1000

scripts/slurm-array.sh and scripts/kubernetes-indexed-job.yaml are whole jobs,
docs/running.md says more.";

/// Runs the command.
///
/// # Errors
/// What keeps the sweep from being trained, [`Failure::Internal`] when some networks could not be, and
/// [`Failure::Stopped`] on request.
pub(crate) async fn run(arguments: GenerateArgs) -> anyhow::Result<()> {
    let stop = signals::listen()?;
    let mut second = stop.clone();
    tokio::select! {
        done = generate(arguments, stop) => done,
        // Trainers are killed as their handles are dropped.
        signal = asked_twice(&mut second) => Err(Failure::Stopped(format!(
            "left at once by a second signal ({signal}); what was in progress goes on from its last checkpoint"
        ))
        .into()),
    }
}

async fn generate(arguments: GenerateArgs, stop: watch::Receiver<Stop>) -> anyhow::Result<()> {
    let plan = SweepFile::read(&arguments.sweep)?.plan()?;
    let data = data::places(&arguments.sweep, &plan.data, &arguments.data)?;
    let environment = |name: &str| std::env::var(name).ok();
    let chosen = arguments.selection.choose(&plan, environment)?;
    let location = DatasetLocation::open_to_write(&arguments.to)?;
    target::check(&location)?;
    let differences = stored_plan::compare(&location, &plan).await?;
    if !arguments.allow_change {
        stored_plan::refuse(&differences, &plan, &location)?;
    }
    let there = Listing::of_trajectories(&location).await?;
    let missing: Vec<PlannedRun> = chosen
        .runs
        .iter()
        .filter(|run| !there.has(run))
        .cloned()
        .collect();
    let mut progress = Progress::new(&missing);
    introduce(&progress, &plan, &chosen, missing.len())?;
    if differences.n_removed > 0 {
        progress.say(&format!(
            "{} of the plan that the dataset was begun with are no longer in the sweep; their files stay",
            stored_plan::networks(differences.n_removed)
        ));
    }
    if arguments.dry_run {
        return Ok(());
    }
    plan.check_data(&data)?;
    let executable = engram_plan::trainer::executable()?;
    target::prepare(&location, &plan).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let n_workers = arguments
        .workers
        .map_or_else(|| default_workers(&arguments), NonZeroUsize::get)
        .min(missing.len());
    let command = trainer::Command {
        executable,
        to: arguments.to.clone(),
        device: arguments.device.clone(),
        n_threads: arguments.threads.get(),
        data,
        keep_networks: arguments.keep_networks,
        checkpoint_seconds: arguments.checkpoint_seconds,
    };
    train_missing(&mut progress, command, &location, missing, n_workers, &stop).await?;
    check_ended(&progress, &stop)?;
    progress.say(&format!(
        "the dataset is at {}\nask it:  engram sql --at {to} \"SELECT * FROM runs LIMIT 5\"",
        location.url(),
        to = location.as_given(&arguments.to),
    ));
    Ok(())
}

/// Trains `missing` with `n_workers` processes, showing how far they are.
///
/// # Errors
/// When a trainer does not start. Runs that fail are counted by `progress`.
pub(crate) async fn train_missing(
    progress: &mut Progress,
    command: trainer::Command,
    location: &DatasetLocation,
    missing: Vec<PlannedRun>,
    n_workers: usize,
    stop: &watch::Receiver<Stop>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let (report, reports) = mpsc::unbounded_channel();
    let crew = Arc::new(Crew {
        command,
        location: location.clone(),
        report,
        stop: stop.clone(),
    });
    let training = tokio::spawn(train(crew, missing, n_workers));
    follow(progress, reports, stop.clone()).await;
    let trained = training.await?;
    progress.finish(started.elapsed());
    trained
}

/// Whether all runs are there.
///
/// # Errors
/// [`Failure::Stopped`] after a signal, [`Failure::Internal`] when some networks could not be trained.
pub(crate) fn check_ended(progress: &Progress, stop: &watch::Receiver<Stop>) -> anyhow::Result<()> {
    let outcome = progress.outcome();
    if let Stop::Leave(signal) | Stop::AtOnce(signal) = *stop.borrow() {
        let missing = outcome.missing;
        return Err(Failure::Stopped(format!(
            "preempted by {signal}; {missing} networks are missing"
        ))
        .into());
    }
    if outcome.failed > 0 {
        return Err(Failure::Internal {
            message: format!(
                "{} could not be trained",
                stored_plan::networks(outcome.failed)
            ),
            hint:
                "the reasons are above, and in `engram status`; the same command tries them again"
                    .to_owned(),
        }
        .into());
    }
    Ok(())
}

/// Says what is planned, chosen, there and to be trained.
fn introduce(
    progress: &Progress,
    plan: &Plan,
    chosen: &Chosen,
    n_missing: usize,
) -> anyhow::Result<()> {
    if let Some(notice) = &chosen.notice {
        progress.say(notice);
    }
    let n_chosen = chosen.runs.len();
    let of_chosen = match n_chosen == plan.runs.len() {
        true => String::new(),
        false => format!("of the {n_chosen} chosen "),
    };
    progress.say(&format!(
        "{}: {} networks, {} layer trajectories; {of_chosen}{} networks are there, {n_missing} are to be trained",
        plan.sweep,
        plan.runs.len(),
        plan.n_examples()?,
        n_chosen - n_missing,
    ));
    Ok(())
}

/// Trains all, and then once more, one at a time and with the machine's memory to itself, each run at which a trainer
/// died.
async fn train(crew: Arc<Crew>, missing: Vec<PlannedRun>, n_workers: usize) -> anyhow::Result<()> {
    let died = workers::train(&crew, missing, n_workers, Attempt::First).await?;
    if !died.is_empty() && *crew.stop.borrow() == Stop::No {
        workers::train(&crew, died, 1, Attempt::Last).await?;
    }
    Ok(())
}

/// Shows what the workers tell until they have left.
async fn follow(
    progress: &mut Progress,
    mut reports: mpsc::UnboundedReceiver<Report>,
    mut stop: watch::Receiver<Stop>,
) {
    let mut is_leaving = false;
    loop {
        tokio::select! {
            // In this order: trainers may have left before the request is said.
            biased;
            signal = asked(&mut stop), if !is_leaving => {
                is_leaving = true;
                progress.say(&format!(
                    "{signal}: the trainers store checkpoints and leave; a second signal does not wait for them"
                ));
            }
            report = reports.recv() => match report {
                Some(report) => progress.take(report),
                None => break,
            },
        }
    }
}

fn default_workers(arguments: &GenerateArgs) -> usize {
    if arguments.device != "cpu" {
        return 1;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / arguments.threads.get()).max(1)
}
