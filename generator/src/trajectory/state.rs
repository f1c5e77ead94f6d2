//! The checkpoints of a trajectory as named tensors, for a run that is to go on elsewhere.

use std::collections::BTreeMap;

use engram_schemas::Observable;
use engram_schemas::observable::Measure;
use tch::Tensor;

use super::Trajectory;
use crate::checkpoint::missing;
use crate::evaluate::Evaluation;
use crate::observe::Checkpoint;
use crate::observe::recording::Recording;
use crate::{Error, Result};

/// Epochs and steps, `[n_checkpoints, 2]`.
const PLACES: &str = "places";
/// Validation loss and accuracy, `[n_checkpoints, 2]`; NaN stands for no accuracy.
const SCORES: &str = "scores";
/// `[n_checkpoints, n_layers, n_conditions, 45]`.
const OBSERVABLES: &str = "observables";
/// `[n_checkpoints, n_layers, 2]`, NaN for none; empty where they are not observed.
const ANGLES: &str = "angles";

impl Trajectory {
    /// The checkpoints, by name.
    pub(crate) fn state(&self) -> Vec<(String, Tensor)> {
        let n = self.checkpoints().len() as i64;
        let seen = || self.checkpoints().iter().map(|(_, _, seen)| seen);
        let places: Vec<i64> = self
            .checkpoints()
            .iter()
            .flat_map(|(epoch, step, _)| [*epoch as i64, *step as i64])
            .collect();
        let scores: Vec<f64> = seen()
            .flat_map(|seen| {
                [
                    seen.evaluation.loss,
                    seen.evaluation.accuracy.unwrap_or(f64::NAN),
                ]
            })
            .collect();
        let observables: Vec<f64> = seen()
            .flat_map(|seen| seen.layers.iter().flatten().flatten().copied())
            .collect();
        let angle = |angle: Option<f64>| angle.unwrap_or(f64::NAN);
        let angles: Vec<f64> = seen()
            .flat_map(|seen| seen.angles.iter())
            .flat_map(|(feedback, gradient)| [angle(*feedback), angle(*gradient)])
            .collect();
        let n_conditions = self.observation().conditions.len() as i64;
        let shape = [
            n,
            self.layers().len() as i64,
            n_conditions,
            Observable::COUNT as i64,
        ];
        let mut state = vec![
            (PLACES.to_owned(), Tensor::from_slice(&places).view([n, 2])),
            (SCORES.to_owned(), Tensor::from_slice(&scores).view([n, 2])),
            (
                OBSERVABLES.to_owned(),
                Tensor::from_slice(&observables).view(shape),
            ),
            (ANGLES.to_owned(), Tensor::from_slice(&angles)),
        ];
        for (checkpoint, seen) in seen().enumerate() {
            for (place, recording) in seen.recordings.iter().enumerate() {
                let name = recording_name(checkpoint, place);
                state.push((
                    format!("{name}.values"),
                    Tensor::from_slice(&recording.values),
                ));
                state.push((
                    format!("{name}.units"),
                    Tensor::from_slice(&description(recording)),
                ));
            }
        }
        state
    }

    /// Takes checkpoints that [`Trajectory::state`] gave.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when a part lacks or has another size.
    pub(crate) fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let places: Vec<i64> = values(state, PLACES)?;
        let scores: Vec<f64> = values(state, SCORES)?;
        let observables: Vec<f64> = values(state, OBSERVABLES)?;
        let angles: Vec<f64> = values(state, ANGLES)?;
        let (n, n_layers) = (places.len() / 2, self.layers().len());
        let n_conditions = self.observation().conditions.len();
        let size = n * n_layers * n_conditions * Observable::COUNT;
        let angles_size = n * n_layers * 2;
        if observables.len() != size
            || scores.len() != 2 * n
            || !(angles.is_empty() || angles.len() == angles_size)
        {
            return Err(Error::Checkpoint {
                reason: "its rows are not of this network and observation".to_owned(),
            });
        }
        let (all, _) = observables.as_chunks::<{ Observable::COUNT }>();
        let some = |value: f64| (!value.is_nan()).then_some(value);
        for checkpoint in 0..n {
            let of_layer = |layer: usize| {
                let start = (checkpoint * n_layers + layer) * n_conditions;
                all[start..start + n_conditions].to_vec()
            };
            let own_angles = match angles.as_slice() {
                [] => &[],
                angles => &angles[checkpoint * n_layers * 2..(checkpoint + 1) * n_layers * 2],
            };
            let (pairs, _) = own_angles.as_chunks::<2>();
            let seen = Checkpoint {
                evaluation: Evaluation {
                    loss: scores[2 * checkpoint],
                    accuracy: some(scores[2 * checkpoint + 1]),
                },
                layers: (0..n_layers).map(of_layer).collect(),
                angles: pairs
                    .iter()
                    .map(|[feedback, gradient]| (some(*feedback), some(*gradient)))
                    .collect(),
                recordings: recordings(state, checkpoint)?,
            };
            let [epoch, step] = [places[2 * checkpoint], places[2 * checkpoint + 1]];
            self.push(epoch as usize, step as usize, seen);
        }
        Ok(())
    }
}

fn recording_name(checkpoint: usize, place: usize) -> String {
    format!("recording.{checkpoint:04}.{place:04}")
}

/// Layer, measure, candidates and units of a recording.
fn description(recording: &Recording) -> [i64; 4] {
    let measure = Measure::ALL
        .iter()
        .position(|measure| *measure == recording.measure);
    [
        recording.layer as i64,
        measure.unwrap_or_default() as i64,
        recording.n_candidates as i64,
        recording.n_units as i64,
    ]
}

fn recordings(state: &BTreeMap<String, Tensor>, checkpoint: usize) -> Result<Vec<Recording>> {
    let names = (0..).map(|place| recording_name(checkpoint, place));
    names
        .take_while(|name| state.contains_key(&format!("{name}.units")))
        .map(|name| {
            let units: Vec<i64> = values(state, &format!("{name}.units"))?;
            let [layer, measure, n_candidates, n_units] = units[..] else {
                return Err(missing(&name));
            };
            let measure = Measure::ALL.get(measure as usize);
            Ok(Recording {
                layer: layer as usize,
                measure: *measure.ok_or_else(|| missing(&name))?,
                n_candidates: n_candidates as usize,
                n_units: n_units as usize,
                values: values(state, &format!("{name}.values"))?,
            })
        })
        .collect()
}

fn values<T: tch::kind::Element + Default + Clone>(
    state: &BTreeMap<String, Tensor>,
    name: &str,
) -> Result<Vec<T>> {
    let tensor = state.get(name).ok_or_else(|| missing(name))?;
    if tensor.kind() != T::KIND {
        return Err(missing(name));
    }
    let tensor = tensor.to_device(tch::Device::Cpu);
    let mut values = vec![T::default(); tensor.numel()];
    tensor.copy_data(&mut values, tensor.numel());
    Ok(values)
}
