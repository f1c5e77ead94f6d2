//! One run from its configuration to its trajectory.

use engram_plan::{PlannedRun, RunConfiguration};
use engram_schemas::Status;
use tch::Tensor;

use crate::alignment::angles;
use crate::checkpoint::{Position, Saved, as_part, part};
use crate::evaluate::{Evaluation, evaluate};
use crate::examples::{Data, Workplace};
use crate::learning_rules::{self, LearningRule};
use crate::network::{Mode, Network};
use crate::objective::Objective;
use crate::observe::{Angles, Checkpoint, Observer};
use crate::trajectory::Trajectory;
use crate::{Error, Result};

/// Who watches a run: hears how far it is, and says when to keep its state and when to leave it.
pub trait Supervisor: Send {
    /// An epoch was trained, the `epoch`-th.
    fn epoch(&mut self, _epoch: usize) {}

    /// What to do before the next step.
    fn wish(&mut self) -> Wish {
        Wish::GoOn
    }

    /// Takes the state from which the run can go on.
    ///
    /// # Errors
    /// When it cannot be kept; the run ends with that error.
    fn keep_checkpoint(&mut self, _file: Vec<u8>) -> Result<()> {
        Ok(())
    }

    /// Whether [`Supervisor::keep_network`] is to be called at every observation.
    fn keeps_networks(&self) -> bool {
        false
    }

    /// Takes the network as it was observed after `epoch` epochs.
    ///
    /// # Errors
    /// When it cannot be kept; the run ends with that error.
    fn keep_network(&mut self, _epoch: usize, _file: Vec<u8>) -> Result<()> {
        Ok(())
    }
}

/// What a supervisor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The next step.
    GoOn,
    /// A checkpoint, then the next step.
    Checkpoint,
    /// A checkpoint, and no further step.
    Leave,
}

/// A supervisor without wishes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Undisturbed;

impl Supervisor for Undisturbed {}

/// Trains and observes one run, from the beginning or from the `checkpoint` of an earlier attempt.
///
/// Equal configurations give equal trajectories on the CPU for the same number of threads, however often a run was left
/// and taken up again.
///
/// # Errors
/// [`Error::Stopped`] when the supervisor wants to leave, [`Error::Checkpoint`] when the checkpoint is not this run's,
/// and whatever keeps a run from being trained.
pub fn train(
    run: &PlannedRun,
    workplace: &Workplace,
    supervisor: &mut dyn Supervisor,
    checkpoint: Option<&[u8]>,
) -> Result<Trajectory> {
    let configuration = &run.configuration;
    let data = Data::open(configuration, workplace)?;
    let mut training = Training::new(run, &data, workplace)?;
    match checkpoint {
        Some(file) => training.restore(Saved::from_bytes(file, workplace.device)?)?,
        None => {
            training.observe(0, supervisor)?;
        }
    }
    while training.position.epoch <= configuration.epochs {
        let epoch = training.position.epoch;
        let loss = training.epoch(supervisor)?;
        let is_due = epoch % configuration.checkpoint_every == 0;
        if !loss.is_finite() || (is_due && !training.observe(epoch, supervisor)?) {
            training.trajectory.status = Status::Diverged;
            break;
        }
        training.position = Position {
            epoch: epoch + 1,
            batch: 0,
            step: training.position.step,
            loss_bits: 0f64.to_bits(),
        };
        supervisor.epoch(epoch);
    }
    Ok(training.trajectory)
}

/// A run in progress.
struct Training<'a> {
    configuration: &'a RunConfiguration,
    data: &'a Data,
    objective: Objective,
    network: Network,
    rule: Box<dyn LearningRule>,
    observer: Observer,
    trajectory: Trajectory,
    position: Position,
}

impl<'a> Training<'a> {
    fn new(run: &'a PlannedRun, data: &'a Data, workplace: &Workplace) -> Result<Self> {
        let configuration = &run.configuration;
        let rule = learning_rules::new(configuration);
        let network = Network::new(configuration, rule.signal(), workplace.device)?;
        let trajectory = Trajectory::new(run, &network);
        Ok(Self {
            configuration,
            data,
            objective: Objective::of(&configuration.task),
            observer: Observer::new(&configuration.observation),
            network,
            rule,
            trajectory,
            position: Position {
                epoch: 1,
                batch: 0,
                step: 0,
                loss_bits: 0f64.to_bits(),
            },
        })
    }

