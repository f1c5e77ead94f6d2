//! Dropout with masks of our own: equal seeds give equal masks, whatever libtorch or the device draws.

use engram_schemas::randomness;
use rand::Rng;
use tch::Tensor;

/// Silences each unit of `x` with probability one half, and doubles the others. The mask follows from the run's
/// `model_seed`, the `step` and the `place` of the dropout in the network.
///
/// # References
/// Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.
pub(crate) fn dropout(x: &Tensor, model_seed: u64, step: usize, place: usize) -> Tensor {
    let mut generator = randomness::generator(&format!("dropout {place}"), model_seed, step as u64);
    let n_units = x.numel();
    let mut bytes = vec![0u8; n_units.div_ceil(8)];
    generator.fill_bytes(&mut bytes);
    // One bit a unit, spread by libtorch on the device: an eighth of a byte a unit to draw and to send.
    let bits = Tensor::from_slice(&[1u8, 2, 4, 8, 16, 32, 64, 128]).to_device(x.device());
    let mask = Tensor::from_slice(&bytes)
        .to_device(x.device())
        .unsqueeze(1)
        .bitwise_and_tensor(&bits)
        .ne(0)
        .to_kind(x.kind())
        .g_mul_scalar_(2.0)
        .flatten(0, -1)
        .narrow(0, 0, n_units as i64);
    x * mask.view(x.size().as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn half_of_the_units_are_silent_by_seed_step_and_place() {
        let ones = Tensor::ones([64, 1024], (Kind::Float, Device::Cpu));
        let mask = dropout(&ones, 1, 2, 0);
        assert_eq!(mask, dropout(&ones, 1, 2, 0));
        for other in [
            dropout(&ones, 2, 2, 0),
            dropout(&ones, 1, 3, 0),
            dropout(&ones, 1, 2, 1),
        ] {
            let agreement = mask
                .eq_tensor(&other)
                .to_kind(Kind::Double)
                .mean(Kind::Double);
            assert!((agreement.double_value(&[]) - 0.5).abs() < 0.01);
        }
        // 65,536 fair coins: a standard deviation of the mean of 0.002, doubled.
        assert!((mask.mean(Kind::Double).double_value(&[]) - 1.0).abs() < 0.02);
        assert_eq!(mask.max().double_value(&[]), 2.0);
    }
}
