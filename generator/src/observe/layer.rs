//! What one layer answers to the stimuli of a checkpoint.

use engram_observables::{Observation, each_row, observe};
use engram_schemas::Observable;
use tch::{Kind, Tensor};

use super::change::Gates;
use super::draw::{self, Moment, chosen, noise};
use super::tensor_statistics::tensor_statistics;
use super::views::Desk;
use super::{Computation, Observer, doubles, values};
use crate::network::{Layer, LayerRecord};

/// Sums over the stimuli so far.
#[derive(Debug)]
pub(super) struct Responses {
    index: usize,
    epoch: usize,
    n_stimuli: usize,
    prepared: Option<Prepared>,
    /// Of each view.
    activations: Vec<[f64; Observation::COUNT]>,
    /// Of each condition, under the three functions.
    changes: Vec<[f64; 3]>,
}

/// What follows from the sizes of a layer's input and output.
#[derive(Debug)]
struct Prepared {
    /// The units of each sample.
    samples: Vec<Vec<u32>>,
    gates: Gates,
}

/// What one stimulus gives.
struct Response {
    /// Of each view.
    activations: Vec<[f64; Observation::COUNT]>,
    /// The sum of each gate.
    sums: Vec<f64>,
}

impl Responses {
    pub(super) fn new(observer: &Observer, index: usize, epoch: usize) -> Self {
        Self {
            index,
            epoch,
            n_stimuli: 0,
            prepared: None,
            activations: vec![[0.0; Observation::COUNT]; observer.views.views.len()],
            changes: vec![[0.0; 3]; observer.conditions().len()],
        }
    }

    /// Adds the stimuli of `record`.
    pub(super) fn add(&mut self, observer: &Observer, layer: &Layer, record: &LayerRecord) {
        let prepared = self.prepared.get_or_insert_with(|| Prepared {
            samples: observer.views.draw(
                chosen::UNITS,
                self.index,
                record.output.numel() / record.output.size()[0] as usize,
            ),
            gates: Gates::new(
                observer.conditions(),
                &observer.views,
                self.index,
                layer,
                record,
            ),
        });
        let moment = Moment {
            layer: self.index,
            epoch: self.epoch,
            stimulus: self.n_stimuli,
        };
        let responses = match observer.computation_on(record.output.device()) {
            Computation::Fused => prepared.fused(observer, record, moment),
            Computation::Tensor => prepared.tensor(observer, record, moment),
        };
        for response in responses {
            let moment = Moment {
                stimulus: self.n_stimuli,
                ..moment
            };
            self.n_stimuli += 1;
            for (sums, statistics) in self.activations.iter_mut().zip(&response.activations) {
                for (sum, statistic) in sums.iter_mut().zip(statistics) {
                    *sum += statistic;
                }
            }
            let places = observer
                .conditions()
                .iter()
                .zip(&prepared.gates.of_condition);
            for ((condition, &place), sums) in places.zip(&mut self.changes) {
                let gate = &prepared.gates.gates[place];
                let mut sum = response.sums[place];
                if condition.noise_stddev > 0.0 {
                    let normal = draw::normal(&mut moment.noise(noise::INPUTS, condition.seed));
                    sum += condition.noise_stddev * (gate.n_inputs as f64).sqrt() * normal;
                }
                let change = sum / gate.n_outputs as f64;
                for (sum, value) in sums.iter_mut().zip([change, change.abs(), change * change]) {
                    *sum += value;
                }
            }
        }
    }

    /// Means over the stimuli, behind the statistics of the weights: for each condition in the order of
    /// [`Observable::all`].
    pub(super) fn observables(
        &self,
        observer: &Observer,
        weights: &[Observation],
    ) -> Vec<[f64; Observable::COUNT]> {
        let n = self.n_stimuli as f64;
        let of_condition = |(condition, weights): (usize, &Observation)| {
            let activations = &self.activations[observer.views.of_condition[condition]];
            let means = activations.iter().chain(&self.changes[condition]);
            let values = weights
                .to_array()
                .into_iter()
                .chain(means.map(|sum| sum / n));
            let mut all = [f64::NAN; Observable::COUNT];
            for (place, value) in all.iter_mut().zip(values) {
                *place = value;
            }
            all
        };
        weights.iter().enumerate().map(of_condition).collect()
    }
}

