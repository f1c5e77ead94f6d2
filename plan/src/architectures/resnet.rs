//! Residual networks of basic blocks. The first block of every group has a 1x1 projection on its shortcut; the first and
//! second version differ in the order of normalisation and activation only, which shows in no kernel.

use super::{LayerList, Padding};

/// Channels and stride of the four groups.
const GROUPS: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

pub(super) fn layers(network: &mut LayerList, n_blocks: [usize; 4], n_classes: usize) {
    network.convolution("conv1", 64, 7, 2, Padding::Same, false);
    network.pool(3, 2, Padding::Same);
    for (group, ((channels, stride), n_blocks)) in GROUPS.into_iter().zip(n_blocks).enumerate() {
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
