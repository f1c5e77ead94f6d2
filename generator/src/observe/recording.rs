//! The values of some units as they are: what the table `recordings` holds of one checkpoint.

use engram_schemas::observable::Measure;
use tch::{Kind, Tensor};

use super::draw::{self, chosen};
use super::values;
use crate::network::{Layer, LayerRecord, Nonlinearity};
use crate::projection::project_back;

/// What one measure's recorded units of one layer gave at a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The layer's index.
    pub layer: usize,
    /// What was recorded.
    pub measure: Measure,
    /// Number of units that the recorded ones are a sample of: entries of the kernel, outputs, or inputs.
    pub n_candidates: usize,
    /// Number of recorded units.
    pub n_units: usize,
    /// `[n_stimuli, n_units]` row by row, and `[1, n_units]` for weights.
    pub values: Vec<f32>,
}

/// The recording of one layer in the making.
#[derive(Debug)]
pub(super) struct Recorder {
    limit: usize,
    seed: u64,
    layer: usize,
    activation: Option<(Recording, Tensor)>,
    change: Option<(Recording, Tensor)>,
}

impl Recorder {
    /// Records at most `limit` units of `layer`, chosen by `seed`: the first of those that a condition of this seed sees.
    pub(super) fn new(limit: usize, seed: u64, layer: usize) -> Self {
        Self {
            limit,
            seed,
            layer,
            activation: None,
            change: None,
        }
    }

    /// Adds the stimuli of `record`: outputs, and the gradients of the mean output with respect to inputs.
    pub(super) fn add(&mut self, layer: &Layer, record: &LayerRecord) {
        let outputs = record.output.detach().flatten(1, -1);
        let n_outputs = outputs.size()[1];
        if self.activation.is_none() {
            self.activation = Some(self.empty(Measure::Activation, chosen::UNITS, &outputs));
        }
        extend(&mut self.activation, &outputs);
        let slopes = match record.nonlinearity {
            Nonlinearity::Identity => record.output.ones_like(),
            Nonlinearity::Relu => record.output.gt(0.0).to_kind(record.output.kind()),
        };
        let gradients = project_back(layer.spec.kernel, &slopes, &record.input, &layer.kernel);
        let gradients = gradients.detach().flatten(1, -1) / n_outputs as f64;
        if self.change.is_none() {
            self.change = Some(self.empty(Measure::ActivityChange, chosen::INPUTS, &gradients));
        }
        extend(&mut self.change, &gradients);
    }

    /// The recordings of the layer, whose kernel's entries are added.
    pub(super) fn finish(mut self, layer: &Layer) -> Vec<Recording> {
        let weights = layer.kernel.detach().view([1, -1]);
        let mut weight = Some(self.empty(Measure::Weight, chosen::WEIGHTS, &weights));
        extend(&mut weight, &weights);
        [weight, self.activation.take(), self.change.take()]
            .into_iter()
            .flatten()
            .map(|(recording, _)| recording)
            .collect()
    }

    /// A recording without stimuli, and the indices of its units.
    fn empty(&self, measure: Measure, purpose: &str, units: &Tensor) -> (Recording, Tensor) {
        let n_candidates = units.size()[1] as usize;
        let n_units = self.limit.min(n_candidates);
        let order = draw::order(purpose, self.seed, self.layer, n_candidates, n_units);
        let recording = Recording {
            layer: self.layer,
            measure,
            n_candidates,
            n_units,
            values: Vec::new(),
        };
        (recording, draw::indices(&order, units.device()))
    }
}

/// Adds the rows of `units`, `[n_stimuli, n_candidates]`.
fn extend(recording: &mut Option<(Recording, Tensor)>, units: &Tensor) {
    if let Some((recording, indices)) = recording {
        let seen = units.index_select(1, indices).to_kind(Kind::Float);
        recording.values.extend(values(&seen));
    }
}
