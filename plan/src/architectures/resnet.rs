//! Residual networks of basic blocks. The first block of every group has a 1x1 projection on its shortcut; the first and
//! second version differ in the order of normalisation and activation only, which shows in no kernel.

use super::{LayerList, Padding};

/// Stride of each group's first block; every group has twice the channels of the one before.
const STRIDES: [usize; 4] = [1, 2, 2, 2];

/// `width`: channels of the first convolution and the first group, 64 in the published networks.
pub(super) fn layers(
    network: &mut LayerList,
    width: usize,
    n_blocks: [usize; 4],
    n_classes: usize,
) {
    network.convolution("conv1", width, 7, 2, Padding::Same, false);
    network.pool(3, 2, Padding::Same);
    for (group, (stride, n_blocks)) in STRIDES.into_iter().zip(n_blocks).enumerate() {
        let channels = width << group;
        for block in 0..n_blocks {
            let stride = if block == 0 { stride } else { 1 };
            let name = |part: &str| format!("group{}_block{}_{part}", group + 1, block + 1);
            if block == 0 {
                let before = network.shape;
                network.convolution(
                    &name("projection"),
                    channels,
                    1,
                    stride,
                    Padding::Same,
                    false,
                );
                network.shape = before;
            }
            network.convolution(&name("conv1"), channels, 3, stride, Padding::Same, false);
            network.convolution(&name("conv2"), channels, 3, 1, Padding::Same, false);
        }
    }
    let [channels, _, _] = network.shape;
    network.shape = [channels, 1, 1];
    network.dense("fc", n_classes);
}
