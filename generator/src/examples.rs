//! A task's examples as tensors on a device: batches to train on, and stimuli to evaluate and observe with.
//!
//! A small set without augmentation is decoded once and stays on the device; anything else is read ahead by threads of
//! its own, a few batches at a time.

use std::path::PathBuf;
use std::sync::Arc;

use engram_plan::{Augmentation, RunConfiguration};
use engram_schemas::randomness;
use engram_stimuli::{Batch, Batches, Seeds, Set, Stimuli, View};
use rand::seq::SliceRandom;
use tch::{Device, Tensor};

use crate::{Error, Result};

/// Largest size of a set that stays on the device, in bytes.
const RESIDENT_BYTES: usize = 128 << 20;

/// Where a run is computed, and with whose help. None of it changes the data.
#[derive(Clone, Debug)]
pub struct Workplace {
    /// What computes.
    pub device: Device,
    /// The task's folder or archive, for tasks whose examples lie in files.
    pub data: Option<PathBuf>,
    /// Threads that read examples ahead.
    pub n_readers: usize,
}

impl Workplace {
    /// A device, for a task that carries its own examples.
    pub fn new(device: Device) -> Self {
        Self {
            device,
            data: None,
            n_readers: 1,
        }
    }
}

/// Examples on a device.
#[derive(Debug)]
pub struct Examples {
    /// `[n, channels, height, width]`, float. Of a contrastive batch, `[2 n, ...]`: all first views, then all second.
    pub inputs: Tensor,
    /// `[n]`, class indices.
    pub labels: Tensor,
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.size()[0] as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The examples at `indices`, in that order.
    pub fn select(&self, indices: &[i64]) -> Self {
        let indices = Tensor::from_slice(indices).to_device(self.labels.device());
        Self {
            inputs: self.inputs.index_select(0, &indices),
            labels: self.labels.index_select(0, &indices),
        }
    }

    /// The examples from `start`, at most `length` of them.
    pub fn narrow(&self, start: usize, length: usize) -> Self {
        let length = length.min(self.len() - start) as i64;
        let start = start as i64;
        Self {
            inputs: self.inputs.narrow(0, start, length),
            labels: self.labels.narrow(0, start, length),
        }
    }

    fn new(batch: &Batch, shape: [usize; 3], device: Device) -> Self {
        let [channels, height, width] = shape.map(|size| size as i64);
        let inputs = Tensor::from_slice(&batch.values).view([-1, channels, height, width]);
        Self {
            inputs: inputs.to_device(device),
            labels: Tensor::from_slice(&batch.labels).to_device(device),
        }
    }
}

/// An iterator over examples.
pub type Stream<'a> = Box<dyn Iterator<Item = Result<Examples>> + 'a>;

/// The examples of a run's task.
pub struct Data {
    stimuli: Arc<dyn Stimuli>,
    resident: Option<[Examples; 2]>,
    batch_size: usize,
    model_seed: u64,
    is_contrastive: bool,
    device: Device,
    n_readers: usize,
}

impl Data {
    /// Finds a run's examples.
    ///
    /// # Errors
    /// [`Error::Stimuli`] when the files are not there or not right, and [`engram_plan::Error::BatchAboveTrainingSet`].
    pub fn open(configuration: &RunConfiguration, workplace: &Workplace) -> Result<Self> {
        let task = &configuration.task;
        let seeds = Seeds {
            dataset_seed: configuration.dataset_seed,
            model_seed: configuration.model_seed,
        };
        let stimuli = engram_stimuli::open(task, workplace.data.clone(), seeds)?;
        let n_train = stimuli.n_examples(Set::Train);
        if configuration.batch_size > n_train {
            return Err(Error::Plan(engram_plan::Error::BatchAboveTrainingSet {
                batch_size: configuration.batch_size,
                n_train,
                task: task.name,
            }));
        }
        let mut data = Self {
            stimuli,
            resident: None,
            batch_size: configuration.batch_size,
            model_seed: configuration.model_seed,
            is_contrastive: task.is_contrastive(),
            device: workplace.device,
            n_readers: workplace.n_readers,
        };
        let values: usize = data.stimuli.shape().iter().product();
        let n_examples = n_train + data.stimuli.n_examples(Set::Validation);
        let is_plain = !data.is_contrastive
            && task.augmentation() == Augmentation::None
            && !data.stimuli.varies();
        if is_plain && n_examples * values * size_of::<f32>() <= RESIDENT_BYTES {
            data.resident = Some([data.whole(Set::Train)?, data.whole(Set::Validation)?]);
        }
        Ok(data)
    }

