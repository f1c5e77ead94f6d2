//! `engram observe`: observes kept networks again under other conditions, without training.

use std::collections::VecDeque;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use engram_plan::protocol::{Event, Job};
use engram_plan::{Observation, ObservationGrid, PlannedRun, SweepFile};
use engram_schemas::{DatasetLocation, Definition, Task};

use crate::failure::Failure;
use crate::generate::data;
use crate::generate::trainer::{self, Gone, Trainer};
use crate::listing::Listing;

/// Observe the kept networks of a sweep again, under other conditions, without training
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct ObserveArgs {
    /// The sweep whose networks were trained with --keep-networks
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

    /// Shares of the units to observe, in (0, 1]
    #[arg(long, value_name = "SHARE", value_delimiter = ',', default_value = "1")]
    unit_fractions: Vec<f64>,

    /// Standard deviations of the noise that is added to every unit
    #[arg(
        long,
        value_name = "STDDEV",
        value_delimiter = ',',
        default_value = "0"
    )]
    noise_stddevs: Vec<f64>,

    /// Seeds of the choice of units and of the noise
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "0")]
    seeds: Vec<u64>,

    /// Definitions of weight norms and activity change: `standard`, or `published` as in the study's code
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "standard"
    )]
    definitions: Vec<Definition>,

    /// Number of validation examples that serve as stimuli; by default all of them
    #[arg(long, value_name = "N")]
    stimuli: Option<usize>,

    /// Largest number of units a layer whose values go to the table `recordings`; by default none
    #[arg(long, value_name = "N")]
    recorded_units: Option<usize>,

    /// Where the examples of a task lie, over the sweep file's [data]; may be repeated
    #[arg(long, value_name = "TASK=PATH", value_parser = data::task_and_path)]
    data: Vec<(Task, PathBuf)>,

    /// Device to observe on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,

    /// Networks observed at once, each by a process of its own
    #[arg(long, value_name = "N", default_value = "1")]
    workers: NonZeroUsize,

    /// Threads of each worker
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,
}

const EXAMPLES: &str = "\
The rows go beside those of the training, into a file of their own for each network and set of conditions; a
set that is there is not made again. Networks are kept by `engram generate --keep-networks`.

Examples:
  A grid of unit fractions and noise:
    engram observe sweeps/digits.toml --at data/digits --unit-fractions 0.01,0.1 --noise-stddevs 0,0.5

  The definitions of the study's published code:
    engram observe sweeps/digits.toml --at data/digits --definitions published";

/// Runs the command.
///
/// # Errors
/// What cannot be observed, and [`Failure::Internal`] when some networks could not be.
pub(crate) async fn run(arguments: ObserveArgs) -> anyhow::Result<()> {
    let plan = SweepFile::read(&arguments.sweep)?.plan()?;
    let places = data::places(&arguments.sweep, &plan.data, &arguments.data)?;
    plan.check_data(&places)?;
    let grid = ObservationGrid {
        unit_fractions: arguments.unit_fractions,
        noise_stddevs: arguments.noise_stddevs,
        seeds: arguments.seeds,
        definitions: arguments.definitions,
        n_stimuli: arguments.stimuli,
        recorded_units: arguments.recorded_units,
        alignment_angles: false,
    };
    grid.check()?;
    let observation = grid.observation();
    let location = DatasetLocation::open_to_write(&arguments.at)?;
    let there = Listing::of_trajectories(&location).await?;
    let runs = plan.runs.into_iter();
    let missing: VecDeque<PlannedRun> = runs
        .filter(|run| !there.has_file(&run.observed_file(&observation)))
        .collect();
    say(&format!(
        "{}: {} networks to observe under {} conditions",
        plan.sweep,
        missing.len(),
        observation.conditions.len()
    ));
    let n_workers = arguments.workers.get().min(missing.len());
    let desk = Arc::new(Desk {
        command: trainer::Command {
            executable: engram_plan::trainer::executable()?,
            to: arguments.at.clone(),
            device: arguments.device,
            n_threads: arguments.threads.get(),
            data: places,
            keep_networks: false,
            checkpoint_seconds: f64::from(u32::MAX),
        },
        observation,
        queue: Mutex::new(missing),
    });
    let workers: Vec<_> = (0..n_workers)
        .map(|_| tokio::spawn(work(Arc::clone(&desk))))
        .collect();
    let mut n_failed = 0;
    for worker in workers {
        n_failed += worker.await??;
    }
    if n_failed > 0 {
        return Err(Failure::Internal {
            message: format!("{n_failed} networks could not be observed"),
            hint: "the reasons are above; the same command tries them again".to_owned(),
        }
        .into());
    }
    say(&format!("the rows are at {}", location.url()));
    Ok(())
}

/// What all workers share.
struct Desk {
    command: trainer::Command,
    observation: Observation,
    queue: Mutex<VecDeque<PlannedRun>>,
}

/// Takes networks from the queue until it is empty; returns how many could not be observed.
async fn work(desk: Arc<Desk>) -> anyhow::Result<usize> {
    let next = || {
        let mut queue = desk.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    };
    let mut n_failed = 0;
    let mut idle = None;
    while let Some(run) = next() {
        let mut trainer = match idle.take() {
            Some(trainer) => trainer,
            None => Trainer::start(&desk.command).await?,
        };
        let what = run.configuration.describe();
        match observe(&mut trainer, run, &desk.observation).await {
            Ok(None) => {
                say(&format!("observed {what}"));
                idle = Some(trainer);
            }
            Ok(Some(message)) => {
                say(&format!("failed {what}: {message}"));
                n_failed += 1;
                idle = Some(trainer);
            }
            Err(Gone(message)) => {
                say(&format!("failed {what}: {message}"));
                n_failed += 1;
            }
        }
    }
    if let Some(mut trainer) = idle {
        trainer.tell_to_leave();
        let _ = trainer.left().await;
    }
    Ok(n_failed)
}

/// Has one network observed; returns why it could not be.
async fn observe(
    trainer: &mut Trainer,
    run: PlannedRun,
    observation: &Observation,
) -> Result<Option<String>, Gone> {
    let observation = observation.clone();
    trainer.give(&Job::Observe { run, observation }).await?;
    loop {
        match trainer.event().await? {
            Some(Event::Finished { .. }) => return Ok(None),
            Some(Event::Failed { message, .. }) => return Ok(Some(message)),
            Some(_) => {}
            None => return Err(trainer.ending().await),
        }
    }
}

fn say(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