    /// Trains the rest of the epoch in progress, over full batches. Returns the sum of its batches' losses.
    fn epoch(&mut self, supervisor: &mut dyn Supervisor) -> Result<f64> {
        let device = self.network.device();
        let n_batches = self.data.n_batches() as f64;
        let so_far = f64::from_bits(self.position.loss_bits);
        let mut total = Tensor::from(so_far).to_device(device);
        for batch in self.data.train(self.position.epoch, self.position.batch)? {
            let wish = supervisor.wish();
            if wish != Wish::GoOn {
                self.position.loss_bits = total.double_value(&[]).to_bits();
                supervisor.keep_checkpoint(self.saved().to_bytes()?)?;
            }
            if wish == Wish::Leave {
                return Err(Error::Stopped);
            }
            let batch = batch?;
            let step = self.position.step;
            // In the middle of the step, so that neither the first step of a warm-up nor the last of a cosine is lost.
            let epochs = (step as f64 + 0.5) / n_batches;
            let schedule = &self.configuration.schedule;
            let factor = schedule.factor(epochs, self.configuration.epochs as f64);
            self.rule.prepare(&mut self.network, step);
            let (signal, keep) = (self.rule.signal(), self.rule.keep());
            let (outputs, records) =
                self.network
                    .forward(&batch.inputs, Mode::Train { step }, signal, keep);
            let loss = self.objective.loss(&outputs, &batch.labels);
            self.rule.step(&mut self.network, &loss, &records, factor);
            total += loss.detach();
            self.position.step += 1;
            self.position.batch += 1;
        }
        Ok(total.double_value(&[]))
    }

    /// Adds what is seen after `epoch` epochs, unless the validation loss is not finite: then nothing is added, and the
    /// answer is no.
    fn observe(&mut self, epoch: usize, supervisor: &mut dyn Supervisor) -> Result<bool> {
        let evaluation = evaluate(&self.network, self.data, self.objective)?;
        if epoch > 0 && !evaluation.loss.is_finite() {
            return Ok(false);
        }
        if supervisor.keeps_networks() {
            supervisor.keep_network(epoch, self.network_file(epoch)?)?;
        }
        let mut seen = see(&self.observer, &self.network, epoch, self.data, evaluation)?;
        if self.configuration.observation.alignment_angles {
            seen.angles = self.angles()?;
        }
        self.trajectory.push(epoch, self.position.step, seen);
        Ok(true)
    }

    /// The alignment angles on the first validation examples, a batch of them.
    fn angles(&mut self) -> Result<Vec<Angles>> {
        let mut batches = self.data.evaluation(self.configuration.batch_size)?;
        let Some(batch) = batches.next() else {
            return Ok(Vec::new());
        };
        let batch = batch?;
        let objective = self.objective;
        let loss = |outputs: &Tensor| objective.loss(outputs, &batch.labels);
        let (network, rule) = (&mut self.network, self.rule.as_mut());
        Ok(angles(
            network,
            rule,
            self.position.step,
            &batch.inputs,
            &loss,
        ))
    }

    fn saved(&self) -> Saved {
        let network = self.network.state();
        let rule = self.rule.state();
        let rows = self.trajectory.state();
        let all = [
            as_part(NETWORK, network),
            as_part(RULE, rule),
            as_part(TRAJECTORY, rows),
        ];
        Saved {
            configuration: self.configuration.to_json(),
            position: self.position.clone(),
            tensors: all.into_iter().flatten().collect(),
        }
    }

    /// The network as it is observed after `epoch` epochs.
    fn network_file(&self, epoch: usize) -> Result<Vec<u8>> {
        Saved {
            configuration: self.configuration.to_json(),
            position: Position {
                epoch,
                ..self.position.clone()
            },
            tensors: self.network.state().into_iter().collect(),
        }
        .to_bytes()
    }

    fn restore(&mut self, saved: Saved) -> Result<()> {
        if saved.configuration != self.configuration.to_json() {
            return Err(Error::Checkpoint {
                reason: "it is of another configuration".to_owned(),
            });
        }
        self.network.restore(&part(NETWORK, &saved.tensors))?;
        self.rule.restore(&part(RULE, &saved.tensors))?;
        self.trajectory.restore(&part(TRAJECTORY, &saved.tensors))?;
        self.position = saved.position;
        Ok(())
    }
}

/// What is observed of `network` after `epoch` epochs, with its scores.
pub(crate) fn see(
    observer: &Observer,
    network: &Network,
    epoch: usize,
    data: &Data,
    evaluation: Evaluation,
) -> Result<Checkpoint> {
    let at_once = observer.stimuli_at_once(network);
    let stimuli = data.validation(observer.n_stimuli(), at_once)?;
    observer.observe(network, epoch, evaluation, stimuli)
}

/// The parts of a checkpoint, before the tensors' own names.
const NETWORK: &str = "network";
const RULE: &str = "rule";
const TRAJECTORY: &str = "trajectory";

/// [`train`] on a thread of its own, which owns the tensors. A panic there, which is how tch reports what libtorch
/// refuses, ends this run alone.
///
/// # Errors
/// As [`train`], and [`Error::Tensor`] with libtorch's message.
pub fn train_on_thread(
    run: &PlannedRun,
    workplace: &Workplace,
    supervisor: &mut dyn Supervisor,
    checkpoint: Option<&[u8]>,
) -> Result<Trajectory> {
    on_thread(|| train(run, workplace, supervisor, checkpoint))
}

/// Does `work` on a thread of its own, and turns a panic into an error.
///
/// # Errors
/// That of the work, or [`Error::Tensor`] with the panic's message.
pub fn on_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("training".to_owned())
            .spawn_scoped(scope, work)
            .map_err(|error| Error::Tensor(error.to_string()))?;
        worker.join().unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Error::Tensor(message.unwrap_or("no message").to_owned()))
        })
    })
}

#[cfg(test)]
mod tests;
