//! Small networks after Krizhevsky's cuda-convnet.
//!
//! The first convolution is pooled by maximum before its ReLU, so that its own output is linear; the others apply ReLU
//! and are pooled by average. Normalised by response: after pools 1 and 2. By batch: after every pool, the first ReLU
//! coming after its normalisation.

use engram_plan::LayerSpec;
use tch::Tensor;

use crate::network::{Nonlinearity, Pass};
use crate::normalization::ResponseNorm;

/// What follows the pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    /// Batch normalisation.
    Batch,
    /// Local response normalisation.
    Response,
}

const RESPONSE_NORM: ResponseNorm = ResponseNorm {
    radius: 3,
    bias: 1.0,
    alpha: 5e-5,
    beta: 0.75,
};

pub(super) fn batch_norm_channels(layers: &[LayerSpec]) -> Vec<i64> {
    let n_convolutions = layers.len() - 1;
    layers[..n_convolutions]
        .iter()
        .map(|layer| layer.kernel.shape()[0] as i64)
        .collect()
}

pub(super) fn forward(
    pass: &mut Pass<'_>,
    input: &Tensor,
    n_convolutions: usize,
    norm: Norm,
) -> Tensor {
    let mut x = input.shallow_clone();
    for convolution in 0..n_convolutions {
        if convolution == 0 {
            x = max_pool(&pass.weighted(&x, Nonlinearity::Identity));
            x = match norm {
                Norm::Batch => pass.batch_norm(&x).relu(),
                Norm::Response => RESPONSE_NORM.apply(&x.relu()),
            };
        } else {
            x = average_pool(&pass.weighted(&x, Nonlinearity::Relu));
            x = match norm {
                Norm::Batch => pass.batch_norm(&x),
                Norm::Response if convolution == 1 => RESPONSE_NORM.apply(&x),
                Norm::Response => x,
            };
        }
    }
    pass.weighted(&x.flatten(1, -1), Nonlinearity::Identity)
}

fn max_pool(x: &Tensor) -> Tensor {
    let (padding, ceil_mode) = same(x);
    x.max_pool2d([3, 3], [2, 2], padding, [1, 1], ceil_mode)
}

/// The mean over those positions of a window that lie inside the image.
fn average_pool(x: &Tensor) -> Tensor {
    let (padding, ceil_mode) = same(x);
    x.avg_pool2d([3, 3], [2, 2], padding, ceil_mode, false, None)
}

/// Padding and rounding by which a 3x3 window at stride 2 has ceil(length / 2) positions, with the odd padding after:
/// an even length gets one position beyond the end, an odd one gets one on either side.
fn same(x: &Tensor) -> ([i64; 2], bool) {
    let side = x.size()[3];
    if side % 2 == 0 {
        ([0, 0], true)
    } else {
        ([1, 1], false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(side: i64) -> Tensor {
        Tensor::arange(side * side, (tch::Kind::Float, tch::Device::Cpu)).view([1, 1, side, side])
    }

    #[test]
    fn pools_halve_with_the_odd_padding_after() {
        let pooled: Vec<f32> = Vec::try_from(max_pool(&image(4)).view([-1])).unwrap();
        assert_eq!(pooled, [10.0, 11.0, 14.0, 15.0]);
        // The last window of the second row holds 10, 11, 14, 15 and nothing beyond the border.
        let pooled: Vec<f32> = Vec::try_from(average_pool(&image(4)).view([-1])).unwrap();
        assert_eq!(pooled, [5.0, 6.5, 11.0, 12.5]);
        let pooled: Vec<f32> = Vec::try_from(average_pool(&image(3)).view([-1])).unwrap();
        assert_eq!(pooled, [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(max_pool(&image(1)).size(), [1, 1, 1, 1]);
    }
}
