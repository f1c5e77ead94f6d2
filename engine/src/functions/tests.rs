//! That draws are what they are said to be: uniform, normal, and independent of each other.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl};

use super::add_gaussian_noise::AddGaussianNoise;
use super::sample_units::SampleUnits;

fn call(function: impl ScalarUDFImpl + 'static, arguments: Vec<ArrayRef>) -> ArrayRef {
    let function = ScalarUDF::from(function);
    let n_rows = arguments[0].len();
    let fields: Vec<_> = arguments
        .iter()
        .map(|column| Arc::new(Field::new("x", column.data_type().clone(), true)))
        .collect();
    let types: Vec<DataType> = fields
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    let returned = function.return_type(&types).unwrap();
    let called = function.invoke_with_args(ScalarFunctionArgs {
        args: arguments.into_iter().map(ColumnarValue::Array).collect(),
        arg_fields: fields,
        number_rows: n_rows,
        return_field: Arc::new(Field::new("y", returned, true)),
        config_options: Arc::new(ConfigOptions::default()),
    });
    called.unwrap().into_array(n_rows).unwrap()
}

fn lists(n_rows: usize, values: ArrayRef) -> ArrayRef {
    let width = values.len() / n_rows;
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(width, n_rows));
    Arc::new(ListArray::new(item, offsets, values, None))
}

fn every_row<T: Clone>(n_rows: usize, value: T) -> Vec<T> {
    vec![value; n_rows]
}

/// Noise of `n_rows` rows of `width` values each, under one seed and the row as the key.
fn noise(n_rows: usize, width: usize, seed: i64) -> Vec<f64> {
    let zeros = Arc::new(Float64Array::from(vec![0.0; n_rows * width]));
    let keys = Int64Array::from_iter_values(0..n_rows as i64);
    let noisy = call(
        AddGaussianNoise::default(),
        vec![
            lists(n_rows, zeros),
            Arc::new(Float64Array::from(every_row(n_rows, 1.0))),
            Arc::new(Int64Array::from(every_row(n_rows, seed))),
            Arc::new(keys),
        ],
    );
    let values = Arc::clone(noisy.as_list::<i32>().values());
    values.as_primitive::<Float64Type>().values().to_vec()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>() / x.len() as f64
}

#[test]
fn noise_is_standard_normal() {
    let mut drawn = noise(500, 80, 1);
    let n = drawn.len() as f64;
    let moment = |power: i32| drawn.iter().map(|x| x.powi(power)).sum::<f64>() / n;
    // Each bound is four standard errors of the moment.
    assert!(moment(1).abs() < 4.0 / n.sqrt());
    assert!((moment(2) - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
    assert!(moment(3).abs() < 4.0 * (15.0 / n).sqrt());
    assert!((moment(4) - 3.0).abs() < 4.0 * (96.0 / n).sqrt());
    // The shares beyond known quantiles.
    drawn.sort_by(f64::total_cmp);
    for (quantile, share) in [
        (-1.959_964, 0.025),
        (-0.674_49, 0.25),
        (0.0, 0.5),
        (1.281_552, 0.9),
    ] {
        let below = drawn.partition_point(|&x| x < quantile) as f64 / n;
        assert!(
            (below - share).abs() < 4.0 * (share * (1.0 - share) / n).sqrt(),
            "{quantile}"
        );
    }
}

#[test]
fn noise_of_other_rows_places_and_seeds_is_independent() {
    let (n_rows, width) = (400, 50);
    let drawn = noise(n_rows, width, 1);
    let bound = 4.0 / (drawn.len() as f64).sqrt();
    assert!(
        correlation(&drawn[width..], &drawn).abs() < bound,
        "the next row"
    );
    assert!(
        correlation(&drawn[1..], &drawn).abs() < bound,
        "the next value"
    );
    assert!(
        correlation(&drawn[2..], &drawn).abs() < bound,
        "the value after"
    );
    assert!(
        correlation(&noise(n_rows, width, 2), &drawn).abs() < bound,
        "another seed"
    );
}

#[test]
fn every_unit_and_pair_of_units_is_as_likely() {
    let (n_rows, n_units, n_chosen) = (6000, 8, 3);
    let units: Vec<i64> = (0..n_rows).flat_map(|_| 0..n_units as i64).collect();
    let sampled = call(
        SampleUnits::default(),
        vec![
            lists(n_rows, Arc::new(Int64Array::from(units))),
            Arc::new(Float64Array::from(every_row(
                n_rows,
                n_chosen as f64 / n_units as f64,
            ))),
            Arc::new(Int64Array::from(every_row(n_rows, 5))),
            Arc::new(Int64Array::from_iter_values(0..n_rows as i64)),
        ],
    );
    let sampled = sampled.as_list::<i32>();
    let mut pairs = vec![vec![0u32; n_units]; n_units];
    for row in 0..n_rows {
        let units = sampled.value(row);
        let units = units.as_primitive::<Int64Type>().values();
        assert_eq!(units.len(), n_chosen);
        for &a in units {
            for &b in units {
                pairs[a as usize][b as usize] += 1;
            }
        }
    }
    let n = n_rows as f64;
    for (a, with_a) in pairs.iter().enumerate() {
        for (b, &n_both) in with_a.iter().enumerate() {
            // A unit is chosen with probability 3/8, two of them with 3/8 2/7.
            let share = if a == b {
                3.0 / 8.0
            } else {
                3.0 / 8.0 * 2.0 / 7.0
            };
            let error = 4.5 * (share * (1.0 - share) / n).sqrt();
            let found = f64::from(n_both) / n;
            assert!((found - share).abs() < error, "{a} and {b}: {found}");
        }
    }
}
