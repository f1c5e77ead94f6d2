//! `add_gaussian_noise(values, stddev, seed, key...)`: what an imperfect instrument reads.

use std::f64::consts::TAU;
use std::sync::Arc;

use arrow::array::{Array, AsArray, Float64Builder, ListArray, NullBufferBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use engram_schemas::randomness::ChaCha8Rng;

use super::documented::documentation;
use super::keyed::{self, KeyedDraws};
use super::lists::{Lists, item_type};

/// `add_gaussian_noise(values_or_value, stddev, seed, key...)`: independent normal noise on every value of a list, or on a
/// number. Two values share a pair of uniform draws.
///
/// # References
/// Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct AddGaussianNoise {
    signature: Signature,
}

const NAME: &str = "add_gaussian_noise";

impl Default for AddGaussianNoise {
    fn default() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for AddGaussianNoise {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let [values, stddev, drawn @ ..] = arguments else {
            return plan_err!(
                "add_gaussian_noise takes a value or a list of values, a standard deviation, a seed and a key"
            );
        };
        if !stddev.is_numeric() {
            return plan_err!(
                "the standard deviation of add_gaussian_noise is {stddev}, not a number"
            );
        }
        keyed::check_types(self.name(), drawn)?;
        match (item_type(values), values) {
            (Some(item), _) if item.is_numeric() => Ok(DataType::new_list(real(item), true)),
            (None, number) if number.is_numeric() => Ok(real(number)),
            _ => plan_err!("add_gaussian_noise takes a number or a list of numbers, not {values}"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let column = arguments.args[0].to_array(n_rows)?;
        let stddevs = cast(&arguments.args[1].to_array(n_rows)?, &DataType::Float64)?;
        let stddevs = stddevs.as_primitive::<Float64Type>();
        if let Some(bad) = stddevs
            .iter()
            .flatten()
            .find(|stddev| stddev.is_nan() || *stddev < 0.0)
        {
            return exec_err!("add_gaussian_noise: the standard deviation {bad} is not 0 or more");
        }
        let mut draws = KeyedDraws::try_new(NAME, &arguments.args[2..], n_rows)?;
        let list_item = item_type(column.data_type());
        let (rows, values) = if list_item.is_some() {
            let lists = Lists::of(&column)?;
            (lists.rows().to_vec(), Arc::clone(lists.values()))
        } else {
            let row = |row| column.is_valid(row).then_some(row..row + 1);
            ((0..n_rows).map(row).collect(), Arc::clone(&column))
        };
        let item_type = real(list_item.unwrap_or(column.data_type()));
        let values = cast(&values, &DataType::Float64)?;
        let values = values.as_primitive::<Float64Type>();
        let mut noisy = Float64Builder::with_capacity(values.len());
        let (mut lengths, mut nulls) = (Vec::new(), NullBufferBuilder::new(n_rows));
        for (row, units) in rows.into_iter().enumerate() {
            let units = units.filter(|_| stddevs.is_valid(row));
            nulls.append(units.is_some());
            let Some(units) = units else {
                lengths.push(0);
                if list_item.is_none() {
                    noisy.append_null();
                }
                continue;
            };
            lengths.push(units.len());
            let mut noise = Noise::new(draws.generator(row)?);
            let stddev = stddevs.value(row);
            if stddev == 0.0 {
                noisy.append_array(&values.slice(units.start, units.len()));
                continue;
            }
            for unit in units {
                let drawn = noise.next();
                let value = values.is_valid(unit).then(|| values.value(unit));
                noisy.append_option(value.map(|value| value + stddev * drawn));
            }
        }
        let noisy = cast(&noisy.finish(), &item_type)?;
        if list_item.is_none() {
            return Ok(ColumnarValue::Array(noisy));
        }
        let item = Arc::new(Field::new_list_field(item_type, true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(item, offsets, noisy, nulls.finish())?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "Adds independent normal noise of mean 0 to every value. What is drawn depends on seed and key alone, and scales \
             with the standard deviation. Noise comes before units are chosen: \
             `sample_units(add_gaussian_noise(values, ...), ...)`.",
            "add_gaussian_noise(values, stddev, seed, key, ...)",
            "SELECT epoch, add_gaussian_noise(values, 0.5, 1, run_id, layer, epoch, stimulus) FROM recordings",
            "values" => "A number or a list of numbers; NULL stays NULL, NaN and infinity stay as they are.",
            "stddev" => "Standard deviation of the noise, 0 or more; NULL gives NULL.",
            "seed" => "Integer; other seeds give independent noise.",
            "key" => "What identifies the recording: usually run_id, layer, epoch, measure and stimulus."
        )
    }
}

/// The type of a noisy number: as wide as the number if that is real.
fn real(number: &DataType) -> DataType {
    match number {
        DataType::Float32 => DataType::Float32,
        _ => DataType::Float64,
    }
}

/// Draws of the standard normal distribution, two at a time.
struct Noise {
    generator: ChaCha8Rng,
    second: Option<f64>,
}

impl Noise {
    fn new(generator: ChaCha8Rng) -> Self {
        Self {
            generator,
            second: None,
        }
    }

    fn next(&mut self) -> f64 {
        if let Some(second) = self.second.take() {
            return second;
        }
        let radius = keyed::unit_interval(&mut self.generator);
        // 1 - u is never 0, so that the logarithm is finite.
        let radius = (-2.0 * (1.0 - radius).ln()).sqrt();
        let (sine, cosine) = (TAU * keyed::unit_interval(&mut self.generator)).sin_cos();
        self.second = Some(radius * sine);
        radius * cosine
    }
}
