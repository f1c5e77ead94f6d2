//! Small networks after Krizhevsky's cuda-convnet: 5x5 convolutions, each followed by a pool that halves the image, and a
//! dense classifier.

use super::{LayerList, Padding};

/// Channels of the convolutions.
const CHANNELS: [usize; 4] = [32, 32, 64, 128];

pub(super) fn layers(network: &mut LayerList, n_convolutions: usize, n_classes: usize) {
    for (index, channels) in CHANNELS.into_iter().take(n_convolutions).enumerate() {
        network.convolution(
            &format!("conv{}", index + 1),
            channels,
            5,
            1,
            Padding::Same,
            true,
        );
        network.pool(3, 2, Padding::Same);
    }
    network.dense(&format!("fc{}", n_convolutions + 1), n_classes);
}
