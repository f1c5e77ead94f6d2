//! Words or speakers to be told in background noise (Word-Speaker-Noise): recordings of speech, mixed with noise, as
//! cochleagrams.
//!
//! * `folder`, `labels`: which clips there are, and which are held out.
//! * `wave`, `resampling`: parts of WAV files at 20 kHz.
//! * `mixture`: two seconds of speech and noise at a drawn ratio.
//! * `filter_bank`, `cochleagram`: the front end, `[50, 400]`.
//! * `square`: to the `[1, side, side]` that the image architectures take.
//!
//! An example as it is trained on has another place in its two seconds, another noise and another ratio in every epoch. As
//! it is observed it has one of each, drawn by the dataset seed, so that all networks of a dataset seed are observed with
//! the same sounds.
//!
//! # References
//! * Nayebi, Srivastava, Ganguli and Yamins, "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020:
//!   the task.
//! * Feather, Durango, Gonzalez and McDermott, "Metamers of neural networks reveal divergence from human perceptual
//!   systems", NeurIPS 2019: the data set that the study used.

mod cochleagram;
mod filter_bank;
mod folder;
mod labels;
mod mixture;
mod resampling;
mod square;
mod wave;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use engram_plan::TaskSettings;
use engram_schemas::randomness::{self, ChaCha8Rng};

use crate::{Error, Result, Seeds, Set, Stimuli, View};
use cochleagram::{Cochleagram, N_BANDS, N_SAMPLES, N_TIMES, Scratch};
use folder::Sounds;
use mixture::{Mixing, Placing};
use square::Axis;

/// Ratios of speech to noise by default, in decibels: from -10 to 10 in steps of one.
const RATIOS_DB: std::ops::RangeInclusive<i32> = -10..=10;

/// The examples of task `wsn`.
pub(crate) struct Speech {
    train: Sounds,
    validation: Sounds,
    ratios_db: Vec<f64>,
    seeds: Seeds,
    side: usize,
    front_end: Cochleagram,
    frequencies: Axis,
    times: Axis,
    /// Those that no thread uses at the moment.
    workspaces: Mutex<Vec<Workspace>>,
}

/// What one thread makes an example in.
struct Workspace {
    mixing: Mixing,
    scratch: Scratch,
    /// `[N_SAMPLES]`.
    mixture: Vec<f32>,
    /// `[N_BANDS, N_TIMES]`.
    cochleagram: Vec<f32>,
    /// `[N_BANDS, side]`.
    narrowed: Vec<f32>,
}

impl Speech {
    /// Finds the clips of `task` in the folder `data`.
    ///
    /// # Errors
    /// When the folder is not laid out as `docs/tasks-speech.md` says, or holds another number of classes than the task
    /// says. Files are checked when they are read.
    pub(crate) fn open(task: &TaskSettings, data: Option<PathBuf>, seeds: Seeds) -> Result<Self> {
        let Some(data) = data else {
            return Err(Error::NoData {
                task: task.source(),
            });
        };
        let [train, validation] = folder::find(task, &data, seeds.dataset_seed)?;
        let [_, _, side] = task.input_shape();
        Ok(Self {
            train,
            validation,
            ratios_db: task
                .signal_to_noise_db
                .clone()
                .unwrap_or_else(|| RATIOS_DB.map(f64::from).collect()),
            seeds,
            side,
            front_end: Cochleagram::new(),
            frequencies: Axis::new(N_BANDS, side),
            times: Axis::new(N_TIMES, side),
            workspaces: Mutex::default(),
        })
    }

    fn sounds(&self, set: Set) -> &Sounds {
        match set {
            Set::Train => &self.train,
            Set::Validation => &self.validation,
        }
    }

    /// The generator of all that is random about an example.
    fn random(&self, set: Set, index: usize, view: View) -> ChaCha8Rng {
        let index = index as u64;
        match view {
            View::Plain => {
                let purpose = match set {
                    Set::Train => "speech as observed, training",
                    Set::Validation => "speech as observed, validation",
                };
                randomness::generator(purpose, self.seeds.dataset_seed, index)
            }
            View::Varied { epoch, eye } => {
                let purpose = match (set, eye) {
                    (Set::Train, 0) => "speech as trained on, training",
                    (Set::Train, _) => "speech as trained on, training, second eye",
                    (Set::Validation, 0) => "speech as trained on, validation",
                    (Set::Validation, _) => "speech as trained on, validation, second eye",
                };
                let n_examples = self.sounds(set).clips.len() as u64;
                randomness::generator(purpose, self.seeds.model_seed, epoch * n_examples + index)
            }
        }
    }

    fn workspace(&self) -> Workspace {
        let mut free = self
            .workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.pop().unwrap_or_else(|| Workspace {
            mixing: Mixing::default(),
            scratch: self.front_end.scratch(),
            mixture: vec![0.0; N_SAMPLES],
            cochleagram: vec![0.0; N_BANDS * N_TIMES],
            narrowed: vec![0.0; N_BANDS * self.side],
        })
    }

    fn write(
        &self,
        (set, index, view): (Set, usize, View),
        workspace: &mut Workspace,
        values: &mut [f32],
    ) -> Result<()> {
        let sounds = self.sounds(set);
        let placing = match view {
            View::Plain => Placing::Middle,
            View::Varied { .. } => Placing::Random,
        };
        workspace.mixing.mix(
            sounds,
            index,
            &self.ratios_db,
            placing,
            &mut self.random(set, index, view),
            &mut workspace.mixture,
        )?;
        self.front_end
            .compute(
                &mut workspace.mixture,
                &mut workspace.scratch,
                &mut workspace.cochleagram,
            )
            .map_err(|error| {
                let reason = format!("its cochleagram cannot be computed: {error}");
                unusable(&sounds.clips[index].path, reason, "please report this")
            })?;
        self.times
            .resize_rows(&workspace.cochleagram, N_TIMES, &mut workspace.narrowed);
        self.frequencies
            .resize_columns(&workspace.narrowed, self.side, values);
        Ok(())
    }
}

impl Stimuli for Speech {
    fn shape(&self) -> [usize; 3] {
        [1, self.side, self.side]
    }

    fn n_examples(&self, set: Set) -> usize {
        self.sounds(set).clips.len()
    }

    fn load(&self, set: Set, index: usize, view: View, values: &mut [f32]) -> Result<usize> {
        let mut workspace = self.workspace();
        let written = self.write((set, index, view), &mut workspace, values);
        self.workspaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(workspace);
        written.map(|()| self.sounds(set).clips[index].class)
    }
}

fn unusable(path: &Path, reason: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::Unusable {
        path: path.to_owned(),
        reason: reason.into(),
        hint: hint.into(),
    }
}

#[cfg(test)]
mod tests;
