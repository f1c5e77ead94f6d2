//! What an observation draws: which units it sees, and the noise on them.
//!
//! A recording's electrodes stay in place, so the choice of units depends on (purpose, seed, layer) alone and is the same
//! at every checkpoint; noise depends on the epoch and the stimulus too. Neither depends on the fraction or the noise's
//! size: with one seed, the units of a smaller fraction are among those of a larger one, and the noise is the same up to
//! its scale.

pub(super) use engram_schemas::randomness::n_chosen;
use engram_schemas::randomness::{self, ChaCha8Rng};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Tensor};

/// Purposes of choices.
pub(super) mod chosen {
    /// Entries of a kernel.
    pub(in crate::observe) const WEIGHTS: &str = "observed weights";
    /// Outputs whose activation is observed.
    pub(in crate::observe) const UNITS: &str = "observed units";
    /// Outputs that are summed before the activity change is taken.
    pub(in crate::observe) const OUTPUTS: &str = "observed outputs of activity change";
    /// Inputs whose gradient is observed.
    pub(in crate::observe) const INPUTS: &str = "observed inputs of activity change";
}

/// Purposes of noise.
pub(super) mod noise {
    /// On entries of a kernel.
    pub(in crate::observe) const WEIGHTS: &str = "noise on weights";
    /// On activations.
    pub(in crate::observe) const UNITS: &str = "noise on units";
    /// On the gradients of inputs.
    pub(in crate::observe) const INPUTS: &str = "noise on activity change";
}

/// The first `n_chosen` of the units below `n` in random order: a uniform sample without replacement, and each beginning
/// of it is one too.
pub(super) fn order(purpose: &str, seed: u64, layer: usize, n: usize, n_chosen: usize) -> Vec<u32> {
    let mut generator = randomness::generator(purpose, seed, layer as u64);
    let mut units: Vec<u32> = (0..n as u32).collect();
    for place in 0..n_chosen {
        let other = generator.random_range(place as u64..n as u64);
        units.swap(place, other as usize);
    }
    units.truncate(n_chosen);
    units
}

/// Chosen units below `n` in ascending order, in which gathering them is fast.
pub(super) fn ascending(chosen: &[u32], n: usize) -> Vec<u32> {
    let mut is_chosen = vec![false; n];
    for &unit in chosen {
        is_chosen[unit as usize] = true;
    }
    (0..n as u32)
        .filter(|&unit| is_chosen[unit as usize])
        .collect()
}

/// When and where noise falls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The layer's index, below 2^12.
    pub(super) layer: usize,
    /// The epoch, below 2^20.
    pub(super) epoch: usize,
    /// The stimulus among the validation examples, below 2^32; 0 for weights.
    pub(super) stimulus: usize,
}

impl Moment {
    /// The generator of a purpose's noise at this moment.
    pub(super) fn noise(self, purpose: &str, seed: u64) -> ChaCha8Rng {
        let identity = (self.layer as u64) << 52 | (self.epoch as u64) << 32 | self.stimulus as u64;
        randomness::generator(purpose, seed, identity)
    }
}

/// Fills `normals` with `n` independent draws of the standard normal distribution.
pub(super) fn fill(normals: &mut Vec<f32>, n: usize, generator: &mut ChaCha8Rng) {
    normals.clear();
    normals.extend((0..n).map(|_| normal(generator) as f32));
}

/// One draw of the standard normal distribution.
pub(super) fn normal(generator: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(generator)
}

/// Chosen units as an index tensor, `[n_chosen]`.
pub(super) fn indices(chosen: &[u32], device: Device) -> Tensor {
    let wide: Vec<i64> = chosen.iter().map(|&unit| i64::from(unit)).collect();
    Tensor::from_slice(&wide).to_device(device)
}
