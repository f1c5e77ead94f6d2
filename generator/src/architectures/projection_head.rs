//! The head of a contrastive network: two dense layers in the classifier's place.
//!
//! # References
//! Chen, Kornblith, Norouzi, Hinton, "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020,
//! section 2.1.

use engram_plan::LayerSpec;
use tch::Tensor;

use super::BatchNormSpec;
use crate::network::{Nonlinearity::Identity, Pass};

/// One after each of the head's layers.
pub(super) fn batch_norms(head: &[LayerSpec]) -> impl Iterator<Item = BatchNormSpec> {
    let outputs = head.iter().map(|layer| layer.kernel.shape()[0]);
    outputs.map(BatchNormSpec::new)
}

/// From features `[batch, hidden]` to what is contrasted, `[batch, 128]`.
pub(super) fn forward(pass: &mut Pass<'_>, features: &Tensor) -> Tensor {
    let hidden = pass.weighted(features, Identity);
    let hidden = pass.batch_norm(&hidden).relu_();
    let output = pass.weighted(&hidden, Identity);
    pass.batch_norm(&output)
}
