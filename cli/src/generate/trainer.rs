//! Trainer processes: started, given runs, listened to, and stopped.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use engram_plan::protocol::{Event, Job, event_from_line, to_line};
use engram_schemas::Task;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::ending;
use crate::failure::Failure;

/// Lines that are kept of what a trainer says on its standard error: enough for a panic with its backtrace's head.
const WORDS_KEPT: usize = 40;

/// How long a trainer that has closed its output may take to end, as for a core dump.
const TIME_TO_END: Duration = Duration::from_secs(30);

/// How a trainer is started.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) executable: PathBuf,
    pub(crate) to: String,
    pub(crate) device: String,
    pub(crate) n_threads: usize,
    pub(crate) data: BTreeMap<Task, PathBuf>,
    pub(crate) keep_networks: bool,
    pub(crate) checkpoint_seconds: f64,
}

impl Command {
    fn process(&self) -> tokio::process::Command {
        let mut process = tokio::process::Command::new(&self.executable);
        process
            .arg("train")
            .arg("--to")
            .arg(&self.to)
            .arg("--device")
            .arg(&self.device)
            .arg("--threads")
            .arg(self.n_threads.to_string())
            .arg("--checkpoint-seconds")
            .arg(self.checkpoint_seconds.to_string());
        for (task, path) in &self.data {
            let mut place = std::ffi::OsString::from(format!("{task}="));
            place.push(path);
            process.arg("--data").arg(place);
        }
        if self.keep_networks {
            process.arg("--keep-networks");
        }
        process
    }
}

/// A trainer that answers no more, with the reason in words.
#[derive(Debug)]
pub(crate) struct Gone(pub(crate) String);

/// A trainer process that has said that it is ready.
pub(crate) struct Trainer {
    child: Child,
    /// Nothing once the trainer was told to leave.
    input: Option<ChildStdin>,
    events: Lines<BufReader<ChildStdout>>,
    words: Words,
}

impl Trainer {
    /// Starts a trainer and waits until it is ready.
    pub(crate) async fn start(command: &Command) -> anyhow::Result<Self> {
        let mut process = command.process();
        process
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
        let (input, Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            anyhow::bail!("the trainer's streams are not there");
        };
        let mut trainer = Self {
            child,
            input,
            events: BufReader::new(output).lines(),
            words: Words::listen(errors),
        };
        match trainer.event().await {
            Ok(Some(Event::Ready { .. })) => Ok(trainer),
            other => {
                let Gone(reason) = match other {
                    Ok(Some(event)) => Gone(format!("it begins with {event:?}")),
                    Ok(None) => trainer.ending().await,
                    Err(gone) => gone,
                };
                Err(Failure::Request {
                    message: format!("the trainer does not start: {reason}"),
                    hint: format!(
                        "try it alone: {place} train --to {} --device {}",
                        command.to, command.device
                    ),
                }
                .into())
            }
        }
    }

    /// Gives the trainer a job.
    pub(crate) async fn give(&mut self, job: &Job) -> Result<(), Gone> {
        let line = to_line(job).map_err(|error| Gone(error.to_string()))?;
        if let Some(input) = &mut self.input
            && input.write_all(line.as_bytes()).await.is_ok()
            && input.flush().await.is_ok()
        {
            return Ok(());
        }
        Err(self.ending().await)
    }

    /// The next event; nothing after the last. It may be dropped before it is there; no event is lost by that.
    pub(crate) async fn event(&mut self) -> Result<Option<Event>, Gone> {
        while let Ok(Some(line)) = self.events.next_line().await {
            // Native libraries may print to standard output what they please.
            if !line.starts_with('{') {
                self.words.add(line);
                continue;
            }
            return match event_from_line(&line) {
                Ok(event) => Ok(Some(event)),
                Err(error) => {
                    let _ = self.child.start_kill();
                    let other = "the trainer and this command are not of one version";
                    Err(Gone(format!("{other}: {error} in {line}")))
                }
            };
        }
        Ok(None)
    }

    /// What the trainer said to people since it was last asked.
    pub(crate) fn words(&self) -> Vec<String> {
        self.words.take()
    }

    /// Closes the trainer's input, which tells it to store a checkpoint and leave.
    pub(crate) fn tell_to_leave(&mut self) {
        self.input = None;
    }

    /// Waits for a trainer that was told to leave. Its words when it left in order, else how it ended.
    pub(crate) async fn left(mut self) -> Result<Vec<String>, Gone> {
        match self.child.wait().await {
            Ok(status) if status.success() => {
                self.words.end().await;
                Ok(self.words.take())
            }
            _ => Err(self.ending().await),
        }
    }

    /// How a trainer that says nothing more ended, with its own last words.
    pub(crate) async fn ending(&mut self) -> Gone {
        let ended = match timeout(TIME_TO_END, self.child.wait()).await {
            Ok(Ok(status)) => ending::describe(status),
            Ok(Err(error)) => format!("the trainer is lost: {error}"),
            Err(_) => {
                let _ = self.child.start_kill();
                "the trainer closed its output and did not end".to_owned()
            }
        };
        self.words.end().await;
        let words = self.words.take();
        let words: Vec<&str> = words
            .iter()
            .map(|line| line.trim().trim_start_matches("error: "))
            .collect();
        match words.join("\n  ") {
            words if words.is_empty() => Gone(ended),
            words => Gone(format!("{ended}: {words}")),
        }
    }
}

/// The last lines that a trainer wrote to its standard error. They are read all the time, for a full pipe would stop it.
struct Words {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: JoinHandle<()>,
}

impl Words {
    fn listen(errors: ChildStderr) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&lines);
        let reader = tokio::spawn(async move {
            let mut errors = BufReader::new(errors).lines();
            loop {
                match errors.next_line().await {
                    Ok(Some(line)) => keep(&kept, line),
                    // Bytes that are no text.
                    Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {}
                    Ok(None) | Err(_) => break,
                }
            }
        });
        Self { lines, reader }
    }

    fn add(&self, line: String) {
        keep(&self.lines, line);
    }

    fn take(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain(..).collect()
    }

    /// Waits until all is read of a trainer that has ended. What it started itself may hold the pipe open.
    async fn end(&mut self) {
        if timeout(Duration::from_secs(1), &mut self.reader)
            .await
            .is_err()
        {
            self.reader.abort();
        }
    }
}

fn keep(lines: &Mutex<VecDeque<String>>, line: String) {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    if lines.len() == WORDS_KEPT {
        lines.pop_front();
    }
    lines.push_back(line);
}
