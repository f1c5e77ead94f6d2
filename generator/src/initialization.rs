//! Initial kernels, drawn from a generator of the run's and the layer's own.

use engram_plan::{Initialization, LayerSpec, RunConfiguration};
use engram_schemas::randomness;
use rand_distr::{Distribution, StandardNormal};
use tch::Tensor;

/// Draws the kernel of layer `index` for `purpose`: forward and feedback kernels are independent draws from the same
/// distribution.
pub(crate) fn kernel(
    configuration: &RunConfiguration,
    spec: &LayerSpec,
    index: usize,
    purpose: &str,
) -> Tensor {
    let stddev = match configuration.initialization {
        Initialization::Published => published_stddev(index),
        Initialization::FanIn => (2.0 / spec.kernel.fan_in() as f64).sqrt(),
    };
    let mut generator = randomness::generator(purpose, configuration.model_seed, index as u64);
    let values: Vec<f32> = StandardNormal
        .sample_iter(&mut generator)
        .take(spec.n_weights())
        .map(|normal: f64| (normal * stddev) as f32)
        .collect();
    let shape: Vec<i64> = spec
        .kernel
        .shape()
        .into_iter()
        .map(|size| size as i64)
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// Standard deviation of the knets' published normal initialisation: the first convolution starts a hundred times
/// smaller than the rest.
fn published_stddev(index: usize) -> f64 {
    if index == 0 { 1e-4 } else { 1e-2 }
}
