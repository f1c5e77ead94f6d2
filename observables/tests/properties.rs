//! What holds for every input.

use engram_observables::{Observation, Scratch, Statistics, observe, observe_raw};
use proptest::collection::vec;
use proptest::prelude::*;

/// Values of many magnitudes, with ties, in rows on both sides of the length from which quantiles are counted.
fn rows() -> impl Strategy<Value = Vec<f32>> {
    let value = prop_oneof![
        4 => -1.0f32..1.0,
        2 => Just(0.0f32),
        1 => Just(-0.0f32),
        2 => (-4i8..4).prop_map(f32::from),
        1 => -1e30f32..1e30,
        1 => -1e-30f32..1e-30,
    ];
    prop_oneof![vec(value.clone(), 1..40), vec(value, 900..1300)]
}

fn same_bits(a: Statistics, b: Statistics) -> bool {
    let [a, b] = [a, b].map(|statistics| statistics.to_array().map(f64::to_bits));
    // The sign of NaN says nothing.
    a.iter()
        .zip(b)
        .all(|(&a, b)| a == b || (f64::from_bits(a).is_nan() && f64::from_bits(b).is_nan()))
}

proptest! {
    #[test]
    fn a_function_is_as_good_before_as_inside(row in rows()) {
        let mut scratch = Scratch::default();
        let Observation { abs, square, .. } = observe(&row, &mut scratch);
        let magnitudes: Vec<f32> = row.iter().map(|value| value.abs()).collect();
        prop_assert!(same_bits(abs, observe(&magnitudes, &mut scratch).raw));
        let squares: Vec<f64> = row.iter().map(|&value| f64::from(value) * f64::from(value)).collect();
        prop_assert!(same_bits(square, observe(&squares, &mut scratch).raw));
    }

    #[test]
    fn the_values_alone_give_the_same_bits(row in rows()) {
        let mut scratch = Scratch::default();
        prop_assert!(same_bits(observe_raw(&row, &mut scratch), observe(&row, &mut scratch).raw));
        let wide: Vec<f64> = row.iter().copied().map(f64::from).collect();
        prop_assert!(same_bits(observe_raw(&wide, &mut scratch), observe(&wide, &mut scratch).raw));
    }

    #[test]
    fn both_types_give_the_same_bits(row in rows()) {
        let mut scratch = Scratch::default();
        let wide: Vec<f64> = row.iter().copied().map(f64::from).collect();
        let [narrow, wide] = [observe(&row, &mut scratch), observe(&wide, &mut scratch)];
        prop_assert!(same_bits(narrow.raw, wide.raw));
        prop_assert!(same_bits(narrow.abs, wide.abs));
        prop_assert!(same_bits(narrow.square, wide.square));
    }

    #[test]
    fn quantiles_are_the_nearest_ranks(row in rows()) {
        let found = observe(&row, &mut Scratch::default());
        let quantile = |mut values: Vec<f32>, q: f64| {
            values.sort_by(f32::total_cmp);
            f64::from(values[(q * values.len() as f64).ceil() as usize - 1])
        };
        let magnitudes: Vec<f32> = row.iter().map(|value| value.abs()).collect();
        prop_assert_eq!(found.raw.median, quantile(row.clone(), 0.5));
        prop_assert_eq!(found.raw.third_quartile, quantile(row, 0.75));
        prop_assert_eq!(found.square.median, quantile(magnitudes.clone(), 0.5).powi(2));
        prop_assert_eq!(found.abs.third_quartile, quantile(magnitudes, 0.75));
    }

    #[test]
    fn moments_respect_their_bounds(row in rows()) {
        let Observation { raw, abs, square } = observe(&row, &mut Scratch::default());
        for statistics in [raw, abs, square] {
            prop_assert!(statistics.var >= 0.0);
            // Equality for two values of equal weight.
            prop_assert!(statistics.kurtosis.is_nan() || statistics.kurtosis >= 1.0 - 1e-12);
        }
        prop_assert!(abs.mean >= raw.mean.abs());
        prop_assert_eq!(abs.norm, raw.norm);
    }
}
