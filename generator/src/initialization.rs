//! Initial kernels and biases, drawn from a generator of the run's and the layer's own.

use engram_plan::{Initialization, Kernel, LayerSpec, RunConfiguration};
use engram_schemas::{Architecture, randomness};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use tch::Tensor;

/// What an initial kernel's entries are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Draw {
    /// A normal distribution.
    Normal { stddev: f64 },
    /// A normal distribution cut at two standard deviations; `stddev` is that before the cut.
    TruncatedNormal { stddev: f64 },
    /// A uniform distribution around 0.
    Uniform { limit: f64 },
}

/// A normal distribution that is cut at two standard deviations keeps this share of the standard deviation.
const TRUNCATED_STDDEV: f64 = 0.879_625_661_034_24;

/// Draws the kernel of layer `index` for `purpose`: forward and feedback kernels are independent draws from the same
/// distribution.
pub(crate) fn kernel(
    configuration: &RunConfiguration,
    spec: &LayerSpec,
    index: usize,
    purpose: &str,
) -> Tensor {
    let draw = match configuration.initialization {
        Initialization::Published => published(configuration.architecture, spec, index),
        Initialization::FanIn => Draw::Normal {
            stddev: (2.0 / spec.kernel.fan_in() as f64).sqrt(),
        },
    };
    let mut generator = randomness::generator(purpose, configuration.model_seed, index as u64);
    let mut one = || match draw {
        Draw::Normal { stddev } => {
            let normal: f64 = StandardNormal.sample(&mut generator);
            normal * stddev
        }
        Draw::TruncatedNormal { stddev } => loop {
            let normal: f64 = StandardNormal.sample(&mut generator);
            if normal.abs() <= 2.0 {
                break normal * stddev;
            }
        },
        Draw::Uniform { limit } => generator.random_range(-limit..limit),
    };
    let values: Vec<f32> = (0..spec.n_weights()).map(|_| one() as f32).collect();
    let shape: Vec<i64> = spec
        .kernel
        .shape()
        .into_iter()
        .map(|size| size as i64)
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

/// The constant that a layer's biases start at.
pub(crate) fn bias(configuration: &RunConfiguration, spec: &LayerSpec) -> f64 {
    match configuration.initialization {
        Initialization::Published if is_alexnet_hidden(configuration.architecture, spec) => 0.1,
        _ => 0.0,
    }
}

/// As the architectures were published.
fn published(architecture: Architecture, spec: &LayerSpec, index: usize) -> Draw {
    use Architecture::{Alexnet, AlexnetLrn, Knet4, Knet4Lrn, Knet5, Knet5Lrn};
    match (architecture, spec.kernel) {
        // The first convolution of a knet starts a hundred times smaller than the rest.
        (Knet4 | Knet4Lrn | Knet5 | Knet5Lrn, _) if index == 0 => Draw::Normal { stddev: 1e-4 },
        (
            Alexnet | AlexnetLrn,
            Kernel::Convolution {
                inputs,
                outputs,
                size,
                ..
            },
        ) => Draw::Uniform {
            // Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
            limit: (6.0 / ((inputs + outputs) * size * size) as f64).sqrt(),
        },
        (Alexnet | AlexnetLrn, _) if !spec.name.starts_with("head") => {
            Draw::TruncatedNormal { stddev: 1e-2 }
        }
        (Knet4 | Knet4Lrn | Knet5 | Knet5Lrn, _) | (_, Kernel::Dense { .. }) => {
            Draw::Normal { stddev: 1e-2 }
        }
        (_, Kernel::Convolution { .. }) => Draw::TruncatedNormal {
            // Variance 1 / fan-in after the cut.
            stddev: (1.0 / spec.kernel.fan_in() as f64).sqrt() / TRUNCATED_STDDEV,
        },
    }
}

fn is_alexnet_hidden(architecture: Architecture, spec: &LayerSpec) -> bool {
    matches!(
        architecture,
        Architecture::Alexnet | Architecture::AlexnetLrn
    ) && matches!(spec.name.as_str(), "fc6" | "fc7")
}

#[cfg(test)]
mod tests;
