//! `sample_units(values, fraction, seed, key...)`: some of a recording's units.

use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use engram_schemas::randomness::{ChaCha8Rng, n_chosen};

use super::documented::documentation;
use super::keyed::{self, KeyedDraws};
use super::lists::{Lists, item_type};

/// `sample_units(values, fraction, seed, key...)`: uniform without replacement, ceil(fraction n) of n units in the order in
/// which they are drawn, so that the units of a smaller fraction are the first of those of a larger one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SampleUnits {
    signature: Signature,
}

const NAME: &str = "sample_units";

impl Default for SampleUnits {
    fn default() -> Self {
        Self {
            signature: Signature::variadic_any(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SampleUnits {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let [values, fraction, drawn @ ..] = arguments else {
            return plan_err!("sample_units takes a list, a fraction, a seed and a key");
        };
        let Some(item) = item_type(values) else {
            return plan_err!("sample_units takes a list, not {values}");
        };
        if !fraction.is_numeric() {
            return plan_err!("the fraction of sample_units is {fraction}, not a number");
        }
        keyed::check_types(self.name(), drawn)?;
        Ok(DataType::new_list(item.clone(), true))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = arguments.number_rows;
        let column = arguments.args[0].to_array(n_rows)?;
        let lists = Lists::of(&column)?;
        let fractions = cast(&arguments.args[1].to_array(n_rows)?, &DataType::Float64)?;
        let fractions = fractions.as_primitive::<Float64Type>();
        let mut draws = KeyedDraws::try_new(NAME, &arguments.args[2..], n_rows)?;
        let (mut chosen, mut lengths, mut order) = (Vec::new(), Vec::new(), Vec::new());
        for (row, units) in lists.rows().iter().enumerate() {
            let Some(units) = units.clone().filter(|_| fractions.is_valid(row)) else {
                lengths.push(0);
                continue;
            };
            let fraction = fractions.value(row);
            if !(fraction > 0.0 && fraction <= 1.0) {
                return exec_err!(
                    "sample_units: the fraction {fraction} is not above 0 and at most 1"
                );
            }
            let n_chosen = n_chosen(fraction, units.len());
            choose(
                units.len(),
                n_chosen,
                &mut draws.generator(row)?,
                &mut order,
            );
            chosen.extend(order.iter().map(|&unit| units.start as u64 + unit));
            lengths.push(n_chosen);
        }
        let values = take(lists.values(), &UInt64Array::from(chosen), None)?;
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let nulls = NullBuffer::union(column.nulls(), fractions.nulls());
        let lists = ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), values, nulls)?;
        Ok(ColumnarValue::Array(Arc::new(lists)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        documentation!(
            "Some of the units of a list, chosen uniformly without replacement: ceil(fraction n) of n, in the order in which \
             they are drawn. With one seed and key the units of a smaller fraction are the first of a larger one. What is drawn \
             depends on seed and key alone; leave the epoch out of the key for electrodes that stay in place.",
            "sample_units(values, fraction, seed, key, ...)",
            "SELECT epoch, list_observe(sample_units(values, 0.1, 1, run_id, layer)) FROM recordings WHERE measure = 'activation'",
            "values" => "A list; NULL gives NULL.",
            "fraction" => "Share of the units, above 0 and at most 1; NULL gives NULL.",
            "seed" => "Integer; other seeds give independent choices.",
            "key" => "What identifies the electrodes: usually run_id and layer."
        )
    }
}

/// The first `n_chosen` of the numbers below `n` in random order: a shuffle that stops early.
fn choose(n: usize, n_chosen: usize, generator: &mut ChaCha8Rng, order: &mut Vec<u64>) {
    order.clear();
    order.extend(0..n as u64);
    for place in 0..n_chosen {
        let other = (keyed::unit_interval(generator) * (n - place) as f64) as usize;
        order.swap(place, place + other);
    }
    order.truncate(n_chosen);
}
