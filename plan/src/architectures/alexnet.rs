//! AlexNet in one column: five convolutions, three pools, three dense layers.

use super::{LayerList, Padding};

pub(super) fn layers(network: &mut LayerList, n_classes: usize) {
    network.convolution("conv1", 96, 11, 4, Padding::Valid, true);
    network.pool(3, 2, Padding::Valid);
    network.convolution("conv2", 256, 5, 1, Padding::Same, true);
    network.pool(3, 2, Padding::Valid);
    network.convolution("conv3", 384, 3, 1, Padding::Same, true);
    network.convolution("conv4", 384, 4, 1, Padding::Same, true);
    network.convolution("conv5", 256, 3, 1, Padding::Same, true);
    network.pool(3, 2, Padding::Valid);
    network.dense("fc6", 4096);
    network.dense("fc7", 4096);
    network.dense("fc8", n_classes);
}
