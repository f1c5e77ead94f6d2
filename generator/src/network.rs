//! A network: weighted layers in declared order, and a pass of inputs through them.

use engram_plan::{LayerSpec, RunConfiguration};
use engram_schemas::Architecture;
use tch::{Device, Tensor};

use crate::architectures;
use crate::initialization;
use crate::normalization::BatchNorm;
pub use crate::normalization::Mode;
use crate::projection::{project, project_with_feedback};
use crate::{Error, Result};

/// A weighted layer.
#[derive(Debug)]
pub struct Layer {
    /// Name, shape and place.
    pub spec: LayerSpec,
    /// The forward kernel W.
    pub kernel: Tensor,
    /// The bias, `[outputs]`.
    pub bias: Option<Tensor>,
    /// The feedback kernel B, of the shape of W, where the learning rule has one.
    pub feedback: Option<Tensor>,
}

/// What carries the error signal from a layer to the one below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The forward kernel, as in backpropagation.
    Forward,
    /// The feedback kernel.
    Feedback,
}

/// The function that a layer applies to its own sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// None.
    Identity,
    /// max(0, x).
    Relu,
}

/// What went through a layer in one pass, without its history.
#[derive(Debug)]
pub struct LayerRecord {
    /// What the layer got, `[batch, ...]`.
    pub input: Tensor,
    /// Its sums, before its own nonlinearity, bias included.
    pub sums: Tensor,
    /// What it gave: the sums after its own nonlinearity.
    pub output: Tensor,
    /// Its own nonlinearity.
    pub nonlinearity: Nonlinearity,
}

/// Weighted layers, normalisations, and the architecture that puts them in order.
#[derive(Debug)]
pub struct Network {
    /// The weighted layers, in forward order.
    pub layers: Vec<Layer>,
    batch_norms: Vec<BatchNorm>,
    architecture: Architecture,
    device: Device,
}

impl Network {
    /// Draws the initial network of a run: forward kernels, then feedback kernels from the same distribution, each from
    /// a generator of the layer's own. Biases start at the published constant.
    ///
    /// # Errors
    /// [`Error::UnknownArchitecture`] when the generator cannot compute the architecture.
    pub fn new(configuration: &RunConfiguration, signal: Signal, device: Device) -> Result<Self> {
        let architecture = configuration.architecture;
        let specs = configuration.layers()?;
        let channels = architectures::batch_norm_channels(architecture, &specs)
            .ok_or(Error::UnknownArchitecture(architecture))?;
        let layers = specs
            .into_iter()
            .enumerate()
            .map(|(index, spec)| {
                let draw = |purpose| {
                    initialization::kernel(configuration, &spec, index, purpose).to_device(device)
                };
                let kernel = draw("forward kernel").set_requires_grad(true);
                let feedback = (signal == Signal::Feedback).then(|| draw("feedback kernel"));
                let bias = spec.bias.then(|| {
                    Tensor::zeros([spec.kernel.shape()[0] as i64], (tch::Kind::Float, device))
                        .set_requires_grad(true)
                });
                Layer {
                    spec,
                    kernel,
                    bias,
                    feedback,
                }
            })
            .collect();
        let batch_norms = channels
            .into_iter()
            .map(|channels| BatchNorm::new(channels, device))
            .collect();
        Ok(Self {
            layers,
            batch_norms,
            architecture,
            device,
        })
    }

    /// The device that the network is on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Sends `input` `[batch, channels, height, width]` through the network; what goes through each layer is kept when
    /// `keep` says so. Returns the outputs `[batch, classes]` and the records, one a layer or none.
    pub fn forward(
        &self,
        input: &Tensor,
        mode: Mode,
        signal: Signal,
        keep: Keep,
    ) -> (Tensor, Vec<LayerRecord>) {
        let mut pass = Pass {
            network: self,
            mode,
            signal,
            keep,
            records: Vec::new(),
            next_layer: 0,
            next_norm: 0,
        };
        let output = architectures::forward(self.architecture, &mut pass, input);
        (output, pass.records)
    }

    /// Everything that a gradient is taken of, in declared order: kernels first, so that they can be addressed by layer.
    pub fn parameters(&self) -> Vec<&Tensor> {
        let kernels = self.layers.iter().map(|layer| &layer.kernel);
        let biases = self.layers.iter().filter_map(|layer| layer.bias.as_ref());
        let norms = self
            .batch_norms
            .iter()
            .flat_map(|norm| [&norm.scale, &norm.shift]);
        kernels.chain(biases).chain(norms).collect()
    }
}

/// Whether a pass keeps what goes through the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Keep inputs, sums and outputs of every layer.
    Records,
    /// Keep nothing.
    Nothing,
}

/// One pass through a network. An architecture calls [`Pass::weighted`] once for each layer and
/// [`Pass::batch_norm`] once for each normalisation, in declared order.
pub(crate) struct Pass<'a> {
    network: &'a Network,
    mode: Mode,
    signal: Signal,
    keep: Keep,
    records: Vec<LayerRecord>,
    next_layer: usize,
    next_norm: usize,
}

impl Pass<'_> {
    /// The next weighted layer, with its own nonlinearity.
    pub(crate) fn weighted(&mut self, input: &Tensor, nonlinearity: Nonlinearity) -> Tensor {
        let layer = &self.network.layers[self.next_layer];
        // The signal below the first layer reaches nobody.
        let feedback = match (self.signal, &layer.feedback) {
            (Signal::Feedback, Some(feedback)) if self.next_layer > 0 => Some(feedback),
            _ => None,
        };
        self.next_layer += 1;
        let (kernel, weight, bias) = (layer.spec.kernel, &layer.kernel, layer.bias.as_ref());
        let sums = match feedback {
            Some(feedback) => project_with_feedback(kernel, input, weight, bias, feedback),
            None => project(kernel, input, weight, bias),
        };
        let output = match nonlinearity {
            Nonlinearity::Identity => sums.shallow_clone(),
            Nonlinearity::Relu => sums.relu(),
        };
        if self.keep == Keep::Records {
            self.records.push(LayerRecord {
                input: input.detach(),
                sums: sums.detach(),
                output: output.detach(),
                nonlinearity,
            });
        }
        output
    }

    /// The next batch normalisation.
    pub(crate) fn batch_norm(&mut self, input: &Tensor) -> Tensor {
        let norm = &self.network.batch_norms[self.next_norm];
        self.next_norm += 1;
        norm.apply(input, self.mode)
    }
}
