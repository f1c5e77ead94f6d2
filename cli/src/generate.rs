//! `engram generate`: trains what a sweep plans and its dataset does not have yet.

mod progress;
mod target;
mod trainer;

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::Args;
use engram_plan::{PlannedRun, SweepFile};
use engram_schemas::DatasetLocation;
use tokio::sync::{mpsc, watch};

use crate::failure::Failure;
use progress::Progress;

/// Train the networks of a sweep and store what is observed of them
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct GenerateArgs {
    /// The sweep: a TOML file that names tasks, architectures, learning rules, batch sizes and seeds
    #[arg(value_name = "SWEEP")]
    sweep: PathBuf,

    /// Where the dataset is, or is to be: a folder or a URL (file://, s3://, gs://, az://)
    #[arg(long, value_name = "URL", env = "ENGRAM_DATASET")]
    to: String,

    /// Device to train on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,

    /// Networks trained at once, each by a process of its own; by default one a core, or one on a GPU
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    /// Threads of each worker. Small networks train fastest with one; equal runs are equal bytes for equal numbers
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,

    /// Say what would be trained, and train nothing
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Every run is one Parquet file, which appears when the run is complete. Stopping (Ctrl-C) loses the runs in progress and
nothing else; running the command again trains what is missing. A network whose loss stops being finite is kept up to
there, with status `diverged`.

Examples:
  engram generate sweeps/digits-demo.toml --to data/digits
  engram generate sweeps/digits-demo.toml --to s3://bucket/digits --workers 8
  engram generate sweeps/digits-demo.toml --to data/digits --device cuda:0
  engram generate sweeps/paper.toml --to data/paper --dry-run";

pub(crate) async fn run(arguments: GenerateArgs) -> anyhow::Result<()> {
    let plan = SweepFile::read(&arguments.sweep)?.plan()?;
    let location = DatasetLocation::open(&arguments.to)?;
    target::check(&location)?;
    let present = target::present_runs(&location).await?;
    let missing: VecDeque<PlannedRun> = plan
        .runs
        .iter()
        .filter(|run| !present.contains(&run.run_id))
        .cloned()
        .collect();
    let mut progress = Progress::new(&missing);
    progress.say(&format!(
        "{}: {} networks, {} layer trajectories; {} networks are there, {} are to be trained",
        plan.sweep,
        plan.runs.len(),
        plan.n_examples()?,
        plan.runs.len() - missing.len(),
        missing.len(),
    ));
    if arguments.dry_run {
        return Ok(());
    }
    plan.check_trainable()?;
    let executable = trainer::executable()?;
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
    };
    let started = Instant::now();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = stop.send(true);
        }
        // Kept until the end: a dropped sender would read as a stop that never comes.
        stop.closed().await;
    });
    let queue = Arc::new(Mutex::new(missing));
    let (report, mut reports) = mpsc::unbounded_channel();
    let workers: Vec<_> = (0..n_workers)
        .map(|_| {
            tokio::spawn(trainer::work(
                command.clone(),
                Arc::clone(&queue),
                report.clone(),
                stopped.clone(),
            ))
        })
        .collect();
    drop(report);
    while let Some(event) = reports.recv().await {
        progress.take(event);
    }
    for worker in workers {
        worker.await??;
    }
    progress.finish(started.elapsed());
    let outcome = progress.outcome();
    if *stopped.borrow() {
        return Err(
            Failure::Stopped(format!("stopped; {} networks are missing", outcome.missing)).into(),
        );
    }
    if outcome.failed > 0 {
        return Err(Failure::Internal {
            message: format!("{} networks could not be trained", outcome.failed),
            hint: "the reasons are above; the same command tries them again".to_owned(),
        }
        .into());
    }
    progress.say(&format!(
        "the dataset is at {}\nask it:  engram sql --at {to} \"SELECT * FROM runs LIMIT 5\"",
        location.url(),
        to = arguments.to,
    ));
    Ok(())
}

fn default_workers(arguments: &GenerateArgs) -> usize {
    if arguments.device != "cpu" {
        return 1;
    }
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / arguments.threads.get()).max(1)
}
