//! The change of a layer's activity with its input.
//!
//! For one stimulus it is the derivative of the sum of the observed outputs with respect to every input, summed over the
//! observed inputs and divided by the number of those outputs. A layer is linear up to its own pointwise nonlinearity f,
//! so neither differentiation nor a transposed projection is needed: the double sum over outputs o and inputs i of
//! f'(z_o) W_oi is that over o of f'(z_o) times how much z_o grows when the observed inputs grow alike, and this growth,
//! the kernel applied to ones at those inputs, is the same for every stimulus.
//!
//! Noise on the gradient of each of k observed inputs adds, in their sum, one normal number of standard deviation
//! sqrt(k) s, and this number is what is drawn.

use engram_observables::gated_sum;
use engram_plan::ObservationCondition;
use engram_schemas::Definition;
use tch::{Kind, Tensor};

use super::draw::{self, chosen};
use super::values;
use super::views::Views;
use crate::network::{Layer, LayerRecord, Nonlinearity};
use crate::projection::project;

/// The activity change of all outputs and inputs for every stimulus. Returns `[batch]`, double.
pub fn activity_change(layer: &Layer, record: &LayerRecord) -> Tensor {
    let gate = Gate::new(layer, record, &layer.kernel, None);
    gate.sums(record) / gate.n_outputs as f64
}

/// One choice of outputs and inputs, and the kernel that the derivative goes through.
#[derive(Debug)]
pub(super) struct Gate {
    nonlinearity: Nonlinearity,
    /// The observed outputs, ascending; all without a list.
    outputs: Option<Vec<u32>>,
    /// How much the sum of each observed output grows with the observed inputs.
    growth: Vec<f32>,
    /// The same, all together.
    total: f64,
    /// Number of observed outputs.
    pub(super) n_outputs: usize,
    /// Number of observed inputs.
    pub(super) n_inputs: usize,
}

/// The gates of a layer, and that of each condition.
#[derive(Debug)]
pub(super) struct Gates {
    pub(super) gates: Vec<Gate>,
    pub(super) of_condition: Vec<usize>,
}

impl Gates {
    /// The gates that `conditions`, whose views are `views`, need in layer `index`.
    pub(super) fn new(
        conditions: &[ObservationCondition],
        views: &Views,
        index: usize,
        layer: &Layer,
        record: &LayerRecord,
    ) -> Self {
        let n_units = record.output.numel() / record.output.size()[0] as usize;
        let n_inputs = record.input.numel() / record.input.size()[0] as usize;
        let outputs = views.draw(chosen::OUTPUTS, index, n_units);
        let inputs = views.draw(chosen::INPUTS, index, n_inputs);
        let mut keys: Vec<(Option<usize>, bool)> = Vec::new();
        let mut gates = Vec::new();
        let mut of_condition = Vec::new();
        for (condition, &view) in conditions.iter().zip(&views.of_condition) {
            let sample = views.views[view].sample;
            let feedback = published_kernel(condition.definition, layer);
            let key = (sample, feedback.is_some());
            let place = keys.iter().position(|other| *other == key);
            of_condition.push(place.unwrap_or(keys.len()));
            if place.is_none() {
                keys.push(key);
                let sample = sample.map(|sample| (outputs[sample].clone(), &*inputs[sample]));
                let kernel = feedback.unwrap_or(&layer.kernel);
                gates.push(Gate::new(layer, record, kernel, sample));
            }
        }
        Self {
            gates,
            of_condition,
        }
    }
}

/// The feedback kernel, where the published definition looks through it: where there is one in the forward kernel's
/// place and of its shape.
fn published_kernel(definition: Definition, layer: &Layer) -> Option<&Tensor> {
    let is_there = |feedback: &&Tensor| {
        definition == Definition::Published && feedback.size() == layer.kernel.size()
    };
    layer.feedback.as_ref().filter(is_there)
}

impl Gate {
    /// The gate of a layer through `kernel` from the sampled inputs to the sampled outputs, or from all to all.
    fn new(
        layer: &Layer,
        record: &LayerRecord,
        kernel: &Tensor,
        sample: Option<(Vec<u32>, &[u32])>,
    ) -> Self {
        let one_input = record.input.narrow(0, 0, 1);
        let (inputs, n_inputs) = match &sample {
            None => (one_input.ones_like(), one_input.numel()),
            Some((_, inputs)) => {
                let mut seen = vec![0.0f32; one_input.numel()];
                for &input in *inputs {
                    seen[input as usize] = 1.0;
                }
                let seen = Tensor::from_slice(&seen).to_device(one_input.device());
                (seen.view_as(&one_input), inputs.len())
            }
        };
        let growth = values(&project(
            layer.spec.kernel,
            &inputs.to_kind(kernel.kind()),
            kernel,
            None,
        ));
        let (outputs, growth) = match sample {
            None => (None, growth),
            Some((outputs, _)) => {
                let growth = outputs.iter().map(|&output| growth[output as usize]);
                let growth = growth.collect();
                (Some(outputs), growth)
            }
        };
        Self {
            nonlinearity: record.nonlinearity,
            n_outputs: growth.len(),
            n_inputs,
            total: growth.iter().map(|&growth| f64::from(growth)).sum(),
            outputs,
            growth,
        }
    }

    /// The sum over the observed outputs and inputs for one stimulus, whose outputs are `units`.
    pub(super) fn sum(&self, units: &[f32]) -> f64 {
        match (self.nonlinearity, &self.outputs) {
            (Nonlinearity::Identity, _) => self.total,
            // An output is above zero where the sum behind it is.
            (Nonlinearity::Relu, None) => gated_sum(units, &self.growth),
            (Nonlinearity::Relu, Some(outputs)) => outputs
                .iter()
                .zip(&self.growth)
                .filter(|(output, _)| units[**output as usize] > 0.0)
                .map(|(_, &growth)| f64::from(growth))
                .sum(),
        }
    }

    /// The same for every stimulus of a record, on its device. Returns `[batch]`, double.
    pub(super) fn sums(&self, record: &LayerRecord) -> Tensor {
        let device = record.output.device();
        let n_stimuli = record.output.size()[0];
        match self.nonlinearity {
            Nonlinearity::Identity => Tensor::full([n_stimuli], self.total, (Kind::Double, device)),
            Nonlinearity::Relu => {
                let mut units = record.output.detach().flatten(1, -1);
                if let Some(outputs) = &self.outputs {
                    units = units.index_select(1, &draw::indices(outputs, device));
                }
                let growth = Tensor::from_slice(&self.growth).to_device(device);
                // A product would make NaN of an infinite growth at a unit that is not active.
                growth
                    .where_scalarother(&units.gt(0.0), 0.0)
                    .sum_dim_intlist([1i64].as_slice(), false, Kind::Double)
            }
        }
    }
}
