//! Sums of weights over the units that are active.

/// Weights that are added before they join the total.
const LANES: usize = 8;

/// The sum of those `weights` whose unit in `values` is above zero: the derivative of summed rectified units, each
/// weighted by how much its input grows. NaN is not above zero.
///
/// The two have one length; what the longer has beyond the other is left out. The order of summation is fixed.
pub fn gated_sum(values: &[f32], weights: &[f32]) -> f64 {
    let (value_blocks, value_rest) = values.as_chunks::<LANES>();
    let (weight_blocks, weight_rest) = weights.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (values, weights) in value_blocks.iter().zip(weight_blocks) {
        for ((sum, &value), &weight) in sums.iter_mut().zip(values).zip(weights) {
            *sum += gated(value, weight);
        }
    }
    let rest: f64 = value_rest
        .iter()
        .zip(weight_rest)
        .map(|(&value, &weight)| gated(value, weight))
        .sum();
    sums.into_iter().sum::<f64>() + rest
}

#[inline(always)]
fn gated(value: f32, weight: f32) -> f64 {
    f64::from(if value > 0.0 { weight } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_units_count() {
        let values: Vec<f32> = (0..21).map(|i| [1.0, 0.0, -2.0, f32::NAN][i % 4]).collect();
        let weights: Vec<f32> = (0..21).map(|i| i as f32).collect();
        let expected = f64::from([0, 4, 8, 12, 16, 20].iter().sum::<i32>());
        assert_eq!(gated_sum(&values, &weights), expected);
        assert_eq!(gated_sum(&[1.0], &[f32::INFINITY]), f64::INFINITY);
        assert_eq!(gated_sum(&[0.0], &[f32::INFINITY]), 0.0);
        assert_eq!(gated_sum(&[], &[]), 0.0);
    }
}
