//! How each architecture sends a batch through its layers. One file a family; names, kernels and sizes of the layers are
//! in `engram_plan::architectures`.

mod alexnet;
mod knet;
mod projection_head;
mod resnet;

use engram_plan::LayerSpec;
use engram_schemas::Architecture;
use tch::Tensor;

use crate::network::{Nonlinearity, Pass};
use resnet::{BLOCKS_10, BLOCKS_18, BLOCKS_34, Version};

/// What normalises a network that has variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Norm {
    /// Nothing.
    None,
    /// Batch normalisation.
    Batch,
    /// Local response normalisation.
    Response,
}

/// A batch normalisation before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BatchNormSpec {
    /// Channels, or units of a dense layer.
    pub(crate) channels: usize,
    /// What its scales start at.
    pub(crate) initial_scale: f64,
}

impl BatchNormSpec {
    fn new(channels: usize) -> Self {
        Self {
            channels,
            initial_scale: 1.0,
        }
    }
}

/// How a network ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a dense classifier.
    Classifier,
    /// With a projection head of two dense layers.
    ProjectionHead,
}

impl End {
    fn n_layers(self) -> usize {
        match self {
            Self::Classifier => 1,
            Self::ProjectionHead => 2,
        }
    }
}

/// The batch normalisations in the order of the pass.
pub(crate) fn batch_norms(
    architecture: Architecture,
    end: End,
    layers: &[LayerSpec],
) -> Vec<BatchNormSpec> {
    use Architecture::{Alexnet, AlexnetLrn, Knet4, Knet4Lrn, Knet5, Knet5Lrn};
    use Architecture::{Resnet10, Resnet18, Resnet18v2, Resnet34, Resnet34v2};
    let (backbone, head) = layers.split_at(layers.len() - end.n_layers());
    let mut norms = match architecture {
        Knet4 | Knet5 => knet::batch_norms(backbone),
        Knet4Lrn | Knet5Lrn | Alexnet | AlexnetLrn => Vec::new(),
        Resnet10 | Resnet18 | Resnet34 => resnet::batch_norms(backbone, Version::PostActivation),
        Resnet18v2 | Resnet34v2 => resnet::batch_norms(backbone, Version::PreActivation),
    };
    if end == End::ProjectionHead {
        norms.extend(projection_head::batch_norms(head));
    }
    norms
}

/// Sends `input` `[batch, channels, height, width]` through the network; returns `[batch, outputs]`.
pub(crate) fn forward(
    architecture: Architecture,
    end: End,
    pass: &mut Pass<'_>,
    input: &Tensor,
) -> Tensor {
    use Version::{PostActivation, PreActivation};
    let features = match architecture {
        Architecture::Knet4 => knet::features(pass, input, 3, Norm::Batch),
        Architecture::Knet4Lrn => knet::features(pass, input, 3, Norm::Response),
        Architecture::Knet5 => knet::features(pass, input, 4, Norm::Batch),
        Architecture::Knet5Lrn => knet::features(pass, input, 4, Norm::Response),
        Architecture::Alexnet => alexnet::features(pass, input, Norm::None),
        Architecture::AlexnetLrn => alexnet::features(pass, input, Norm::Response),
        Architecture::Resnet10 => resnet::features(pass, input, BLOCKS_10, PostActivation),
        Architecture::Resnet18 => resnet::features(pass, input, BLOCKS_18, PostActivation),
        Architecture::Resnet18v2 => resnet::features(pass, input, BLOCKS_18, PreActivation),
        Architecture::Resnet34 => resnet::features(pass, input, BLOCKS_34, PostActivation),
        Architecture::Resnet34v2 => resnet::features(pass, input, BLOCKS_34, PreActivation),
    };
    match end {
        End::Classifier => pass.weighted(&features, Nonlinearity::Identity),
        End::ProjectionHead => projection_head::forward(pass, &features),
    }
}

#[cfg(test)]
mod tests;
