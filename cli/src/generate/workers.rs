//! Workers: each has a trainer process and takes runs from a common queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use engram_plan::PlannedRun;
use engram_plan::protocol::{Event, Job};
use engram_schemas::{DatasetLocation, RunState, layout};
use object_store::ObjectStoreExt;
use tokio::sync::{mpsc, watch};

use super::trainer::{self, Gone, Trainer};
use crate::signals::{Stop, asked};

/// What workers tell.
#[derive(Debug)]
pub(crate) enum Report {
    /// A trainer reports.
    Event(Event),
    /// Another process has stored the run since the dataset was listed.
    AlreadyThere { run_id: String },
    /// The trainer died of this run, or at it.
    Died {
        run_id: String,
        message: String,
        attempt: Attempt,
    },
    /// Something that a person may want to read.
    Words(String),
}

/// Whether a run whose trainer dies is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    First,
    Last,
}

/// What all workers share.
pub(crate) struct Crew {
    pub(crate) command: trainer::Command,
    pub(crate) location: DatasetLocation,
    pub(crate) report: mpsc::UnboundedSender<Report>,
    pub(crate) stop: watch::Receiver<Stop>,
}

/// Trains `runs` with `n_workers` processes until all are done or a stop is asked for. Returns the runs at which a
/// trainer died.
///
/// # Errors
/// When a trainer does not start; the other workers go on before that is returned.
pub(crate) async fn train(
    crew: &Arc<Crew>,
    runs: Vec<PlannedRun>,
    n_workers: usize,
    attempt: Attempt,
) -> anyhow::Result<Vec<PlannedRun>> {
    let queue = Arc::new(Mutex::new(VecDeque::from(runs)));
    let workers: Vec<_> = (0..n_workers)
        .map(|_| tokio::spawn(work(Arc::clone(crew), Arc::clone(&queue), attempt)))
        .collect();
    let mut died = Vec::new();
    let mut failure = None;
    for worker in workers {
        match worker.await? {
            Ok(runs) => died.extend(runs),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(died), Err)
}

async fn work(
    crew: Arc<Crew>,
    queue: Arc<Mutex<VecDeque<PlannedRun>>>,
    attempt: Attempt,
) -> anyhow::Result<Vec<PlannedRun>> {
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    };
    let mut stop = crew.stop.clone();
    let mut died = Vec::new();
    let mut idle: Option<Trainer> = None;
    while *stop.borrow() == Stop::No {
        let Some(run) = next() else { break };
        if crew.is_there(&run).await {
            let run_id = run.run_id;
            crew.tell(Report::AlreadyThere { run_id });
            continue;
        }
        let mut trainer = match idle.take() {
            Some(trainer) => trainer,
            None => tokio::select! {
                trainer = Trainer::start(&crew.command) => trainer?,
                _ = asked(&mut stop) => break,
            },
        };
        let ended = tokio::select! {
            ended = crew.train(&mut trainer, &run) => Some(ended),
            _ = asked(&mut stop) => None,
        };
        match ended {
            Some(Ok(())) | None => idle = Some(trainer),
            Some(Err(Gone(message))) => {
                crew.log_failure(&run, &message).await;
                let run_id = run.run_id.clone();
                crew.tell(Report::Died {
                    run_id,
                    message,
                    attempt,
                });
                died.push(run);
            }
        }
    }
    if let Some(trainer) = idle {
        crew.dismiss(trainer).await;
    }
    Ok(died)
}

impl Crew {
    fn tell(&self, report: Report) {
        // Nobody listens any more when the command is leaving at once.
        let _ = self.report.send(report);
    }

    /// Whether the run's file is there by now. Two commands on one sweep meet here; a store that does not answer will not
    /// answer the trainer either, which says so.
    async fn is_there(&self, run: &PlannedRun) -> bool {
        let path = run.file().path(self.location.root());
        self.location.store().head(&path).await.is_ok()
    }

    /// Has one run trained; an error means that the trainer is gone.
    async fn train(&self, trainer: &mut Trainer, run: &PlannedRun) -> Result<(), Gone> {
        trainer.give(&Job::Train { run: run.clone() }).await?;
        loop {
            let Some(event) = trainer.event().await? else {
                return Err(trainer.ending().await);
            };
            let is_last = matches!(event, Event::Finished { .. } | Event::Failed { .. });
            self.tell(Report::Event(event));
            if is_last {
                self.pass_on(trainer.words());
                return Ok(());
            }
        }
    }

    /// Tells a trainer to leave, and listens until it has: it may complete the run that it is at.
    async fn dismiss(&self, mut trainer: Trainer) {
        trainer.tell_to_leave();
        while let Ok(Some(event)) = trainer.event().await {
            self.tell(Report::Event(event));
        }
        match trainer.left().await {
            Ok(words) => self.pass_on(words),
            Err(Gone(message)) => self.tell(Report::Words(format!("on leaving, {message}"))),
        }
    }

    fn pass_on(&self, words: Vec<String>) {
        for line in words {
            self.tell(Report::Words(line));
        }
    }

    /// Leaves word of a run whose trainer could not do so any more, for `engram status` to find.
    async fn log_failure(&self, run: &PlannedRun, message: &str) {
        let root = self.location.root();
        let log = serde_json::json!({
            "run_id": run.run_id,
            "description": run.configuration.describe(),
            "device": self.command.device,
            "n_threads": self.command.n_threads,
            "message": message,
            "code_version": env!("CARGO_PKG_VERSION"),
        });
        let path = layout::run_log(root, &run.run_id, RunState::Failed);
        let put = self.location.store().put(&path, format!("{log:#}").into());
        if let Err(error) = put.await {
            self.tell(Report::Words(format!(
                "cannot write the log of {}: {error}",
                run.run_id
            )));
        }
        let running = layout::run_log(root, &run.run_id, RunState::Running);
        // A trainer that died early has left none.
        let _ = self.location.store().delete(&running).await;
    }
}
