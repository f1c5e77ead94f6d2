//! However the rows of a group are cut up and put together again, its aggregate is the same.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use engram_observables::{Scratch, Statistics, observe};
use proptest::prelude::*;

use super::collected::{Collected, Told};
use super::folded::Folded;
use super::frobenius_norm::SumOfSquares;
use super::kurtosis_pearson::Moments;

const N_GROUPS: usize = 3;

type Rows = Vec<(usize, Option<f64>)>;

/// Makes an accumulator.
type New<'a> = &'a dyn Fn() -> Box<dyn GroupsAccumulator>;
/// Takes one statistic of the seven.
type Of = fn(Statistics) -> f64;

fn column(rows: &[(usize, Option<f64>)]) -> (Vec<ArrayRef>, Vec<usize>) {
    let values = Float64Array::from_iter(rows.iter().map(|row| row.1));
    let groups = rows.iter().map(|row| row.0).collect();
    (vec![Arc::new(values)], groups)
}

/// The aggregate of every group, all rows in one accumulator.
fn single_pass(new: New<'_>, rows: &Rows) -> ArrayRef {
    let (values, groups) = column(rows);
    let mut accumulator = new();
    accumulator
        .update_batch(&values, &groups, None, N_GROUPS)
        .unwrap();
    accumulator.evaluate(EmitTo::All).unwrap()
}

/// The same from parts: each goes through an accumulator of its own, or through `convert_to_state`, and its states are
/// merged. Groups come out some first and then the rest.
fn merged(new: New<'_>, rows: &Rows, n_parts: usize) -> Vec<ArrayRef> {
    let mut merged = new();
    for part in 0..n_parts {
        let rows: Rows = rows
            .iter()
            .enumerate()
            .filter(|(row, _)| row % n_parts == part)
            .map(|(_, row)| *row)
            .collect();
        let (values, groups) = column(&rows);
        if part % 2 == 0 {
            let mut accumulator = new();
            accumulator
                .update_batch(&values, &groups, None, N_GROUPS)
                .unwrap();
            let states = accumulator.state(EmitTo::All).unwrap();
            merged
                .merge_batch(&states, &(0..N_GROUPS).collect::<Vec<_>>(), N_GROUPS)
                .unwrap();
        } else {
            let states = new().convert_to_state(&values, None).unwrap();
            merged.merge_batch(&states, &groups, N_GROUPS).unwrap();
        }
    }
    assert!(merged.size() > 0);
    vec![
        merged.evaluate(EmitTo::First(1)).unwrap(),
        merged.evaluate(EmitTo::All).unwrap(),
    ]
}

/// Equal, or equal but for the last digits of sums in another order.
fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        _ => false,
    }
}

fn numbers(column: &ArrayRef) -> Vec<Option<f64>> {
    column.as_primitive::<Float64Type>().iter().collect()
}

fn rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![
        8 => (-100.0..100.0f64).prop_map(Some),
        2 => (0..4i32).prop_map(|tie| Some(f64::from(tie))),
        1 => Just(None),
    ];
    proptest::collection::vec((0..N_GROUPS, value), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn parts_and_whole_agree(rows in rows(), n_parts in 1..5usize) {
        let aggregates: [(New<'_>, Of); 5] = [
            (&|| Box::new(Folded::<SumOfSquares, 2>::new()), |s| s.norm),
            (&|| Box::new(Folded::<Moments, 5>::new()), |s| s.kurtosis),
            (&|| Box::new(Collected::new(Told::One(|s| s.median))), |s| s.median),
            (&|| Box::new(Collected::new(Told::One(|s| s.third_quartile))), |s| s.third_quartile),
            (&|| Box::new(Collected::new(Told::One(|s| s.skew))), |s| s.skew),
        ];
        for (new, of) in aggregates {
            let whole = numbers(&single_pass(new, &rows));
            let parts: Vec<Option<f64>> =
                merged(new, &rows, n_parts).iter().flat_map(numbers).collect();
            prop_assert_eq!(whole.len(), N_GROUPS);
            for group in 0..N_GROUPS {
                let values: Vec<f64> =
                    rows.iter().filter(|row| row.0 == group).filter_map(|row| row.1).collect();
                let observed = observe(&values, &mut Scratch::default()).raw;
                // Values that are equal but for their last digits have a variance that is all rounding.
                let is_flat = observed.var.sqrt() < 1e-6 * observed.norm;
                let expected = (!values.is_empty()).then(|| of(observed));
                prop_assert!(is_flat || close(whole[group], expected), "{:?} {:?}", whole[group], expected);
                prop_assert!(is_flat || close(parts[group], expected), "{:?} {:?}", parts[group], expected);
            }
        }
    }

    #[test]
    fn all_seven_are_those_of_the_kernel(rows in rows()) {
        let new: New<'_> = &|| Box::new(Collected::new(Told::All));
        let observed = single_pass(new, &rows);
        let observed = observed.as_struct();
        for group in 0..N_GROUPS {
            let values: Vec<f64> =
                rows.iter().filter(|row| row.0 == group).filter_map(|row| row.1).collect();
            prop_assert_eq!(observed.is_null(group), values.is_empty());
            if values.is_empty() {
                continue;
            }
            let expected = observe(&values, &mut Scratch::default()).raw.to_array();
            for (column, expected) in observed.columns().iter().zip(expected) {
                prop_assert!(close(Some(numbers(column)[group].unwrap()), Some(expected)));
            }
        }
    }
}
