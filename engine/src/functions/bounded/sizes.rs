//! How large the results of functions may become.

use arrow::array::{Array, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, Int64Type, IntervalMonthDayNanoType, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::is_constant;

/// What a number or another value of fixed size takes.
const VALUE_BYTES: u128 = 8;

/// A number for each row of a call.
struct PerRow {
    values: Option<Int64Array>,
}

impl PerRow {
    /// 0 where there is none.
    fn at(&self, row: usize) -> u128 {
        u128::try_from(self.signed(row)).unwrap_or(0)
    }

    fn signed(&self, row: usize) -> i128 {
        let Some(values) = &self.values else {
            return 0;
        };
        // A constant is there once.
        let row = row.min(values.len().saturating_sub(1));
        match values.is_empty() || values.is_null(row) {
            true => 0,
            false => i128::from(values.value(row)),
        }
    }
}

fn per_row(
    args: &ScalarFunctionArgs,
    place: usize,
    number: impl FnOnce(&dyn Array) -> Option<Int64Array>,
) -> Result<PerRow> {
    let values = match args.args.get(place) {
        Some(ColumnarValue::Array(array)) => number(array),
        Some(ColumnarValue::Scalar(value)) => number(&value.to_array_of_size(1)?),
        None => None,
    };
    Ok(PerRow { values })
}

/// Bytes of texts, elements of lists.
fn lengths(args: &ScalarFunctionArgs, place: usize) -> Result<PerRow> {
    per_row(args, place, |array| {
        let lengths = length(array).ok()?;
        let lengths = cast(&lengths, &DataType::Int64).ok()?;
        Some(lengths.as_primitive::<Int64Type>().clone())
    })
}

/// Characters of texts that may begin a reference to what a pattern matched.
fn references(args: &ScalarFunctionArgs, place: usize) -> Result<PerRow> {
    per_row(args, place, |array| {
        let texts = cast(array, &DataType::Utf8).ok()?;
        let count = |text: &str| text.bytes().filter(|byte| b"\\$".contains(byte)).count() as i64;
        Some(
            texts
                .as_string::<i32>()
                .iter()
                .map(|text| text.map(count))
                .collect(),
        )
    })
}

/// Numbers, and times in microseconds.
fn numbers(args: &ScalarFunctionArgs, place: usize) -> Result<PerRow> {
    per_row(args, place, |array| {
        if let Some(steps) = array.as_primitive_opt::<IntervalMonthDayNanoType>() {
            let microseconds = steps.iter().map(|step| {
                step.map(|step| {
                    let days = i64::from(step.months) * 28 + i64::from(step.days);
                    days * 86_400_000_000 + step.nanoseconds / 1000
                })
            });
            return Some(microseconds.collect());
        }
        let numbers = match array.data_type() {
            kind if kind.is_temporal() => {
                let times = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
                cast(&times, &DataType::Int64).ok()?
            }
            _ => cast(array, &DataType::Int64).ok()?,
        };
        Some(numbers.as_primitive::<Int64Type>().clone())
    })
}

/// Bytes of values of any kind.
fn bytes(args: &ScalarFunctionArgs, place: usize) -> Result<PerRow> {
    per_row(args, place, |array| {
        let kind = array.data_type();
        if kind.is_primitive() || kind.is_null() || *kind == DataType::Boolean {
            return None;
        }
        if let (false, Ok(lengths)) = (kind.is_nested(), length(array)) {
            let lengths = cast(&lengths, &DataType::Int64).ok()?;
            return Some(lengths.as_primitive::<Int64Type>().clone());
        }
        let all = array.to_data().get_slice_memory_size();
        let all = all.unwrap_or_else(|_| array.get_array_memory_size());
        let mean = all.div_ceil(array.len().max(1));
        Some(Int64Array::from(vec![
            i64::try_from(mean)
                .unwrap_or(i64::MAX);
            array.len()
        ]))
    })
}

/// The rows for which something is made: one, where everything is constant.
fn rows(args: &ScalarFunctionArgs) -> std::ops::Range<usize> {
    match is_constant(args) {
        true => 0..1,
        false => 0..args.number_rows,
    }
}

pub(super) fn repeat(args: &ScalarFunctionArgs) -> Result<u128> {
    let (texts, times) = (lengths(args, 0)?, numbers(args, 1)?);
    Ok(rows(args).map(|row| texts.at(row) * times.at(row)).sum())
}

pub(super) fn pad(args: &ScalarFunctionArgs) -> Result<u128> {
    let (texts, characters, fill) = (lengths(args, 0)?, numbers(args, 1)?, lengths(args, 2)?);
    let of_row = |row| texts.at(row) + characters.at(row) * fill.at(row).clamp(1, 4);
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn replace(args: &ScalarFunctionArgs) -> Result<u128> {
    let (texts, from, to) = (lengths(args, 0)?, lengths(args, 1)?, lengths(args, 2)?);
    let of_row = |row| {
        let most = texts.at(row) / from.at(row).max(1) + 1;
        texts.at(row) + most * to.at(row).saturating_sub(from.at(row))
    };
    Ok(rows(args).map(of_row).sum())
}

/// A pattern may match between any two characters, and every reference of a replacement repeats what matched.
pub(super) fn regexp_replace(args: &ScalarFunctionArgs) -> Result<u128> {
    let (texts, to, flags) = (lengths(args, 0)?, lengths(args, 2)?, lengths(args, 3)?);
    let references = references(args, 2)?;
    let of_row = |row| {
        let matches = match flags.at(row) {
            0 => 1,
            _ => texts.at(row) + 1,
        };
        // All matches together are no longer than the text.
        texts.at(row) * (1 + references.at(row)) + matches * to.at(row)
    };
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn concat(args: &ScalarFunctionArgs) -> Result<u128> {
    let places = (0..args.args.len()).map(|place| bytes(args, place));
    let parts = places.collect::<Result<Vec<_>>>()?;
    let of_row = |row| parts.iter().map(|part| part.at(row)).sum::<u128>();
    Ok(rows(args).map(of_row).sum())
}

/// As hexadecimal digits, the longest of the encodings.
pub(super) fn encode(args: &ScalarFunctionArgs) -> Result<u128> {
    let values = bytes(args, 0)?;
    Ok(rows(args).map(|row| 2 * values.at(row)).sum())
}

pub(super) fn concat_ws(args: &ScalarFunctionArgs) -> Result<u128> {
    let (separator, times) = (lengths(args, 0)?, args.args.len() as u128);
    let between: u128 = rows(args).map(|row| separator.at(row) * times).sum();
    Ok(concat(args)? + between)
}

pub(super) fn array_to_string(args: &ScalarFunctionArgs) -> Result<u128> {
    let (items, values) = (lengths(args, 0)?, bytes(args, 0)?);
    let (separator, null) = (lengths(args, 1)?, lengths(args, 2)?);
    // A number of 8 bytes may have 24 digits.
    let of_row = |row| values.at(row) * 3 + items.at(row) * (separator.at(row) + null.at(row));
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn array_repeat(args: &ScalarFunctionArgs) -> Result<u128> {
    let (values, times) = (bytes(args, 0)?, numbers(args, 1)?);
    let of_row = |row| times.at(row) * (VALUE_BYTES + values.at(row));
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn array_resize(args: &ScalarFunctionArgs) -> Result<u128> {
    let (items, fill) = (numbers(args, 1)?, bytes(args, 2)?);
    let of_row = |row| items.at(row) * (VALUE_BYTES + fill.at(row));
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn range(args: &ScalarFunctionArgs) -> Result<u128> {
    let (first, second, step) = (numbers(args, 0)?, numbers(args, 1)?, numbers(args, 2)?);
    let of_row = |row| {
        let span = match args.args.len() {
            1 => first.signed(row).unsigned_abs(),
            _ => (second.signed(row) - first.signed(row)).unsigned_abs(),
        };
        (span / step.signed(row).unsigned_abs().max(1) + 1) * VALUE_BYTES
    };
    Ok(rows(args).map(of_row).sum())
}

pub(super) fn levenshtein(args: &ScalarFunctionArgs) -> Result<u128> {
    let (left, right) = (lengths(args, 0)?, lengths(args, 1)?);
    Ok(rows(args).map(|row| left.at(row) * right.at(row)).sum())
}
