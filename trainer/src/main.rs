//! The worker process: trains the runs it is given and stores what it observes.
//!
//! `engram generate` starts it, writes jobs to its standard input and reads events from its standard output (see
//! `engram_plan::protocol`). It is a process of its own so that a crash in native code costs one run, and so that
//! nothing else has to load libtorch. The one classifier that is a network is fitted here too, by `engram-trainer fit`.

mod conv1d_mlp;
mod work;

use std::io::{BufRead, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use engram_generator::{Error, device};
use engram_plan::protocol::{Event, Job, job_from_line, to_line};
use engram_schemas::{DatasetLocation, Task};

use work::{Desk, in_full};

/// The part of `engram` that computes with libtorch: `engram` starts it and speaks with it.
#[derive(Parser)]
#[command(name = "engram-trainer", version)]
struct Arguments {
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// Train networks and observe them: one job (JSON) a line on standard input, events on standard output
    Train(TrainArguments),
    /// Fit a classifier that is a network: the examples on standard input, its weights on standard output
    Fit(FitArguments),
}

#[derive(Args)]
struct FitArguments {
    /// Device to compute on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,
}

#[derive(Args)]
struct TrainArguments {
    /// Dataset that the trajectories go to: a path or a URL
    #[arg(long, value_name = "URL")]
    to: String,
    /// Device to train on: `cpu` or `cuda:INDEX`
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of libtorch; equal runs are equal bytes for the same number
    #[arg(long, default_value_t = 1)]
    threads: u16,
    /// Threads that read examples ahead; by default as many as libtorch has, or one a core for a GPU
    #[arg(long)]
    readers: Option<NonZeroUsize>,
    /// Where the examples of a task lie
    #[arg(long, value_name = "TASK=PATH", value_parser = task_and_path)]
    data: Vec<(Task, PathBuf)>,
    /// Seconds between two checkpoints of a run; 0 for one at every step
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0)]
    checkpoint_seconds: f64,
    /// Store the network at every observation, to be observed again later
    #[arg(long)]
    keep_networks: bool,
}

fn task_and_path(text: &str) -> Result<(Task, PathBuf), String> {
    let (task, path) = text.split_once('=').ok_or("write TASK=PATH")?;
    let task = task.parse().map_err(|error| format!("{error}"))?;
    Ok((task, path.into()))
}

fn main() -> std::process::ExitCode {
    let done = match Arguments::parse().work {
        Work::Train(arguments) => train(&arguments),
        Work::Fit(arguments) => fit(&arguments),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            std::process::ExitCode::FAILURE
        }
    }
}

fn fit(arguments: &FitArguments) -> anyhow::Result<()> {
    engram_generator::prepare_process(&arguments.device)?;
    // Sums depend on the number of threads, and what is learned must not; several processes keep the cores busy.
    tch::set_num_threads(1);
    let device = device::parse(&arguments.device)?;
    conv1d_mlp::fit(std::io::stdin().lock(), std::io::stdout().lock(), device)
}

fn train(arguments: &TrainArguments) -> anyhow::Result<()> {
    engram_generator::prepare_process(&arguments.device)?;
    tch::set_num_threads(arguments.threads.into());
    let device = device::parse(&arguments.device)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let stop = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    runtime.spawn(stop_on_signals(Arc::clone(&stop)));
    let n_readers = arguments.readers.map_or_else(
        || match device {
            tch::Device::Cpu => arguments.threads.into(),
            _ => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        },
        NonZeroUsize::get,
    );
    let desk = Desk {
        location: DatasetLocation::open_to_write(&arguments.to)?,
        runtime: runtime.handle().clone(),
        device,
        device_name: arguments.device.clone(),
        n_threads: arguments.threads.into(),
        n_readers,
        data: arguments.data.iter().cloned().collect(),
        checkpoint_every: Duration::try_from_secs_f64(arguments.checkpoint_seconds)
            .context("--checkpoint-seconds is no span of time")?,
        keep_networks: arguments.keep_networks,
        stop: Arc::clone(&stop),
    };
    let jobs = read_jobs(stop);
    report(&Event::Ready {
        device: arguments.device.clone(),
    })?;
    for line in jobs {
        let job = job_from_line(&line).context("standard input holds something else than a job")?;
        let (run, done) = match &job {
            Job::Train { run } => (run, desk.train(run)),
            Job::Observe { run, observation } => (run, desk.observe(run, observation)),
        };
        match done {
            Ok(finished) => report(&finished)?,
            Err(Error::Stopped) => return Ok(()),
            Err(error) => report(&Event::Failed {
                run_id: run.run_id.clone(),
                message: in_full(&error),
            })?,
        }
    }
    Ok(())
}

/// Keeps a signal that asks for an end from killing the run in progress: a checkpoint comes first. A scheduler may signal
/// every process of a job.
#[cfg(unix)]
async fn stop_on_signals(stop: Arc<AtomicBool>) {
    use tokio::signal::unix::{SignalKind, signal};
    // A write that would make a file larger than the limit on sizes ends the process, unless this signal (SIGXFSZ) is heard:
    // then the write fails, which is told like other failures.
    let _heard = signal(SignalKind::from_raw(25));
    let kinds = [
        SignalKind::terminate(),
        SignalKind::interrupt(),
        SignalKind::user_defined1(),
    ];
    let signals = kinds.into_iter().filter_map(|kind| signal(kind).ok());
    let waits = signals.map(|mut signal| Box::pin(async move { signal.recv().await }));
    futures::future::select_all(waits).await;
    stop.store(true, Ordering::Relaxed);
}

/// Reads lines on a thread of its own, so that the end of the input, which means stop, is seen during training.
fn read_jobs(stop: Arc<AtomicBool>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    receiver
}

pub(crate) fn report(event: &Event) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(to_line(event)?.as_bytes())?;
    output.flush().context("nobody reads the events")
}

/// Writes a line for people.
pub(crate) fn say(text: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
