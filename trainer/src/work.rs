//! One job: a run that is trained, or whose kept networks are observed again, with everything that is stored on the way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engram_generator::examples::Workplace;
use engram_generator::reobserve::reobserve;
use engram_generator::run::{Supervisor, Wish, on_thread, train_on_thread};
use engram_generator::store::{RunLog, RunStore};
use engram_generator::trajectory::Trajectory;
use engram_generator::{Error, Result};
use engram_plan::protocol::Event;
use engram_plan::{Observation, PlannedRun};
use engram_schemas::{DatasetLocation, RunState, Task, location};
use tch::Device;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// How often the log of a run at work is written again. Its age says whether the worker lives.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// What all jobs of a process share.
pub(crate) struct Desk {
    pub(crate) location: DatasetLocation,
    pub(crate) runtime: Handle,
    pub(crate) device: Device,
    pub(crate) device_name: String,
    pub(crate) n_threads: usize,
    pub(crate) n_readers: usize,
    pub(crate) data: BTreeMap<Task, PathBuf>,
    pub(crate) checkpoint_every: Duration,
    pub(crate) keep_networks: bool,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Desk {
    /// Trains `run` from its checkpoint, if it has one, and stores its trajectories.
    pub(crate) fn train(&self, run: &PlannedRun) -> Result<Event> {
        let started = Instant::now();
        let store = RunStore::new(&self.location, run);
        let log = |epoch, message| self.log(run, started, epoch, message);
        let heartbeat = self.heartbeat(&store, log(0, None));
        let trained = self.trajectory(run, &store);
        self.runtime.block_on(heartbeat.end());
        let trajectory = match trained {
            Ok(trajectory) => trajectory,
            Err(Error::Stopped) => {
                self.runtime.block_on(store.end_log())?;
                return Err(Error::Stopped);
            }
            Err(error) => {
                let message = in_full(&error);
                let failed = log(0, Some(message));
                // Where the log cannot be written either, the reason is still told.
                let _ = self
                    .runtime
                    .block_on(store.put_log(RunState::Failed, &failed));
                return Err(error);
            }
        };
        let epoch = trajectory.last_epoch();
        self.runtime.block_on(async {
            store.put_trajectory(&trajectory).await?;
            let state = trajectory.status.into();
            store.put_log(state, &log(epoch, None)).await?;
            store.remove_checkpoint().await
        })?;
        Ok(finished(run, &trajectory, started))
    }

    /// Observes the kept networks of `run` again.
    pub(crate) fn observe(&self, run: &PlannedRun, observation: &Observation) -> Result<Event> {
        let started = Instant::now();
        let store = RunStore::new(&self.location, run);
        let epochs = self.runtime.block_on(store.network_epochs())?;
        if epochs.is_empty() {
            return Err(Error::NoNetworks);
        }
        let trajectory = on_thread(|| {
            let files = epochs.iter().map(|&epoch| {
                let file = self.runtime.block_on(store.network(epoch))?;
                file.map(Vec::from).ok_or(Error::NoNetworks)
            });
            reobserve(run, observation, &self.workplace(run), files)
        })?;
        self.runtime.block_on(store.put_trajectory(&trajectory))?;
        Ok(finished(run, &trajectory, started))
    }

    fn trajectory(&self, run: &PlannedRun, store: &RunStore) -> Result<Trajectory> {
        let checkpoint = self.runtime.block_on(store.checkpoint())?;
        let workplace = self.workplace(run);
        let mut watch = Watch {
            desk: self,
            run,
            store,
            last_checkpoint: Instant::now(),
        };
        match train_on_thread(run, &workplace, &mut watch, checkpoint.as_deref()) {
            Err(Error::Checkpoint { reason }) if checkpoint.is_some() => {
                crate::say(&format!(
                    "the checkpoint of {} is left unused, and the run starts anew: {reason}",
                    run.run_id
                ));
                train_on_thread(run, &workplace, &mut watch, None)
            }
            other => other,
        }
    }

    fn workplace(&self, run: &PlannedRun) -> Workplace {
        Workplace {
            device: self.device,
            data: self.data.get(&run.configuration.task.source()).cloned(),
            n_readers: self.n_readers,
        }
    }

    /// Writes the log that says that the run is at work, now and again, until it is ended.
    fn heartbeat(&self, store: &RunStore, log: RunLog) -> Heartbeat {
        let store = store.clone();
        let started = Instant::now();
        let (stop, mut stopped) = oneshot::channel();
        let task = self.runtime.spawn(async move {
            let mut ticks = tokio::time::interval(HEARTBEAT);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = &mut stopped => return,
                }
                let log = RunLog {
                    elapsed_seconds: started.elapsed().as_secs_f64(),
                    ..log.clone()
                };
                // A store that refuses this will refuse the data too, and be reported then.
                let _ = store.put_log(RunState::Running, &log).await;
            }
        });
        Heartbeat { stop, task }
    }

    fn log(
        &self,
        run: &PlannedRun,
        started: Instant,
        epoch: usize,
        message: Option<String>,
    ) -> RunLog {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        RunLog {
            run_id: run.run_id.clone(),
            description: run.configuration.describe(),
            host: host.trim().to_owned(),
            process_id: std::process::id(),
            device: self.device_name.clone(),
            n_threads: self.n_threads,
            elapsed_seconds: started.elapsed().as_secs_f64(),
            epoch,
            message,
            code_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// The log of a run at work, being written.
struct Heartbeat {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Heartbeat {
    /// Waits for what is on its way: it would come after the log that says how the run ended.
    async fn end(self) {
        // Either fails only when it has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// An error with its causes, in one line.
pub(crate) fn in_full(error: &Error) -> String {
    let mut text = error.to_string();
    for cause in location::causes(error) {
        text.push_str(&format!(": {cause}"));
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!(" ({hint})"));
    }
    text
}

fn finished(run: &PlannedRun, trajectory: &Trajectory, started: Instant) -> Event {
    Event::Finished {
        run_id: run.run_id.clone(),
        status: trajectory.status,
        validation_loss: trajectory.validation_loss(),
        validation_accuracy: trajectory.validation_accuracy(),
        elapsed_seconds: started.elapsed().as_secs_f64(),
    }
}

/// Watches one run: reports its epochs, and stores its state when it is time to or when the process is to stop.
struct Watch<'a> {
    desk: &'a Desk,
    run: &'a PlannedRun,
    store: &'a RunStore,
    last_checkpoint: Instant,
}

impl Supervisor for Watch<'_> {
    fn epoch(&mut self, epoch: usize) {
        // A closed pipe shows at the next report that matters.
        let _ = crate::report(&Event::Epoch {
            run_id: self.run.run_id.clone(),
            epoch,
        });
    }

    fn wish(&mut self) -> Wish {
        if self.desk.stop.load(Ordering::Relaxed) {
            Wish::Leave
        } else if self.last_checkpoint.elapsed() >= self.desk.checkpoint_every {
            Wish::Checkpoint
        } else {
            Wish::GoOn
        }
    }

    fn keep_checkpoint(&mut self, file: Vec<u8>) -> Result<()> {
        self.desk
            .runtime
            .block_on(self.store.put_checkpoint(file))?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }

    fn keeps_networks(&self) -> bool {
        self.desk.keep_networks
    }

    fn keep_network(&mut self, epoch: usize, file: Vec<u8>) -> Result<()> {
        self.desk
            .runtime
            .block_on(self.store.put_network(epoch, file))
    }
}
