//! The worker process: trains the runs it is given and stores what it observes.
//!
//! `engram generate` starts it, writes runs to its standard input and reads events from its standard output (see
//! `engram_plan::protocol`). It is a process of its own so that a crash in native code costs one run, and so that
//! nothing else has to load libtorch.

use std::io::{BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use engram_generator::run::train_on_thread;
use engram_generator::write::{RunLog, write};
use engram_generator::{Error, device};
use engram_plan::PlannedRun;
use engram_plan::protocol::{Event, run_from_line, to_line};
use engram_schemas::DatasetLocation;

/// Trains networks for `engram generate`: one planned run (JSON) a line on standard input, events on standard output.
#[derive(Parser)]
#[command(name = "engram-trainer", version)]
struct Arguments {
    /// Dataset that the trajectories go to: a path or a URL.
    #[arg(long, value_name = "URL")]
    to: String,
    /// Device to train on: `cpu` or `cuda:INDEX`.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Threads of libtorch. Equal runs are equal bytes for the same number.
    #[arg(long, default_value_t = 1)]
    threads: u16,
}

fn main() -> std::process::ExitCode {
    match work(&Arguments::parse()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn work(arguments: &Arguments) -> anyhow::Result<()> {
    engram_generator::prepare_process(&arguments.device)?;
    tch::set_num_threads(arguments.threads.into());
    let device = device::parse(&arguments.device)?;
    let location = DatasetLocation::open(&arguments.to)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let runs = read_runs(Arc::clone(&stop));
    report(&Event::Ready {
        device: arguments.device.clone(),
    })?;
    for line in runs {
        let run = run_from_line(&line)
            .context("standard input holds something else than a planned run")?;
        let started = Instant::now();
        let run_id = run.run_id.clone();
        let trained = train_on_thread(&run, device, &stop, &mut |epoch| {
            // A closed pipe shows at the next report that matters.
            let _ = report(&Event::Epoch {
                run_id: run_id.clone(),
                epoch,
            });
        });
        let stored = trained.and_then(|trajectory| {
            let elapsed_seconds = started.elapsed().as_secs_f64();
            runtime.block_on(write(
                &location,
                &trajectory,
                &log(&run, arguments, elapsed_seconds),
            ))?;
            Ok(Event::Finished {
                run_id: run.run_id.clone(),
                status: trajectory.status,
                validation_accuracy: trajectory.validation_accuracy(),
                elapsed_seconds,
            })
        });
        match stored {
            Ok(finished) => report(&finished)?,
            Err(Error::Stopped) => return Ok(()),
            Err(error) => {
                let message = format!("{:#}", anyhow::Error::from(error));
                report(&Event::Failed {
                    run_id: run.run_id.clone(),
                    message,
                })?;
            }
        }
    }
    Ok(())
}

/// Reads lines on a thread of its own, so that the end of the input, which means stop, is seen during training.
fn read_runs(stop: Arc<AtomicBool>) -> Receiver<String> {
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

fn report(event: &Event) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(to_line(event)?.as_bytes())?;
    output.flush().context("nobody reads the events")
}

fn log(run: &PlannedRun, arguments: &Arguments, elapsed_seconds: f64) -> RunLog {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    RunLog {
        run_id: run.run_id.clone(),
        host: host.trim().to_owned(),
        device: arguments.device.clone(),
        n_threads: arguments.threads.into(),
        elapsed_seconds,
        code_version: env!("CARGO_PKG_VERSION"),
    }
}
