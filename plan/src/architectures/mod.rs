//! The weighted layers of every architecture: names, kernels, units and depth, in forward order.
//!
//! One file a family. What happens between weighted layers (pooling, normalisation, residual sums) is the generator's;
//! here it only shows in the sizes.

mod alexnet;
mod knet;
mod resnet;

use engram_schemas::{Architecture, Depth};

use crate::{Error, Result, TaskSettings};

/// One weighted layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSpec {
    /// Name, unique in the network.
    pub name: String,
    /// The forward kernel's shape.
    pub kernel: Kernel,
    /// Whether a bias is added.
    pub bias: bool,
    /// Output units a stimulus: all channels and positions.
    pub n_units: usize,
    /// Third of the network that it lies in.
    pub depth: Depth,
}

impl LayerSpec {
    /// Entries of the forward kernel.
    pub fn n_weights(&self) -> usize {
        self.kernel.shape().iter().product()
    }
}

/// The shape of a forward kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// `[outputs, inputs, size, size]`, applied with `stride`.
    Convolution {
        /// Channels in.
        inputs: usize,
        /// Channels out.
        outputs: usize,
        /// Height and width.
        size: usize,
        /// Step between positions.
        stride: usize,
        /// What lies beyond the border.
        padding: Padding,
    },
    /// `[outputs, inputs]`.
    Dense {
        /// Units in.
        inputs: usize,
        /// Units out.
        outputs: usize,
    },
}

impl Kernel {
    /// The tensor's shape, outputs first.
    pub fn shape(self) -> Vec<usize> {
        match self {
            Self::Convolution {
                inputs,
                outputs,
                size,
                ..
            } => vec![outputs, inputs, size, size],
            Self::Dense { inputs, outputs } => vec![outputs, inputs],
        }
    }

    /// Inputs that feed one output.
    pub fn fan_in(self) -> usize {
        self.shape()[1..].iter().product()
    }
}

/// What a window sees beyond the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, so many that there are ceil(size / stride) positions, the odd one after.
    Same,
    /// Nothing: windows lie inside.
    Valid,
}

impl Padding {
    /// Positions of a window of `size` at `stride` along `length`; 0 when it does not fit.
    pub fn positions(self, length: usize, size: usize, stride: usize) -> usize {
        match self {
            Self::Same => length.div_ceil(stride),
            Self::Valid => (length + stride).saturating_sub(size) / stride,
        }
    }

    /// Zeros before and after along `length`.
    pub fn amounts(self, length: usize, size: usize, stride: usize) -> (usize, usize) {
        match self {
            Self::Same => {
                let covered = (self.positions(length, size, stride) - 1) * stride + size;
                let total = covered.saturating_sub(length);
                (total / 2, total - total / 2)
            }
            Self::Valid => (0, 0),
        }
    }
}

/// The weighted layers of `architecture` on `task`.
///
/// # Errors
/// [`Error::InputShape`] when the task's input does not fit.
pub fn layers(architecture: Architecture, task: &TaskSettings) -> Result<Vec<LayerSpec>> {
    let input = task.input_shape();
    let n_classes = task.n_outputs();
    let mut network = LayerList::new(architecture, input);
    match architecture {
        Architecture::Knet4 | Architecture::Knet4Lrn => knet::layers(&mut network, 3, n_classes),
        Architecture::Knet5 | Architecture::Knet5Lrn => knet::layers(&mut network, 4, n_classes),
        Architecture::Alexnet | Architecture::AlexnetLrn => {
            alexnet::layers(&mut network, n_classes)
        }
        Architecture::Resnet18 | Architecture::Resnet18v2 => {
            resnet::layers(&mut network, 64, [2, 2, 2, 2], n_classes)
        }
        Architecture::Resnet34 | Architecture::Resnet34v2 => {
            resnet::layers(&mut network, 64, [3, 4, 6, 3], n_classes)
        }
        Architecture::Resnet10 => resnet::layers(&mut network, 16, [1, 1, 1, 1], n_classes),
    }
    let mut layers = network.finish()?;
    if task.is_contrastive() {
        add_projection_head(&mut layers);
    }
    Ok(layers)
}

/// The self-supervised variant: the classifier goes, a projection head of two dense layers comes, and counts as deep.
fn add_projection_head(layers: &mut Vec<LayerSpec>) {
    const PROJECTION: usize = 128;
    let Some(classifier) = layers.pop() else {
        return;
    };
    let hidden = classifier.kernel.fan_in();
    for (name, outputs, bias) in [("head1", hidden, true), ("head2", PROJECTION, false)] {
        let kernel = Kernel::Dense {
            inputs: hidden,
            outputs,
        };
        layers.push(LayerSpec {
            name: name.to_owned(),
            kernel,
            bias,
            n_units: outputs,
            depth: Depth::Deep,
        });
    }
}

/// Layers as they are declared, with the shape that the next one sees.
struct LayerList {
    architecture: Architecture,
    input: [usize; 3],
    /// Channels, height, width.
    shape: [usize; 3],
    layers: Vec<LayerSpec>,
}

impl LayerList {
    fn new(architecture: Architecture, input: [usize; 3]) -> Self {
        Self {
            architecture,
            input,
            shape: input,
            layers: Vec::new(),
        }
    }

    fn convolution(
        &mut self,
        name: &str,
        outputs: usize,
        size: usize,
        stride: usize,
        padding: Padding,
        bias: bool,
    ) {
        let [inputs, height, width] = self.shape;
        let positions = |length| padding.positions(length, size, stride);
        self.shape = [outputs, positions(height), positions(width)];
        let kernel = Kernel::Convolution {
            inputs,
            outputs,
            size,
            stride,
            padding,
        };
        self.push(name, kernel, bias);
    }

    fn dense(&mut self, name: &str, outputs: usize) {
        let kernel = Kernel::Dense {
            inputs: self.shape.iter().product(),
            outputs,
        };
        self.shape = [outputs, 1, 1];
        self.push(name, kernel, true);
    }

    fn pool(&mut self, size: usize, stride: usize, padding: Padding) {
        let [channels, height, width] = self.shape;
        let positions = |length| padding.positions(length, size, stride);
        self.shape = [channels, positions(height), positions(width)];
    }

    fn push(&mut self, name: &str, kernel: Kernel, bias: bool) {
        let n_units = self.shape.iter().product();
        self.layers.push(LayerSpec {
            name: name.to_owned(),
            kernel,
            bias,
            n_units,
            depth: Depth::Deep,
        });
    }

    fn finish(mut self) -> Result<Vec<LayerSpec>> {
        if let Some(layer) = self
            .layers
            .iter()
            .find(|layer| layer.n_units == 0 || layer.n_weights() == 0)
        {
            return Err(Error::InputShape {
                architecture: self.architecture,
                shape: self.input,
                reason: format!(
                    "nothing is left of it at layer `{}`; use larger images",
                    layer.name
                ),
            });
        }
        let n_layers = self.layers.len();
        for (index, layer) in self.layers.iter_mut().enumerate() {
            layer.depth = Depth::of_layer(index, n_layers);
        }
        Ok(self.layers)
    }
}

#[cfg(test)]
mod tests;
