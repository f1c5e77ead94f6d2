//! Batches of examples, read ahead on threads of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use crate::{Error, Result, Set, Stimuli, View};

/// Examples that go through a network together.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// `[n_views * n_examples, channels, height, width]`, row-major; all first views, then all second ones.
    pub values: Vec<f32>,
    /// `[n_examples]`, the classes.
    pub labels: Vec<i64>,
}

/// An iterator over the batches of a list of examples, in the list's order whatever the number of threads.
///
/// Each thread holds one batch in the making and one that waits, so that memory is bounded by 2 `n_threads` batches.
pub struct Batches {
    /// One channel a thread: batch i comes from thread i modulo their number.
    receivers: Vec<Receiver<Result<Batch>>>,
    next: usize,
    n_batches: usize,
    threads: Vec<JoinHandle<()>>,
    /// Batches from this one on are not wanted.
    end: Arc<AtomicUsize>,
}

impl Batches {
    /// Starts to read the examples of `set` at `indices`, `batch_size` at a time, each in all of `views`. The last batch
    /// is as short as the list leaves it.
    pub fn read(
        stimuli: &Arc<dyn Stimuli>,
        set: Set,
        indices: Vec<usize>,
        batch_size: usize,
        views: Vec<View>,
        n_threads: usize,
    ) -> Result<Self> {
        let batch_size = batch_size.max(1);
        let n_batches = indices.len().div_ceil(batch_size);
        let n_threads = n_threads.clamp(1, n_batches.max(1));
        let indices = Arc::new(indices);
        let end = Arc::new(AtomicUsize::new(n_batches));
        let (mut receivers, mut threads) = (Vec::new(), Vec::new());
        for first in 0..n_threads {
            let (sender, receiver) = sync_channel(1);
            let (stimuli, indices, views) =
                (Arc::clone(stimuli), Arc::clone(&indices), views.clone());
            let end = Arc::clone(&end);
            let work = move || {
                for (place, chunk) in indices
                    .chunks(batch_size)
                    .enumerate()
                    .skip(first)
                    .step_by(n_threads)
                {
                    let wanted = || place < end.load(Ordering::Relaxed);
                    let Some(batch) = load(stimuli.as_ref(), set, chunk, &views, wanted) else {
                        return;
                    };
                    let failed = batch.is_err();
                    if sender.send(batch).is_err() || failed {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("examples".to_owned());
            threads.push(thread.spawn(work).map_err(|source| Error::Read {
                path: "a thread that reads examples".into(),
                source,
            })?);
            receivers.push(receiver);
        }
        Ok(Self {
            receivers,
            next: 0,
            n_batches,
            threads,
            end,
        })
    }
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.n_batches {
            return None;
        }
        let receiver = &self.receivers[self.next % self.receivers.len()];
        self.next += 1;
        // A thread that is gone without a word has panicked.
        let batch = receiver.recv().unwrap_or(Err(Error::ReaderDied));
        if batch.is_err() {
            self.next = self.n_batches;
            self.end.store(0, Ordering::Relaxed);
        }
        Some(batch)
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.end.store(0, Ordering::Relaxed);
        self.receivers.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Nothing, when the batch is no longer wanted.
fn load(
    stimuli: &dyn Stimuli,
    set: Set,
    indices: &[usize],
    views: &[View],
    wanted: impl Fn() -> bool,
) -> Option<Result<Batch>> {
    let length: usize = stimuli.shape().iter().product();
    let mut values = vec![0.0; length * indices.len() * views.len()];
    let mut labels = vec![0; indices.len()];
    let places = views
        .iter()
        .flat_map(|view| indices.iter().enumerate().map(move |place| (view, place)));
    for (values, (view, (place, &index))) in values.chunks_exact_mut(length).zip(places) {
        if !wanted() {
            return None;
        }
        match stimuli.load(set, index, *view, values) {
            Ok(label) => labels[place] = label as i64,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(Batch { values, labels }))
}

#[cfg(test)]
mod tests;