    /// Number of batches of an epoch: a remainder below a batch is left out.
    pub fn n_batches(&self) -> usize {
        self.stimuli.n_examples(Set::Train) / self.batch_size
    }

    /// The batches of `epoch`, from batch `first`, in an order of the epoch's own.
    ///
    /// # Errors
    /// [`Error::Stimuli`], here or from the iterator.
    pub fn train(&self, epoch: usize, first: usize) -> Result<Stream<'_>> {
        let mut order: Vec<usize> = (0..self.stimuli.n_examples(Set::Train)).collect();
        order.shuffle(&mut randomness::generator(
            "data order",
            self.model_seed,
            epoch as u64,
        ));
        order.truncate(self.n_batches() * self.batch_size);
        order.drain(..first * self.batch_size);
        if let Some([train, _]) = &self.resident {
            let batch_size = self.batch_size;
            let starts = (0..order.len()).step_by(batch_size);
            return Ok(Box::new(starts.map(move |start| {
                let indices = order[start..start + batch_size].iter();
                Ok(train.select(&indices.map(|&index| index as i64).collect::<Vec<_>>()))
            })));
        }
        self.read(Set::Train, order, self.batch_size, self.views(epoch))
    }

    /// The validation examples, as they are, `at_once` at a time; `limit` of them from the first, or all.
    ///
    /// # Errors
    /// [`Error::Stimuli`], here or from the iterator.
    pub fn validation(&self, limit: Option<usize>, at_once: usize) -> Result<Stream<'_>> {
        let all = self.stimuli.n_examples(Set::Validation);
        let n = limit.unwrap_or(all).min(all);
        if let Some([_, validation]) = &self.resident {
            let starts = (0..n).step_by(at_once);
            return Ok(Box::new(starts.map(move |start| {
                Ok(validation.narrow(start, at_once.min(n - start)))
            })));
        }
        self.read(
            Set::Validation,
            (0..n).collect(),
            at_once,
            vec![View::Plain],
        )
    }

    /// What the loss is evaluated with: the validation examples as they are, or, of a contrastive task, fixed pairs of
    /// views in batches of the training's size, on which the loss depends.
    ///
    /// # Errors
    /// [`Error::Stimuli`], here or from the iterator.
    pub fn evaluation(&self, at_once: usize) -> Result<Stream<'_>> {
        if !self.is_contrastive {
            return self.validation(None, at_once);
        }
        let n = self.stimuli.n_examples(Set::Validation);
        // A short last batch would have fewer pairs to be told from.
        let batch_size = self.batch_size.min(n);
        let whole = (0..n - n % batch_size).collect();
        self.read(Set::Validation, whole, batch_size, self.views(0))
    }

    fn views(&self, epoch: usize) -> Vec<View> {
        let eyes = if self.is_contrastive { 2 } else { 1 };
        let epoch = epoch as u64;
        (0..eyes).map(|eye| View::Varied { epoch, eye }).collect()
    }

    fn read(
        &self,
        set: Set,
        indices: Vec<usize>,
        at_once: usize,
        views: Vec<View>,
    ) -> Result<Stream<'_>> {
        let (shape, device) = (self.stimuli.shape(), self.device);
        let batches = Batches::read(&self.stimuli, set, indices, at_once, views, self.n_readers)?;
        Ok(Box::new(batches.map(move |batch| {
            Ok(Examples::new(&batch?, shape, device))
        })))
    }

    fn whole(&self, set: Set) -> Result<Examples> {
        let n = self.stimuli.n_examples(set);
        let (shape, device) = (self.stimuli.shape(), self.device);
        let indices = (0..n).collect();
        let mut batches =
            Batches::read(&self.stimuli, set, indices, n.max(1), vec![View::Plain], 1)?;
        let empty = Batch {
            values: Vec::new(),
            labels: Vec::new(),
        };
        let batch = batches.next().unwrap_or(Ok(empty))?;
        Ok(Examples::new(&batch, shape, device))
    }
}
