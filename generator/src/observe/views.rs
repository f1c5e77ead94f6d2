//! The distinct ways in which the conditions of an observation look at a set of units.
//!
//! Conditions that see the same share one computation: the definitions do not touch activations, and with all units and
//! no noise the seed says nothing.

use engram_observables::Scratch;
use engram_plan::ObservationCondition;
use engram_schemas::randomness::ChaCha8Rng;

use super::draw;

/// A way to look at units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    /// Standard deviation of the noise.
    pub(super) noise_stddev: f64,
    /// Seed of choice and noise.
    pub(super) seed: u64,
    /// Which of [`Views::samples`] is seen; all units without one.
    pub(super) sample: Option<usize>,
}

/// A choice of units: a fraction of them, and the seed of the choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Share of the units, below 1.
    pub(super) unit_fraction: f64,
    /// Seed of the choice.
    pub(super) seed: u64,
}

/// The views of an observation's conditions.
#[derive(Clone, Debug)]
pub(super) struct Views {
    /// The distinct views, those of one seed side by side.
    pub(super) views: Vec<View>,
    /// The distinct choices of units, those of one seed side by side.
    pub(super) samples: Vec<Sample>,
    /// The view of each condition.
    pub(super) of_condition: Vec<usize>,
}

/// What a thread needs to look.
#[derive(Debug, Default)]
pub(super) struct Desk {
    normals: Vec<f32>,
    seen: Vec<f32>,
    pub(super) scratch: Scratch,
}

impl Views {
    pub(super) fn new(conditions: &[ObservationCondition]) -> Self {
        let mut samples: Vec<Sample> = Vec::new();
        for condition in conditions {
            let sample = Sample {
                unit_fraction: condition.unit_fraction,
                seed: condition.seed,
            };
            if condition.unit_fraction < 1.0 && !samples.contains(&sample) {
                samples.push(sample);
            }
        }
        samples.sort_by_key(|sample| sample.seed);
        let view = |condition: &ObservationCondition| {
            let sample = samples.iter().position(|sample| {
                (sample.unit_fraction, sample.seed) == (condition.unit_fraction, condition.seed)
            });
            let draws = sample.is_some() || condition.noise_stddev > 0.0;
            View {
                noise_stddev: condition.noise_stddev,
                seed: if draws { condition.seed } else { 0 },
                sample,
            }
        };
        let mut views: Vec<View> = Vec::new();
        for view in conditions.iter().map(view) {
            if !views.contains(&view) {
                views.push(view);
            }
        }
        views.sort_by_key(|view| view.seed);
        let place = |condition| {
            let view = view(condition);
            views
                .iter()
                .position(|other| *other == view)
                .unwrap_or_default()
        };
        let of_condition = conditions.iter().map(place).collect();
        Self {
            views,
            samples,
            of_condition,
        }
    }

    /// The units of each sample, ascending, when there are `n` of them.
    pub(super) fn draw(&self, purpose: &str, layer: usize, n: usize) -> Vec<Vec<u32>> {
        let same_seed = self.samples.chunk_by(|a, b| a.seed == b.seed);
        same_seed
            .flat_map(|samples| {
                let counts: Vec<usize> = samples
                    .iter()
                    .map(|sample| draw::n_chosen(sample.unit_fraction, n))
                    .collect();
                let most = counts.iter().copied().max().unwrap_or(0);
                let order = draw::order(purpose, samples[0].seed, layer, n, most);
                counts
                    .into_iter()
                    .map(move |count| draw::ascending(&order[..count], n))
            })
            .collect()
    }

    /// Shows `each` what every view sees of `units`: noise on all of them, then the units of its sample.
    ///
    /// `samples` are those that [`Views::draw`] gives for as many units, `noise` the generator of a seed's noise.
    pub(super) fn look(
        &self,
        units: &[f32],
        samples: &[Vec<u32>],
        noise: impl Fn(u64) -> ChaCha8Rng,
        desk: &mut Desk,
        mut each: impl FnMut(usize, &[f32], &mut Scratch),
    ) {
        let mut normals_of = None;
        for (place, view) in self.views.iter().enumerate() {
            let Desk {
                normals,
                seen,
                scratch,
            } = &mut *desk;
            let stddev = view.noise_stddev;
            if stddev > 0.0 && normals_of != Some(view.seed) {
                draw::fill(normals, units.len(), &mut noise(view.seed));
                normals_of = Some(view.seed);
            }
            let noisy =
                |unit: f32, normal: f32| (f64::from(unit) + stddev * f64::from(normal)) as f32;
            seen.clear();
            match view.sample.map(|sample| &samples[sample]) {
                None if stddev == 0.0 => {
                    each(place, units, scratch);
                    continue;
                }
                None => seen.extend(units.iter().zip(&*normals).map(|(&u, &z)| noisy(u, z))),
                Some(sample) if stddev == 0.0 => {
                    seen.extend(sample.iter().map(|&place| units[place as usize]));
                }
                Some(sample) => seen.extend(
                    sample
                        .iter()
                        .map(|&place| noisy(units[place as usize], normals[place as usize])),
                ),
            }
            each(place, seen, scratch);
        }
    }
}
