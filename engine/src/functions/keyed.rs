//! Random draws that depend on a seed and on what a row is, and on nothing else.
//!
//! A query may run on any number of threads, in batches of any size, over files in any order; a row's draws are the same.
//! So functions that draw take, after their seed, the columns that say what the row is: `run_id`, `layer`, `epoch`. They
//! are written out canonically (an integer is the same key whatever its width, a text whatever its encoding) and hashed
//! with purpose and seed to the key of a ChaCha8 stream; see `engram_schemas::randomness`.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::FormatOptions;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::ColumnarValue;
use engram_schemas::randomness::{ChaCha8Rng, generator_for};

/// The generators of the rows of a batch.
pub(super) struct KeyedDraws {
    purpose: &'static str,
    seed: ArrayRef,
    key: Vec<ArrayRef>,
    written: Vec<u8>,
}

impl KeyedDraws {
    /// `arguments` are the seed and then the parts of the key.
    ///
    /// # Errors
    /// When an argument is of a type that cannot be a seed or key; see [`check_types`].
    pub(super) fn try_new(
        purpose: &'static str,
        arguments: &[ColumnarValue],
        n_rows: usize,
    ) -> Result<Self> {
        let mut columns = canonical(arguments, n_rows);
        let Some(seed) = columns.next().transpose()? else {
            return plan_err!("a seed is missing");
        };
        Ok(Self {
            purpose,
            seed,
            key: columns.collect::<Result<_>>()?,
            written: Vec::new(),
        })
    }

    /// The generator of one row.
    ///
    /// # Errors
    /// When the row's seed is NULL.
    pub(super) fn generator(&mut self, row: usize) -> Result<ChaCha8Rng> {
        if self.seed.is_null(row) {
            return exec_err!("the seed is NULL");
        }
        let seed = self.seed.as_primitive::<Int64Type>().value(row);
        self.written.clear();
        for column in &self.key {
            write(column, row, &mut self.written);
        }
        Ok(generator_for(self.purpose, seed as u64, &self.written))
    }
}

/// Checks the types of a seed and a key when a query is planned.
///
/// # Errors
/// When the seed is no integer, when there is no key, and for a type that says nothing about a row's identity.
pub(super) fn check_types(function: &str, arguments: &[DataType]) -> Result<()> {
    let [seed, key @ ..] = arguments else {
        return plan_err!("{function} takes a seed");
    };
    if !(seed.is_integer() || seed.is_null()) {
        return plan_err!("the seed of {function} is {seed}, not an integer");
    }
    if key.is_empty() {
        return plan_err!(
            "{function} takes, after its seed, the columns that identify a row, such as run_id, layer, epoch"
        );
    }
    match unknown(key) {
        Some(other) => plan_err!("{function} cannot identify a row by a value of type {other}"),
        None => Ok(()),
    }
}

/// The first type that cannot be part of a key.
pub(super) fn unknown(key: &[DataType]) -> Option<&DataType> {
    key.iter()
        .find(|data_type| canonical_type(data_type).is_none())
}

/// An integer beyond 64 bits with a sign is an error, and not NULL.
const WHOLE: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// The parts of a key in the types that they are written in.
pub(super) fn canonical(
    arguments: &[ColumnarValue],
    n_rows: usize,
) -> impl Iterator<Item = Result<ArrayRef>> {
    arguments.iter().map(move |argument| {
        let column = argument.to_array(n_rows)?;
        let canonical = canonical_type(column.data_type());
        canonical.map_or_else(
            || plan_err!("{} cannot be part of a key", column.data_type()),
            |canonical| Ok(cast_with_options(&column, &canonical, &WHOLE)?),
        )
    })
}

/// The one type that all types of a kind are written as.
fn canonical_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Null => Some(DataType::Int64),
        DataType::Boolean => Some(DataType::Boolean),
        integer if integer.is_integer() => Some(DataType::Int64),
        real if real.is_floating() => Some(DataType::Float64),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(DataType::Utf8),
        DataType::Dictionary(_, value) => canonical_type(value),
        _ => None,
    }
}

/// Writes a part of a key so that no two keys are written alike: its kind, and its bytes in an order that ends itself.
pub(super) fn write(column: &ArrayRef, row: usize, to: &mut Vec<u8>) {
    if column.is_null(row) {
        to.push(0);
        return;
    }
    match column.data_type() {
        DataType::Int64 => {
            to.push(1);
            to.extend(column.as_primitive::<Int64Type>().value(row).to_le_bytes());
        }
        DataType::Float64 => {
            let value = match column.as_primitive::<Float64Type>().value(row) {
                value if value.is_nan() => f64::NAN,
                // There are two zeros, and they are equal.
                value => value + 0.0,
            };
            to.push(2);
            to.extend(value.to_le_bytes());
        }
        DataType::Boolean => to.extend([3, u8::from(column.as_boolean().value(row))]),
        _ => {
            let text = column.as_string::<i32>().value(row);
            to.push(4);
            to.extend((text.len() as u64).to_le_bytes());
            to.extend(text.as_bytes());
        }
    }
}

/// A uniform draw from [0, 1): the upper 53 bits of the next 64.
pub(super) fn unit_interval(generator: &mut ChaCha8Rng) -> f64 {
    use rand::Rng;
    (generator.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}