impl Prepared {
    /// By the fused kernel, in the host's memory, stimuli spread over threads.
    fn fused(&self, observer: &Observer, record: &LayerRecord, first: Moment) -> Vec<Response> {
        let units = values(&record.output);
        let n_stimuli = record.output.size()[0] as usize;
        let n_units = units.len() / n_stimuli;
        let respond = |row: usize, desk: &mut Desk| {
            let units = &units[row * n_units..][..n_units];
            let moment = Moment {
                stimulus: first.stimulus + row,
                ..first
            };
            let mut activations = Vec::with_capacity(observer.views.views.len());
            observer.views.look(
                units,
                &self.samples,
                |seed| moment.noise(noise::UNITS, seed),
                desk,
                |_, seen, scratch| activations.push(observe(seen, scratch).to_array()),
            );
            let sums = self.gates.gates.iter().map(|gate| gate.sum(units));
            Response {
                activations,
                sums: sums.collect(),
            }
        };
        let n_threads = usize::try_from(tch::get_num_threads()).unwrap_or(1);
        each_row(n_stimuli, n_units, n_threads, Desk::default, respond)
    }

    /// By operations of libtorch, where the record is.
    fn tensor(&self, observer: &Observer, record: &LayerRecord, first: Moment) -> Vec<Response> {
        let units = record.output.detach().flatten(1, -1).to_kind(Kind::Float);
        let (n_stimuli, n_units) = (units.size()[0] as usize, units.size()[1] as usize);
        let mut normals_of = None;
        let mut of_views = Vec::new();
        for view in &observer.views.views {
            let mut seen = units.shallow_clone();
            if view.noise_stddev > 0.0 {
                let normals = match normals_of.take() {
                    Some((seed, normals)) if seed == view.seed => normals,
                    _ => normals(n_stimuli, n_units, first, view.seed).to_device(units.device()),
                };
                seen = (seen.to_kind(Kind::Double) + &normals * view.noise_stddev)
                    .to_kind(Kind::Float);
                normals_of = Some((view.seed, normals));
            }
            if let Some(sample) = view.sample {
                let indices = draw::indices(&self.samples[sample], units.device());
                seen = seen.index_select(1, &indices);
            }
            of_views.push(doubles(&tensor_statistics(&seen)));
        }
        let gates = self
            .gates
            .gates
            .iter()
            .map(|gate| doubles(&gate.sums(record)));
        let gates: Vec<Vec<f64>> = gates.collect();
        let statistics = |row: usize| {
            move |rows: &Vec<f64>| {
                std::array::from_fn(|place| rows[row * Observation::COUNT + place])
            }
        };
        (0..n_stimuli)
            .map(|row| Response {
                activations: of_views.iter().map(statistics(row)).collect(),
                sums: gates.iter().map(|sums| sums[row]).collect(),
            })
            .collect()
    }
}

/// The noise of consecutive stimuli, `[n_stimuli, n_units]`, double: drawn in the host's memory, as libtorch draws nothing.
fn normals(n_stimuli: usize, n_units: usize, first: Moment, seed: u64) -> Tensor {
    let (mut all, mut row) = (Vec::with_capacity(n_stimuli * n_units), Vec::new());
    for stimulus in 0..n_stimuli {
        let moment = Moment {
            stimulus: first.stimulus + stimulus,
            ..first
        };
        draw::fill(&mut row, n_units, &mut moment.noise(noise::UNITS, seed));
        all.extend_from_slice(&row);
    }
    Tensor::from_slice(&all)
        .view([n_stimuli as i64, n_units as i64])
        .to_kind(Kind::Double)
}
