//! What a user sees while networks train: a bar with rate and remaining time on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use engram_plan::PlannedRun;
use engram_plan::protocol::Event;
use engram_schemas::Status;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::workers::{Attempt, Report};

/// The runs of a sweep as they go.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Planned runs by name: description and epochs.
    runs: HashMap<String, (String, usize)>,
    /// Epochs counted so far of the runs in progress.
    epochs: HashMap<String, usize>,
    trained: usize,
    diverged: usize,
    failed: usize,
    /// Stored by other processes meanwhile.
    elsewhere: usize,
}

/// How many runs ended how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) failed: usize,
    pub(crate) missing: usize,
}

impl Progress {
    pub(crate) fn new<'a>(missing: impl IntoIterator<Item = &'a PlannedRun>) -> Self {
        let runs: HashMap<_, _> = missing
            .into_iter()
            .map(|run| {
                (
                    run.run_id.clone(),
                    (run.configuration.describe(), run.configuration.epochs),
                )
            })
            .collect();
        let n_epochs: usize = runs.values().map(|(_, epochs)| epochs).sum();
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(n_epochs as u64), target);
        // A template that does not parse leaves indicatif's own style.
        let template = "{msg} [{wide_bar}] {percent}%, {rate}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                let _ = write!(text, "{:.1} epochs/s", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        }
        bar.set_message(format!("0/{} networks", runs.len()));
        Self {
            bar,
            runs,
            epochs: HashMap::new(),
            trained: 0,
            diverged: 0,
            failed: 0,
            elsewhere: 0,
        }
    }

    /// Takes what a worker tells.
    pub(crate) fn take(&mut self, report: Report) {
        match report {
            Report::Event(event) => self.take_event(event),
            Report::AlreadyThere { run_id } => {
                let run = self.end(&run_id);
                self.elsewhere += 1;
                self.line(&format!("another process has trained {run}"), false);
            }
            Report::Died {
                run_id,
                message,
                attempt: Attempt::First,
            } => {
                let seen = self.epochs.remove(&run_id).unwrap_or(0);
                // It begins again, or at its checkpoint.
                self.bar.dec(seen as u64);
                let run = self.describe(&run_id);
                self.say(&format!(
                    "lost {run}: {message}; it is tried once more at the end"
                ));
            }
            Report::Died {
                run_id,
                message,
                attempt: Attempt::Last,
            } => self.fail(&run_id, &message),
            Report::Words(words) => self.say(&words),
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Ready { .. } => {}
            Event::Epoch { run_id, epoch } => {
                let before = self.epochs.insert(run_id, epoch).unwrap_or(0);
                self.bar.inc(epoch.saturating_sub(before) as u64);
            }
            Event::Finished {
                run_id,
                status,
                validation_accuracy,
                elapsed_seconds,
                ..
            } => {
                let accuracy =
                    validation_accuracy.map_or_else(String::new, |a| format!(", accuracy {a:.3}"));
                let run = self.end(&run_id);
                match status {
                    Status::Trained => self.trained += 1,
                    Status::Diverged => self.diverged += 1,
                }
                self.line(
                    &format!("{status} {run}{accuracy}, {elapsed_seconds:.1} s"),
                    status == Status::Diverged,
                );
            }
            Event::Failed { run_id, message } => self.fail(&run_id, &message),
        }
    }

    fn fail(&mut self, run_id: &str, message: &str) {
        let run = self.end(run_id);
        self.failed += 1;
        self.line(&format!("failed {run}: {message}"), true);
    }

    /// Counts the epochs that a run did not need, and returns what it was.
    fn end(&mut self, run_id: &str) -> String {
        let seen = self.epochs.remove(run_id).unwrap_or(0);
        let epochs = self.runs.get(run_id).map_or(0, |(_, epochs)| *epochs);
        self.bar.inc(epochs.saturating_sub(seen) as u64);
        self.describe(run_id)
    }

    fn describe(&self, run_id: &str) -> String {
        let run = self.runs.get(run_id);
        run.map_or(run_id, |(description, _)| description)
            .to_owned()
    }

    /// A line about one run: elsewhere than on a terminal always, beside the bar only when it is no ordinary one.
    fn line(&self, text: &str, remarkable: bool) {
        let ended = self.trained + self.diverged + self.failed + self.elsewhere;
        self.bar
            .set_message(format!("{ended}/{} networks", self.runs.len()));
        if self.bar.is_hidden() {
            self.say(&format!("[{ended}/{}] {text}", self.runs.len()));
        } else if remarkable {
            self.say(text);
        }
    }

    /// Writes to standard error, above the bar when there is one.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    /// Removes the bar and says what came of the runs.
    pub(crate) fn finish(&mut self, elapsed: Duration) {
        self.bar.finish_and_clear();
        let mut counts = vec![format!("{} trained", self.trained)];
        counts.extend(
            (self.diverged > 0).then(|| format!("{} diverged and kept up to there", self.diverged)),
        );
        counts.extend((self.failed > 0).then(|| format!("{} failed", self.failed)));
        let elsewhere = self.elsewhere;
        counts.extend((elsewhere > 0).then(|| format!("{elsewhere} trained by others")));
        self.say(&format!(
            "{} in {}",
            counts.join(", "),
            HumanDuration(elapsed)
        ));
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let stored = self.trained + self.diverged + self.elsewhere;
        Outcome {
            failed: self.failed,
            missing: self.runs.len() - stored,
        }
    }
}
