//! Residual networks of basic blocks, post-activation (v1) and pre-activation (v2).
//!
//! Weighted layers of a block come in the order projection (first block of a group only), first and second convolution.
//!
//! # References
//! He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, and "Identity Mappings in Deep
//! Residual Networks", ECCV 2016; Goyal et al., "Accurate, Large Minibatch SGD", 2017, for the last scale of a block
//! that starts at 0.

use engram_plan::LayerSpec;
use tch::{Kind, Tensor};

use super::BatchNormSpec;
use crate::network::{Nonlinearity::Identity, Pass};
use crate::pooling::max_pool_same;

/// Order of normalisation and activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// After the convolutions.
    PostActivation,
    /// Before the convolutions.
    PreActivation,
}

/// Blocks of each group of the 10-layer network.
pub(super) const BLOCKS_10: [usize; 4] = [1, 1, 1, 1];
/// Blocks of each group of the 18-layer network.
pub(super) const BLOCKS_18: [usize; 4] = [2, 2, 2, 2];
/// Blocks of each group of the 34-layer network.
pub(super) const BLOCKS_34: [usize; 4] = [3, 4, 6, 3];

/// The batch normalisations in the order of the pass, given the backbone's convolutions.
pub(super) fn batch_norms(layers: &[LayerSpec], version: Version) -> Vec<BatchNormSpec> {
    let shape = |layer: &LayerSpec| layer.kernel.shape();
    let outputs = |layer: &LayerSpec| BatchNormSpec::new(shape(layer)[0]);
    match version {
        // One after every convolution, in the convolutions' order.
        Version::PostActivation => layers
            .iter()
            .map(|layer| BatchNormSpec {
                initial_scale: if layer.name.ends_with("_conv2") {
                    0.0
                } else {
                    1.0
                },
                ..outputs(layer)
            })
            .collect(),
        // One before every block's first and second convolution, and one at the end. A projection reads what the first
        // convolution does.
        Version::PreActivation => {
            let in_blocks = layers.iter().skip(1);
            let read = in_blocks.filter(|layer| !layer.name.ends_with("_projection"));
            let read = read.map(|layer| BatchNormSpec::new(shape(layer)[1]));
            read.chain(layers.last().map(outputs)).collect()
        }
    }
}

/// What the classifier reads, `[batch, channels of the last group]`.
pub(super) fn features(
    pass: &mut Pass<'_>,
    input: &Tensor,
    n_blocks: [usize; 4],
    version: Version,
) -> Tensor {
    let mut x = pass.weighted(input, Identity);
    if version == Version::PostActivation {
        x = pass.batch_norm(&x).relu_();
    }
    x = max_pool_same(&x);
    for n_blocks in n_blocks {
        for block in 0..n_blocks {
            x = match version {
                Version::PostActivation => post_activation(pass, &x, block == 0),
                Version::PreActivation => pre_activation(pass, &x, block == 0),
            };
        }
    }
    if version == Version::PreActivation {
        x = pass.batch_norm(&x).relu_();
    }
    x.mean_dim([2i64, 3].as_slice(), false, Kind::Float)
}

fn post_activation(pass: &mut Pass<'_>, x: &Tensor, is_projected: bool) -> Tensor {
    let shortcut = if is_projected {
        let projected = pass.weighted(x, Identity);
        pass.batch_norm(&projected)
    } else {
        x.shallow_clone()
    };
    let y = pass.weighted(x, Identity);
    let y = pass.batch_norm(&y).relu_();
    let y = pass.weighted(&y, Identity);
    pass.batch_norm(&y).g_add_(&shortcut).relu_()
}

fn pre_activation(pass: &mut Pass<'_>, x: &Tensor, is_projected: bool) -> Tensor {
    let activated = pass.batch_norm(x).relu_();
    let shortcut = if is_projected {
        pass.weighted(&activated, Identity)
    } else {
        x.shallow_clone()
    };
    let y = pass.weighted(&activated, Identity);
    let y = pass.batch_norm(&y).relu_();
    pass.weighted(&y, Identity) + shortcut
}
