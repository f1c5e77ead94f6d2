//! What is observed of a network at a checkpoint: the 45 statistics of every layer over the validation stimuli, under
//! every condition, and the values of recorded units.
//!
//! A condition adds noise to every unit, chooses a share of the units, and only then applies the functions. Which units
//! are chosen depends on the condition's seed and the layer alone: electrodes stay in place from checkpoint to
//! checkpoint. Noise is drawn anew for every epoch and stimulus.
//!
//! The stimuli come in batches, and a batch goes through the network in parts so small that what a pass keeps of every
//! layer stays below [`KEPT_BYTES`]. On the CPU a layer's statistics come from the fused kernel of `engram-observables`,
//! stimuli spread over as many threads as libtorch has; elsewhere from operations of libtorch on the device.
//!
//! Deliberately absent: where networks and stimuli come from, so that a stored network can be observed again.
//!
//! * `draw`: chosen units and noise.
//! * `views`: what conditions share.
//! * `layer`: sums over stimuli.
//! * `weights`, `change`: two of the measures.
//! * `tensor_statistics`: libtorch's way.
//! * [`mod@recording`], [`mod@recordings`]: recorded units, and their table.

mod change;
mod draw;
mod layer;
pub mod recording;
pub mod recordings;
mod tensor_statistics;
mod views;
mod weights;

use engram_plan::{Observation, ObservationCondition};
use engram_schemas::Observable;
use tch::{Device, Kind, Tensor};

use self::layer::Responses;
use self::recording::{Recorder, Recording};
use self::views::{Desk, Views};
use crate::Result;
use crate::evaluate::Evaluation;
use crate::examples::Examples;
use crate::network::{Keep, Mode, Network, Signal};

pub use self::change::activity_change;

/// Bytes that the records of one pass may take, and the copy of one layer's outputs that is observed.
pub const KEPT_BYTES: usize = 512 << 20;

/// Stimuli that go through the network at once when they are small.
const STIMULI_AT_ONCE: usize = 512;

/// A layer's angles in degrees: between feedback and forward kernel, and between the rule's gradient of the kernel and
/// that of backpropagation.
pub type Angles = (Option<f64>, Option<f64>);

/// What is seen at a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How well the network did.
    pub evaluation: Evaluation,
    /// Of each layer, in order, and each condition, in the observation's order, the observables in the order of
    /// [`Observable::all`].
    pub layers: Vec<Vec<[f64; Observable::COUNT]>>,
    /// Of each layer, in order, the angles; empty where they are not observed. An observer leaves them to the caller.
    pub angles: Vec<Angles>,
    /// The recorded units; empty where nothing is recorded.
    pub recordings: Vec<Recording>,
}

/// How the statistics of activations are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Computation {
    /// By the fused kernel, in the host's memory.
    Fused,
    /// By operations of libtorch, on the network's device.
    Tensor,
}

/// Observes networks under the conditions of an observation.
#[derive(Clone, Debug)]
pub struct Observer {
    observation: Observation,
    views: Views,
    kept_bytes: usize,
    /// The way of computing, where a test wants another than the device's.
    computation: Option<Computation>,
}

impl Observer {
    /// An observer under the conditions of `observation`. It observes whatever stimuli it is given: to keep to
    /// [`Observation::n_stimuli`] is the caller's, and so are alignment angles.
    pub fn new(observation: &Observation) -> Self {
        Self {
            observation: observation.clone(),
            views: Views::new(&observation.conditions),
            kept_bytes: KEPT_BYTES,
            computation: None,
        }
    }

    /// The largest number of stimuli that go through `network` at once: batches of this size are best to read.
    pub fn stimuli_at_once(&self, network: &Network) -> usize {
        let n_units = |layer: &crate::network::Layer| layer.spec.n_units;
        let all: usize = network.layers.iter().map(n_units).sum();
        let most = network.layers.iter().map(n_units).max().unwrap_or(0);
        // Of each layer its input, sums, normalised sums and outputs, and the copy of the outputs at hand.
        let bytes = 4 * (4 * all + most);
        (self.kept_bytes / bytes.max(1)).clamp(1, STIMULI_AT_ONCE)
    }

    /// Number of stimuli, where it is limited.
    pub fn n_stimuli(&self) -> Option<usize> {
        self.observation.n_stimuli
    }

    /// Observes `network` after `epoch` epochs with the stimuli of `batches`, which count from 0 in the order in which
    /// they come. Equal stimuli give equal results, however they are divided into batches, up to the rounding of
    /// libtorch's own operations; and equal bits for equal batches. Without stimuli all but the weights' statistics are
    /// NaN.
    ///
    /// # Errors
    /// Those of `batches`.
    pub(crate) fn observe(
        &self,
        network: &Network,
        epoch: usize,
        evaluation: Evaluation,
        batches: impl IntoIterator<Item = Result<Examples>>,
    ) -> Result<Checkpoint> {
        tch::no_grad(|| {
            let n_layers = network.layers.len();
            let mut responses: Vec<Responses> = (0..n_layers)
                .map(|index| Responses::new(self, index, epoch))
                .collect();
            let mut recorders: Vec<Recorder> = match self.observation.recorded_units {
                Some(limit) => (0..n_layers)
                    .map(|index| Recorder::new(limit, self.recording_seed(), index))
                    .collect(),
                None => Vec::new(),
            };
            let at_once = self.stimuli_at_once(network);
            for batch in batches {
                let batch = batch?;
                for start in (0..batch.len()).step_by(at_once) {
                    let stimuli = batch.narrow(start, at_once);
                    let (_, records) = network.forward(
                        &stimuli.inputs,
                        Mode::Evaluate,
                        Signal::Forward,
                        Keep::Records,
                    );
                    for (index, record) in records.into_iter().enumerate() {
                        let layer = &network.layers[index];
                        responses[index].add(self, layer, &record);
                        if let Some(recorder) = recorders.get_mut(index) {
                            recorder.add(layer, &record);
                        }
                    }
                }
            }
            let mut desk = Desk::default();
            let layers = network.layers.iter().enumerate().zip(&responses);
            let layers = layers.map(|((index, layer), responses)| {
                let (conditions, views) = (self.conditions(), &self.views);
                let weights =
                    weights::observe_kernel(conditions, views, index, layer, epoch, &mut desk);
                responses.observables(self, &weights)
            });
            let recordings = recorders.into_iter().zip(&network.layers);
            Ok(Checkpoint {
                evaluation,
                layers: layers.collect(),
                angles: Vec::new(),
                recordings: recordings
                    .flat_map(|(recorder, layer)| recorder.finish(layer))
                    .collect(),
            })
        })
    }

    fn conditions(&self) -> &[ObservationCondition] {
        &self.observation.conditions
    }

    fn recording_seed(&self) -> u64 {
        recording_seed(&self.observation)
    }

    fn computation_on(&self, device: Device) -> Computation {
        let of_device = if device == Device::Cpu {
            Computation::Fused
        } else {
            Computation::Tensor
        };
        self.computation.unwrap_or(of_device)
    }
}

/// The seed of the choice of recorded units: that of the first condition.
pub(crate) fn recording_seed(observation: &Observation) -> u64 {
    let first = observation.conditions.first();
    first.map_or(0, |condition| condition.seed)
}

/// The values of a tensor in row-major order, in the host's memory, as single precision.
fn values(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor
        .detach()
        .to_device(Device::Cpu)
        .to_kind(Kind::Float)
        .contiguous();
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

/// The values of a tensor of double precision in row-major order, in the host's memory.
fn doubles(tensor: &Tensor) -> Vec<f64> {
    let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

#[cfg(test)]
mod tests;
