//! One run from its configuration to its trajectory.

use std::iter::once;
use std::sync::atomic::{AtomicBool, Ordering};

use engram_plan::PlannedRun;
use engram_schemas::{Status, randomness};
use rand::seq::SliceRandom;
use tch::{Device, Tensor};

use crate::learning_rules::{self, LearningRule};
use crate::network::{Mode, Network};
use crate::observe::{Observer, Scoring};
use crate::tasks::{self, Dataset};
use crate::trajectory::Trajectory;
use crate::{Error, Result};

/// Trains and observes one run. Calls `on_epoch` with the number of epochs trained so far, and leaves the run when
/// `stop` is set.
///
/// Equal configurations give equal trajectories on the CPU for the same number of threads.
///
/// # Errors
/// [`Error::Stopped`], or what the plan cannot be trained for.
pub fn train(
    run: &PlannedRun,
    device: Device,
    stop: &AtomicBool,
    on_epoch: &mut dyn FnMut(usize),
) -> Result<Trajectory> {
    let configuration = &run.configuration;
    let data = tasks::load(configuration, device)?;
    if configuration.batch_size > data.train.len() {
        return Err(Error::Plan(engram_plan::Error::BatchAboveTrainingSet {
            batch_size: configuration.batch_size,
            n_train: data.train.len(),
            task: configuration.task.name,
        }));
    }
    let mut rule = learning_rules::new(configuration);
    let mut network = Network::new(configuration, rule.signal(), device)?;
    let mut trajectory = Trajectory::new(run, &network);
    let observer = Observer::new(&configuration.observation, Scoring::Classes);
    let n_stimuli = configuration.observation.n_stimuli.unwrap_or(usize::MAX);
    let stimuli = || once(Ok(data.validation.narrow(0, n_stimuli)));
    trajectory.push(0, 0, observer.observe(&network, 0, stimuli())?);
    let mut step = 0;
    for epoch in 1..=configuration.epochs {
        let loss = train_epoch(
            run,
            epoch,
            &mut network,
            rule.as_mut(),
            &data,
            stop,
            &mut step,
        )?;
        if !loss.is_finite() {
            trajectory.status = Status::Diverged;
            break;
        }
        if epoch % configuration.checkpoint_every == 0 {
            let seen = observer.observe(&network, epoch, stimuli())?;
            if !seen.validation_loss.is_finite() {
                trajectory.status = Status::Diverged;
                break;
            }
            trajectory.push(epoch, step, seen);
        }
        on_epoch(epoch);
    }
    Ok(trajectory)
}

/// Trains one epoch over full batches, in an order of the epoch's own; a remainder below a batch is left out. Returns
/// the sum of the batches' losses.
fn train_epoch(
    run: &PlannedRun,
    epoch: usize,
    network: &mut Network,
    rule: &mut dyn LearningRule,
    data: &Dataset,
    stop: &AtomicBool,
    step: &mut usize,
) -> Result<f64> {
    let mut order: Vec<i64> = (0..data.train.len() as i64).collect();
    order.shuffle(&mut randomness::generator(
        "data order",
        run.configuration.model_seed,
        epoch as u64,
    ));
    let mut total = Tensor::zeros([], (tch::Kind::Double, network.device()));
    for batch in order.chunks_exact(run.configuration.batch_size) {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let batch = data.train.select(batch);
        let (outputs, records) =
            network.forward(&batch.inputs, Mode::Train, rule.signal(), rule.keep());
        let loss = tasks::loss(&outputs, &batch.labels);
        rule.step(network, &loss, &records);
        total += loss.detach();
        *step += 1;
    }
    Ok(total.double_value(&[]))
}

/// [`train`] on a thread of its own, which owns the tensors. A panic there, which is how tch reports what libtorch
/// refuses, ends this run alone.
///
/// # Errors
/// As [`train`], and [`Error::Tensor`] with libtorch's message.
pub fn train_on_thread(
    run: &PlannedRun,
    device: Device,
    stop: &AtomicBool,
    on_epoch: &mut (dyn FnMut(usize) + Send),
) -> Result<Trajectory> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("training".to_owned())
            .spawn_scoped(scope, || train(run, device, stop, on_epoch))
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
