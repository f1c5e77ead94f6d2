//! Handwritten digits: scaled to [0, 1], resized where the task says so, and repeated to three channels.

use engram_plan::RunConfiguration;
use engram_plan::tasks::digits::{Digits, FULL_INK, SIDE};
use tch::{Device, Tensor};

use super::{Dataset, Examples};

pub(super) fn load(configuration: &RunConfiguration, device: Device) -> Dataset {
    let digits = Digits::load();
    let split = digits.split(
        configuration.task.validation_fraction(),
        configuration.dataset_seed,
    );
    let side = SIDE as i64;
    let n = digits.labels.len() as i64;
    let pixels: Vec<f32> = digits
        .pixels
        .iter()
        .map(|&pixel| f32::from(pixel) / f32::from(FULL_INK))
        .collect();
    let [channels, height, width] = configuration.task.input_shape().map(|size| size as i64);
    let mut inputs = Tensor::from_slice(&pixels).view([n, 1, side, side]);
    if (height, width) != (side, side) {
        inputs = inputs.upsample_bilinear2d([height, width], false, None, None);
    }
    let labels: Vec<i64> = digits
        .labels
        .iter()
        .map(|&label| i64::from(label))
        .collect();
    let all = Examples {
        inputs: inputs.repeat([1, channels, 1, 1]).to_device(device),
        labels: Tensor::from_slice(&labels).to_device(device),
    };
    let select = |indices: &[usize]| {
        all.select(
            &indices
                .iter()
                .map(|&index| index as i64)
                .collect::<Vec<_>>(),
        )
    };
    Dataset {
        train: select(&split.train),
        validation: select(&split.validation),
    }
}
