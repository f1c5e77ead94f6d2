//! Batch normalisation and local response normalisation.

use tch::{Device, Kind, Tensor};

use crate::network::Mode;

/// Batch normalisation with its parameters and running statistics, each `[channels]`.
#[derive(Debug)]
pub(crate) struct BatchNorm {
    pub(crate) scale: Tensor,
    pub(crate) shift: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    /// Share of the batch in the running statistics: they keep 0.9 of what they were.
    const MOMENTUM: f64 = 0.1;
    const EPSILON: f64 = 1e-5;

    pub(crate) fn new(channels: i64, initial_scale: f64, device: Device) -> Self {
        let options = (Kind::Float, device);
        Self {
            scale: Tensor::full([channels], initial_scale, options).set_requires_grad(true),
            shift: Tensor::zeros([channels], options).set_requires_grad(true),
            running_mean: Tensor::zeros([channels], options),
            running_var: Tensor::ones([channels], options),
        }
    }

    /// Parameters and running statistics, by name.
    pub(crate) fn parts(&self) -> [(&'static str, &Tensor); 4] {
        [
            ("scale", &self.scale),
            ("shift", &self.shift),
            ("running_mean", &self.running_mean),
            ("running_var", &self.running_var),
        ]
    }

    /// `input` is `[batch, channels, ...]`.
    pub(crate) fn apply(&self, input: &Tensor, mode: Mode) -> Tensor {
        input.batch_norm(
            Some(&self.scale),
            Some(&self.shift),
            Some(&self.running_mean),
            Some(&self.running_var),
            mode != Mode::Evaluate,
            Self::MOMENTUM,
            Self::EPSILON,
            true,
        )
    }
}

/// Local response normalisation over channels: x / (bias + alpha s)^beta, with s the plain sum of squares over the
/// 2 radius + 1 channels around each one. (Other libraries divide alpha by the window's size.)
///
/// # References
/// Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", 2012, section 3.3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResponseNorm {
    pub(crate) radius: i64,
    pub(crate) bias: f64,
    pub(crate) alpha: f64,
    pub(crate) beta: f64,
}

impl ResponseNorm {
    /// `input` is `[batch, channels, height, width]`.
    pub(crate) fn apply(self, input: &Tensor) -> Tensor {
        let channels = input.size()[1];
        // The window's sum is a 1x1 convolution with a band of ones.
        let band = Tensor::ones([channels, channels], (Kind::Float, input.device()))
            .tril(self.radius)
            .triu(-self.radius)
            .view([channels, channels, 1, 1]);
        let sum = input
            .square()
            .conv2d(&band, None::<Tensor>, [1, 1], [0, 0], [1, 1], 1);
        input / (sum * self.alpha + self.bias).pow_tensor_scalar(self.beta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_norm_sums_squares_over_neighbouring_channels() {
        let values = [1.0f32, -2.0, 3.0, 4.0];
        let input = Tensor::from_slice(&values).view([1, 4, 1, 1]);
        let norm = ResponseNorm {
            radius: 1,
            bias: 2.0,
            alpha: 0.5,
            beta: 0.75,
        };
        let output: Vec<f32> = Vec::try_from(norm.apply(&input).view([4])).unwrap();
        for (channel, result) in output.iter().enumerate() {
            let window = channel.saturating_sub(1)..=(channel + 1).min(3);
            let sum: f32 = window.map(|c| values[c] * values[c]).sum();
            let expected = values[channel] / (2.0 + 0.5 * sum).powf(0.75);
            assert!(
                (result - expected).abs() < 1e-6,
                "channel {channel}: {result} and {expected}"
            );
        }
    }

    #[test]
    fn batch_norm_follows_the_batch_by_a_tenth() {
        let norm = BatchNorm::new(1, 1.0, Device::Cpu);
        let input = Tensor::from_slice(&[1.0f32, 3.0]).view([2, 1, 1, 1]);
        let normalised: Vec<f32> =
            Vec::try_from(norm.apply(&input, Mode::Train { step: 0 }).view([2])).unwrap();
        assert!((normalised[0] + 1.0).abs() < 1e-4 && (normalised[1] - 1.0).abs() < 1e-4);
        assert!((norm.running_mean.double_value(&[0]) - 0.2).abs() < 1e-6);
        // The running variance takes in the unbiased variance of the batch, 2.
        assert!((norm.running_var.double_value(&[0]) - 1.1).abs() < 1e-6);
    }
}
