//! Fits Conv1D MLPs (see `engram_classifiers::conv1d_mlp`) with libtorch: requests in, weights out.

use std::io::{BufRead, Write};

use anyhow::Context;
use engram_classifiers::conv1d_mlp::{Conv1dMlpSettings, POOLED, Pooling, Request, Shape, Weights};
use engram_schemas::randomness::generator;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use tch::nn::{self, OptimizerConfig};
use tch::{Device, Tensor};

/// Reads a request and answers with each network's weights, as soon as they are there.
///
/// # Errors
/// When the request is none, when libtorch refuses an operation, and when nobody reads the answer.
pub(crate) fn fit(from: impl BufRead, mut to: impl Write, device: Device) -> anyhow::Result<()> {
    let request = Request::read(from).context("standard input holds no request to fit")?;
    let Some((_, shape)) = request.networks.first() else {
        return Ok(());
    };
    let n_examples = request.n_examples as i64;
    let inputs = Tensor::from_slice(&request.inputs)
        .reshape([n_examples, shape.n_channels as i64, shape.n_points as i64])
        .to_device(device);
    let labels: Vec<i64> = request.labels.iter().copied().map(i64::from).collect();
    let labels = Tensor::from_slice(&labels).to_device(device);
    for (settings, shape) in &request.networks {
        let weights = fit_one(settings, shape, &inputs, &labels, request.seed)?;
        serde_json::to_writer(&mut to, &weights)?;
        to.write_all(b"\n")?;
        to.flush()?;
    }
    Ok(())
}

/// The trained tensors.
struct Network {
    filters: Tensor,
    filter_biases: Tensor,
    dense: Tensor,
    dense_biases: Tensor,
}

impl Network {
    /// A network as it begins: Glorot-uniform weights, no biases.
    fn new(path: &nn::Path<'_>, shape: &Shape, seed: u64) -> anyhow::Result<Self> {
        let kernel = shape.n_channels * shape.kernel;
        let n_found = shape.n_filters * shape.n_pooled();
        let filters = glorot(
            seed,
            0,
            shape.n_filters * kernel,
            kernel + shape.n_filters * shape.kernel,
        );
        let dense = glorot(
            seed,
            1,
            shape.n_classes * n_found,
            n_found + shape.n_classes,
        );
        let zeros = |n: usize| Tensor::from_slice(&vec![0_f32; n]);
        let (n_filters, n_classes) = (shape.n_filters as i64, shape.n_classes as i64);
        let (n_channels, width) = (shape.n_channels as i64, shape.kernel as i64);
        Ok(Self {
            filters: path.var_copy(
                "filters",
                &filters.f_reshape([n_filters, n_channels, width])?,
            ),
            filter_biases: path.var_copy("filter_biases", &zeros(shape.n_filters)),
            dense: path.var_copy("dense", &dense.f_reshape([n_classes, n_found as i64])?),
            dense_biases: path.var_copy("dense_biases", &zeros(shape.n_classes)),
        })
    }

    fn logits(&self, inputs: &Tensor, shape: &Shape) -> anyhow::Result<Tensor> {
        let places = inputs
            .f_conv1d(
                &self.filters,
                Some(&self.filter_biases),
                shape.stride as i64,
                0,
                1,
                1,
            )?
            .f_relu()?;
        let width = POOLED as i64;
        let pooled = match shape.pooling {
            _ if !shape.is_pooled() => places,
            Pooling::Max => places.f_max_pool1d(width, width, 0, 1, false)?,
            _ => places.f_avg_pool1d(width, width, 0, false, true)?,
        };
        let found = pooled.f_flatten(1, -1)?;
        Ok(found.f_linear(&self.dense, Some(&self.dense_biases))?)
    }

    fn weights(&self) -> anyhow::Result<Weights> {
        let values = |tensor: &Tensor| -> anyhow::Result<Vec<f32>> {
            let flat = tensor
                .f_detach()?
                .f_to_device(Device::Cpu)?
                .f_flatten(0, -1)?;
            Ok(Vec::try_from(flat)?)
        };
        Ok(Weights {
            filters: values(&self.filters)?,
            filter_biases: values(&self.filter_biases)?,
            dense: values(&self.dense)?,
            dense_biases: values(&self.dense_biases)?,
        })
    }
}

/// Uniform between plus and minus the square root of 6 over `fans`, the values that come in and go out (Glorot and
/// Bengio 2010, equation 16).
fn glorot(seed: u64, layer: u64, n: usize, fans: usize) -> Tensor {
    let limit = (6.0 / fans as f32).sqrt();
    let mut random = generator("first weights of a classifier", seed, layer);
    let values: Vec<f32> = (0..n).map(|_| random.random_range(-limit..limit)).collect();
    Tensor::from_slice(&values)
}

fn fit_one(
    settings: &Conv1dMlpSettings,
    shape: &Shape,
    inputs: &Tensor,
    labels: &Tensor,
    seed: u64,
) -> anyhow::Result<Weights> {
    let store = nn::VarStore::new(inputs.device());
    let network = Network::new(&store.root(), shape, seed)?;
    let mut adam = nn::Adam::default().build(&store, settings.learning_rate)?;
    adam.set_weight_decay(settings.weight_decay);
    let mut order: Vec<i64> = (0..labels.size1()?).collect();
    let seed = generator("order of a classifier's examples", seed, 0).next_u64();
    for epoch in 0..settings.n_epochs as u64 {
        order.shuffle(&mut generator("epoch of a classifier", seed, epoch));
        for batch in order.chunks(settings.batch_size) {
            let batch = Tensor::from_slice(batch).to_device(inputs.device());
            let logits = network.logits(&inputs.f_index_select(0, &batch)?, shape)?;
            let loss = logits.f_cross_entropy_loss::<Tensor>(
                &labels.f_index_select(0, &batch)?,
                None,
                tch::Reduction::Mean,
                -100,
                0.0,
            )?;
            adam.backward_step(&loss);
        }
    }
    network.weights()
}
