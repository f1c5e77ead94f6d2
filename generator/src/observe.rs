//! What is observed of a network at a checkpoint: the 45 statistics of every layer over the validation stimuli.

use engram_observables::{Observation, Scratch, observe};
use engram_schemas::Observable;
use tch::{Kind, Tensor};

use crate::network::{Keep, Layer, LayerRecord, Mode, Network, Nonlinearity, Signal};
use crate::projection::project;
use crate::tasks::{self, Examples};

/// What is seen at a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Mean loss over the validation examples.
    pub validation_loss: f64,
    /// Share of the validation examples that are classified correctly.
    pub validation_accuracy: f64,
    /// Of each layer, in order, the observables in the order of [`Observable::all`].
    pub layers: Vec<[f64; Observable::COUNT]>,
}

/// Stimuli that go through the network at once. The result does not depend on it: every statistic is of one stimulus,
/// and the sums over stimuli run in their order.
const STIMULI_AT_ONCE: usize = 512;

/// Observes `network` with the `validation` stimuli.
pub(crate) fn checkpoint(network: &Network, validation: &Examples) -> Checkpoint {
    tch::no_grad(|| {
        let mut scratch = Scratch::default();
        let mut responses: Vec<Responses> = network
            .layers
            .iter()
            .map(|_| Responses::default())
            .collect();
        let (mut loss, mut correct) = (0.0, 0);
        for start in (0..validation.len()).step_by(STIMULI_AT_ONCE) {
            let stimuli = validation.narrow(start, STIMULI_AT_ONCE);
            let (outputs, records) = network.forward(
                &stimuli.inputs,
                Mode::Evaluate,
                Signal::Forward,
                Keep::Records,
            );
            loss += tasks::loss(&outputs, &stimuli.labels).double_value(&[]) * stimuli.len() as f64;
            correct += tasks::n_correct(&outputs, &stimuli.labels);
            for ((layer, record), responses) in
                network.layers.iter().zip(&records).zip(&mut responses)
            {
                responses.add(record, &activity_change(layer, record), &mut scratch);
            }
        }
        let n = validation.len() as f64;
        let layers = network
            .layers
            .iter()
            .zip(responses)
            .map(|(layer, responses)| {
                let weights = values(&layer.kernel);
                responses.observables(observe(&weights, &mut scratch))
            });
        Checkpoint {
            validation_loss: loss / n,
            validation_accuracy: correct as f64 / n,
            layers: layers.collect(),
        }
    })
}

/// The change of a layer's activity with its input: for every stimulus, the derivative of the sum of all outputs with
/// respect to each input, summed over the inputs and divided by the number of outputs. Returns `[batch]`.
///
/// A layer is linear up to its own pointwise nonlinearity f, so no differentiation is needed: the sum is that of f'(z)
/// over the units, each weighted by how much its sum z grows when every input grows by one, which is the kernel applied
/// to ones.
pub fn activity_change(layer: &Layer, record: &LayerRecord) -> Tensor {
    let ones = record.input.narrow(0, 0, 1).ones_like();
    let growth = project(layer.spec.kernel, &ones, &layer.kernel, None).to_kind(Kind::Double);
    let batch = record.input.size()[0];
    let slopes = match record.nonlinearity {
        Nonlinearity::Identity => return growth.mean(Kind::Double).repeat([batch]),
        Nonlinearity::Relu => record.sums.gt(0.0).to_kind(Kind::Double),
    };
    (slopes * growth)
        .flatten(1, -1)
        .mean_dim(1, false, Kind::Double)
}

/// Sums over stimuli of what one layer answered.
#[derive(Default)]
struct Responses {
    n_stimuli: usize,
    activations: Vec<f64>,
    change: [f64; 3],
}

impl Responses {
    fn add(&mut self, record: &LayerRecord, change: &Tensor, scratch: &mut Scratch) {
        let n_stimuli = record.output.size()[0] as usize;
        let activations = values(&record.output);
        let n_units = activations.len() / n_stimuli;
        self.n_stimuli += n_stimuli;
        self.activations.resize(Observation::COUNT, 0.0);
        for stimulus in activations.chunks_exact(n_units) {
            for (sum, statistic) in self
                .activations
                .iter_mut()
                .zip(observe(stimulus, scratch).to_array())
            {
                *sum += statistic;
            }
        }
        for value in change_values(change) {
            for (sum, function) in self
                .change
                .iter_mut()
                .zip([value, value.abs(), value * value])
            {
                *sum += function;
            }
        }
    }

    /// Means over the stimuli, behind the statistics of the weights.
    fn observables(self, weights: Observation) -> [f64; Observable::COUNT] {
        let n = self.n_stimuli as f64;
        let means = self
            .activations
            .iter()
            .chain(&self.change)
            .map(|sum| sum / n);
        let mut all = [f64::NAN; Observable::COUNT];
        for (place, value) in all
            .iter_mut()
            .zip(weights.to_array().into_iter().chain(means))
        {
            *place = value;
        }
        all
    }
}

/// The values of a tensor in row-major order, in the host's memory.
fn values(tensor: &Tensor) -> Vec<f32> {
    let tensor = tensor
        .detach()
        .to_device(tch::Device::Cpu)
        .to_kind(Kind::Float)
        .contiguous();
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}

fn change_values(tensor: &Tensor) -> Vec<f64> {
    let tensor = tensor.to_device(tch::Device::Cpu).contiguous();
    let mut values = vec![0.0; tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    values
}
