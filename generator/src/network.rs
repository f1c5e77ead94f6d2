//! A network: weighted layers in declared order, and a pass of inputs through them.

use std::collections::BTreeMap;

use engram_plan::{LayerSpec, RunConfiguration};
use engram_schemas::Architecture;
use tch::{Device, Kind, Tensor};

use crate::Result;
use crate::architectures::{self, End};
use crate::checkpoint::missing;
use crate::dropout::dropout;
use crate::initialization;
use crate::normalization::BatchNorm;
use crate::projection::{project, project_with_feedback};

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
    /// Nothing: what a layer reads has no history that leads through another weighted layer, and what goes through the
    /// layers is kept with its history, so that an error can be sent to each of them.
    Direct,
}

/// Whether a pass learns from its batch or only looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Normalise by the batch, follow it with the running statistics, and drop units out.
    Train {
        /// Steps taken before, which dropout's masks depend on.
        step: usize,
    },
    /// Normalise by the running statistics, and drop nothing out.
    Evaluate,
}

/// The function that a layer applies to its own sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonlinearity {
    /// None.
    Identity,
    /// max(0, x).
    Relu,
}

/// What went through a layer in one pass, without its history unless the signal is direct.
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
    end: End,
    model_seed: u64,
    device: Device,
}

impl Network {
    /// Draws the initial network of a run: forward kernels, then feedback kernels from the same distribution, each from
    /// a generator of the layer's own. Biases start at the published constant.
    ///
    /// # Errors
    /// [`engram_plan::Error::InputShape`] when the task's inputs do not fit the architecture.
    pub fn new(configuration: &RunConfiguration, signal: Signal, device: Device) -> Result<Self> {
        let architecture = configuration.architecture;
        let end = if configuration.task.is_contrastive() {
            End::ProjectionHead
        } else {
            End::Classifier
        };
        let specs = configuration.layers()?;
        let batch_norms = architectures::batch_norms(architecture, end, &specs)
            .into_iter()
            .map(|norm| BatchNorm::new(norm.channels as i64, norm.initial_scale, device))
            .collect();
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
                    let start = initialization::bias(configuration, &spec);
                    let shape = [spec.kernel.shape()[0] as i64];
                    Tensor::full(shape, start, (Kind::Float, device)).set_requires_grad(true)
                });
                Layer {
                    spec,
                    kernel,
                    bias,
                    feedback,
                }
            })
            .collect();
        Ok(Self {
            layers,
            batch_norms,
            architecture,
            end,
            model_seed: configuration.model_seed,
            device,
        })
    }

    /// The device that the network is on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Sends `input` `[batch, channels, height, width]` through the network; what goes through each layer is kept when
    /// `keep` says so. Returns the outputs `[batch, outputs]` and the records, one a layer or none.
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
            next_dropout: 0,
        };
        let input = channels_last(input);
        let output = architectures::forward(self.architecture, self.end, &mut pass, &input);
        debug_assert_eq!(pass.next_layer, self.layers.len());
        debug_assert_eq!(pass.next_norm, self.batch_norms.len());
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

    /// Everything that later passes follow from, by name. The tensors are the network's own: what is to outlive a step
    /// must be copied.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state = Vec::new();
        for layer in &self.layers {
            let name = &layer.spec.name;
            state.push((format!("{name}.kernel"), layer.kernel.shallow_clone()));
            let mut push = |part: &str, tensor: &Option<Tensor>| {
                let tensor = tensor.as_ref().map(Tensor::shallow_clone);
                state.extend(tensor.map(|tensor| (format!("{name}.{part}"), tensor)));
            };
            push("bias", &layer.bias);
            push("feedback", &layer.feedback);
        }
        for (index, norm) in self.batch_norms.iter().enumerate() {
            let parts = norm.parts().into_iter();
            state.extend(
                parts.map(|(part, tensor)| {
                    (format!("norm{index:03}.{part}"), tensor.shallow_clone())
                }),
            );
        }
        state
    }

    /// Takes a state that [`Network::state`] gave, or leaves the network as it is.
    ///
    /// # Errors
    /// [`crate::Error::Checkpoint`] when a part lacks or has another shape.
    pub fn restore(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let parts = self.state();
        let saved: Vec<&Tensor> = parts
            .iter()
            .map(|(name, tensor)| {
                let saved = state.get(name).ok_or_else(|| missing(name))?;
                if saved.size() == tensor.size() {
                    Ok(saved)
                } else {
                    Err(crate::Error::Checkpoint {
                        reason: format!(
                            "its `{name}` has shape {:?}, not {:?}",
                            saved.size(),
                            tensor.size()
                        ),
                    })
                }
            })
            .collect::<Result<_>>()?;
        tch::no_grad(|| {
            for ((_, mut tensor), saved) in parts.into_iter().zip(saved) {
                tensor.copy_(saved);
            }
        });
        Ok(())
    }
}

/// The same images with the channels of a position side by side in memory, which libtorch's convolutions and pools on a
/// CPU are fastest with.
fn channels_last(images: &Tensor) -> Tensor {
    if images.device() != Device::Cpu {
        return images.shallow_clone();
    }
    let rows = images.permute([0, 2, 3, 1]).contiguous();
    rows.permute([0, 3, 1, 2])
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
    next_dropout: usize,
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
        let read = match self.signal {
            Signal::Direct => input.detach(),
            Signal::Forward | Signal::Feedback => input.shallow_clone(),
        };
        self.next_layer += 1;
        let (kernel, weight, bias) = (layer.spec.kernel, &layer.kernel, layer.bias.as_ref());
        let sums = match feedback {
            Some(feedback) => project_with_feedback(kernel, &read, weight, bias, feedback),
            None => project(kernel, &read, weight, bias),
        };
        let output = match nonlinearity {
            Nonlinearity::Identity => sums.shallow_clone(),
            // Without records nobody reads the sums again: neither kind of layer needs its output to go backward.
            Nonlinearity::Relu if self.keep == Keep::Nothing => sums.shallow_clone().relu_(),
            Nonlinearity::Relu => sums.relu(),
        };
        if self.keep == Keep::Records {
            let kept = |tensor: &Tensor| match self.signal {
                Signal::Direct => tensor.shallow_clone(),
                Signal::Forward | Signal::Feedback => tensor.detach(),
            };
            self.records.push(LayerRecord {
                input: kept(input),
                sums: kept(&sums),
                output: kept(&output),
                nonlinearity,
            });
        }
        output
    }

    /// The next batch normalisation. The result may be changed in place: going backward needs only the input.
    pub(crate) fn batch_norm(&mut self, input: &Tensor) -> Tensor {
        let norm = &self.network.batch_norms[self.next_norm];
        self.next_norm += 1;
        norm.apply(input, self.mode)
    }

    /// The next dropout.
    pub(crate) fn dropout(&mut self, input: &Tensor) -> Tensor {
        let place = self.next_dropout;
        self.next_dropout += 1;
        match self.mode {
            Mode::Train { step } => dropout(input, self.network.model_seed, step, place),
            Mode::Evaluate => input.shallow_clone(),
        }
    }
}
