//! Small networks after Krizhevsky's cuda-convnet.
//!
//! The first convolution is pooled by maximum before its ReLU, so that its own output is linear; the others apply ReLU
//! and are pooled by average. Normalised by response: after pools 1 and 2. By batch: after every pool, the first ReLU
//! coming after its normalisation.

use engram_plan::LayerSpec;
use tch::Tensor;

use super::{BatchNormSpec, Norm};
use crate::network::{Nonlinearity, Pass};
use crate::normalization::ResponseNorm;
use crate::pooling::{average_pool_same, max_pool_same};

const RESPONSE_NORM: ResponseNorm = ResponseNorm {
    radius: 3,
    bias: 1.0,
    alpha: 5e-5,
    beta: 0.75,
};

/// One after every convolution's pool.
pub(super) fn batch_norms(convolutions: &[LayerSpec]) -> Vec<BatchNormSpec> {
    let outputs = convolutions.iter().map(|layer| layer.kernel.shape()[0]);
    outputs.map(BatchNormSpec::new).collect()
}

/// What the classifier reads, `[batch, channels * height * width]`.
pub(super) fn features(
    pass: &mut Pass<'_>,
    input: &Tensor,
    n_convolutions: usize,
    norm: Norm,
) -> Tensor {
    let mut x = input.shallow_clone();
    for convolution in 0..n_convolutions {
        if convolution == 0 {
            x = max_pool_same(&pass.weighted(&x, Nonlinearity::Identity));
            x = match norm {
                Norm::Batch => pass.batch_norm(&x).relu_(),
                Norm::Response => RESPONSE_NORM.apply(&x.relu()),
                Norm::None => x.relu(),
            };
        } else {
            x = average_pool_same(&pass.weighted(&x, Nonlinearity::Relu));
            x = match norm {
                Norm::Batch => pass.batch_norm(&x),
                Norm::Response if convolution == 1 => RESPONSE_NORM.apply(&x),
                Norm::Response | Norm::None => x,
            };
        }
    }
    x.flatten(1, -1)
}
