//! Trainer processes: started, fed with runs, listened to, and stopped.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use engram_plan::PlannedRun;
use engram_plan::protocol::{Event, event_from_line, to_line};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, watch};

use crate::failure::Failure;

const NAME: &str = "engram-trainer";

/// Names another trainer than the one beside this command.
const VARIABLE: &str = "ENGRAM_TRAINER";

/// How a trainer is started.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) executable: PathBuf,
    pub(crate) to: String,
    pub(crate) device: String,
    pub(crate) n_threads: usize,
}

/// The trainer beside this command, or the one that the environment names.
pub(crate) fn executable() -> anyhow::Result<PathBuf> {
    let path = match std::env::var_os(VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()
            .context("cannot find out where this command lies")?
            .with_file_name(NAME),
    };
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::Request {
        message: format!("the trainer is not at {}", path.display()),
        hint: format!(
            "build it with `make build` in the repository, which puts it beside `engram`, or name it in {VARIABLE}"
        ),
    }
    .into())
}

/// Trains runs from `queue` until it is empty or a stop is asked for. A trainer that dies costs the run that it was at
/// and is replaced.
pub(crate) async fn work(
    command: Command,
    queue: Arc<Mutex<VecDeque<PlannedRun>>>,
    report: mpsc::UnboundedSender<Event>,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let next = || {
        queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    };
    let mut trainer: Option<Trainer> = None;
    while !*stopped.borrow() {
        let Some(run) = next() else { break };
        let mut current = match trainer.take() {
            Some(trainer) => trainer,
            None => Trainer::start(&command).await?,
        };
        tokio::select! {
            trained = current.train(&run, &report) => match trained {
                Ok(()) => trainer = Some(current),
                Err(_) => {
                    let message = current.last_words().await;
                    let _ = report.send(Event::Failed { run_id: run.run_id, message });
                }
            },
            () = asked_to_stop(&mut stopped) => trainer = Some(current),
        }
    }
    if let Some(trainer) = trainer {
        trainer.stop().await;
    }
    Ok(())
}

/// Returns when a stop is asked for.
async fn asked_to_stop(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        // Nobody is left who could ask.
        std::future::pending::<()>().await;
    }
}

struct Trainer {
    child: Child,
    input: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    errors: ChildStderr,
}

impl Trainer {
    /// Starts a trainer and waits until it is ready.
    async fn start(command: &Command) -> anyhow::Result<Self> {
        let mut process = tokio::process::Command::new(&command.executable);
        process
            .arg("--to")
            .arg(&command.to)
            .arg("--device")
            .arg(&command.device)
            .arg("--threads")
            .arg(command.n_threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own: Ctrl-C in a terminal reaches this command only, which then stops its trainers.
        #[cfg(unix)]
        process.process_group(0);
        let place = command.executable.display().to_string();
        let mut child = process
            .spawn()
            .with_context(|| format!("cannot start {place}"))?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            anyhow::bail!("the trainer's streams are not there");
        };
        let mut trainer = Self {
            child,
            input,
            events: BufReader::new(output).lines(),
            errors,
        };
        match trainer.event().await {
            Ok(Event::Ready { .. }) => Ok(trainer),
            _ => {
                let words = trainer.last_words().await;
                let words = words.trim().trim_start_matches("error: ").to_owned();
                Err(Failure::Request {
                    message: format!("the trainer does not start: {words}"),
                    hint: format!(
                        "try it alone: {place} --to {} --device {}",
                        command.to, command.device
                    ),
                }
                .into())
            }
        }
    }

    /// Has one run trained; an error means that the trainer is gone.
    async fn train(
        &mut self,
        run: &PlannedRun,
        report: &mpsc::UnboundedSender<Event>,
    ) -> anyhow::Result<()> {
        self.input.write_all(to_line(run)?.as_bytes()).await?;
        self.input.flush().await?;
        loop {
            let event = self.event().await?;
            let last = matches!(event, Event::Finished { .. } | Event::Failed { .. });
            let _ = report.send(event);
            if last {
                return Ok(());
            }
        }
    }

    async fn event(&mut self) -> anyhow::Result<Event> {
        let line = self
            .events
            .next_line()
            .await?
            .context("the trainer has ended")?;
        Ok(event_from_line(&line)?)
    }

    /// How a trainer that is gone ended, in its own words where it had any.
    async fn last_words(mut self) -> String {
        let mut words = String::new();
        let _ = self.child.start_kill();
        let _ = self.errors.read_to_string(&mut words).await;
        let status = self.child.wait().await;
        match (words.trim(), status) {
            ("", Ok(status)) => format!("the trainer ended without a word ({status})"),
            ("", Err(error)) => format!("the trainer is lost: {error}"),
            (words, _) => words.to_owned(),
        }
    }

    /// Closes the trainer's input, which tells it to leave, and waits for it. A file that it is writing is completed.
    async fn stop(self) {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        let _ = child.wait().await;
    }
}
