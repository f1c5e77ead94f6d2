//! AlexNet in one column.
//!
//! # References
//! Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012.

use tch::Tensor;

use super::Norm;
use crate::network::{Nonlinearity::Relu, Pass};
use crate::normalization::ResponseNorm;
use crate::pooling::max_pool_valid;

const RESPONSE_NORM: ResponseNorm = ResponseNorm {
    radius: 5,
    bias: 1.0,
    alpha: 1e-4,
    beta: 0.75,
};

/// What the classifier reads, `[batch, 4096]`. Response normalisation, where the variant has it, follows the first two
/// convolutions; dropout follows both hidden dense layers.
pub(super) fn features(pass: &mut Pass<'_>, input: &Tensor, norm: Norm) -> Tensor {
    let normalised = |x: Tensor| match norm {
        Norm::Response => RESPONSE_NORM.apply(&x),
        Norm::None | Norm::Batch => x,
    };
    let mut x = max_pool_valid(&normalised(pass.weighted(input, Relu)));
    x = max_pool_valid(&normalised(pass.weighted(&x, Relu)));
    for _ in 0..3 {
        x = pass.weighted(&x, Relu);
    }
    x = max_pool_valid(&x).flatten(1, -1);
    for _ in 0..2 {
        x = pass.weighted(&x, Relu);
        x = pass.dropout(&x);
    }
    x
}
