//! How each architecture sends a batch through its layers. One file a family; names, kernels and sizes of the layers are
//! in `engram_plan::architectures`.

mod knet;

use engram_plan::LayerSpec;
use engram_schemas::Architecture;
use tch::Tensor;

use crate::network::Pass;

/// Channels of the batch normalisations in the order of the pass, or nothing for an architecture that cannot be computed.
pub(crate) fn batch_norm_channels(
    architecture: Architecture,
    layers: &[LayerSpec],
) -> Option<Vec<i64>> {
    match architecture {
        Architecture::Knet4 | Architecture::Knet5 => Some(knet::batch_norm_channels(layers)),
        Architecture::Knet4Lrn | Architecture::Knet5Lrn => Some(Vec::new()),
        _ => None,
    }
}

/// Sends `input` `[batch, channels, height, width]` through the network; returns `[batch, outputs]`.
pub(crate) fn forward(architecture: Architecture, pass: &mut Pass<'_>, input: &Tensor) -> Tensor {
    match architecture {
        Architecture::Knet4 => knet::forward(pass, input, 3, knet::Norm::Batch),
        Architecture::Knet4Lrn => knet::forward(pass, input, 3, knet::Norm::Response),
        Architecture::Knet5 => knet::forward(pass, input, 4, knet::Norm::Batch),
        Architecture::Knet5Lrn => knet::forward(pass, input, 4, knet::Norm::Response),
        _ => unreachable!(
            "a network of this architecture cannot be made: batch_norm_channels refuses it"
        ),
    }
}
