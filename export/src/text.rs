//! Columns in the few types of CSV and SQLite: truth, numbers, text and bytes; everything else as text.
//!
//! Lists and structs become JSON, in which NaN and infinity are null because JSON has neither. Moments are written as ISO
//! 8601 has them, decimals with all their digits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The columns, each in one of the types Boolean, Int64, UInt64, Float32, Float64, Utf8 and Binary.
pub(crate) fn columns(rows: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns());
    columns
        .map(|(field, column)| simple(field, column))
        .collect()
}

fn simple(field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    use DataType as Type;
    match column.data_type() {
        Type::Boolean
        | Type::Int64
        | Type::UInt64
        | Type::Float32
        | Type::Float64
        | Type::Utf8
        | Type::Binary => Ok(Arc::clone(column)),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::UInt8 | Type::UInt16 | Type::UInt32 => {
            cast(column, &Type::Int64)
        }
        Type::Float16 => cast(column, &Type::Float32),
        Type::LargeUtf8 | Type::Null => cast(column, &Type::Utf8),
        Type::LargeBinary | Type::FixedSizeBinary(_) => cast(column, &Type::Binary),
        nested if nested.is_nested() => json(field, column),
        _ => formatted(column),
    }
}

/// Each value as JSON.
fn json(field: &FieldRef, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, column.as_ref(), &options)?;
    let mut encoded = Vec::new();
    let mut text = |row: usize| {
        if column.is_null(row) {
            return Ok(None);
        }
        encoded.clear();
        encoder.encode(row, &mut encoded);
        let text = String::from_utf8(encoded.clone());
        text.map(Some)
            .map_err(|error| ArrowError::JsonError(error.to_string()))
    };
    let texts: Vec<Option<String>> = (0..column.len()).map(&mut text).collect::<Result<_, _>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

/// Each value as it is printed.
fn formatted(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let text = |row: usize| match column.is_null(row) {
        true => Ok(None),
        false => formatter.value(row).try_to_string().map(Some),
    };
    let texts: Vec<Option<String>> = (0..column.len()).map(text).collect::<Result<_, _>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int8Array, ListArray, TimestampMillisecondArray};
    use arrow::datatypes::{Float64Type, Int64Type};

    use super::*;

    #[test]
    fn lists_are_json_and_moments_are_text() {
        let lists = [Some(vec![Some(0.5), None, Some(f64::NAN)]), None];
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(lists);
        let rows = RecordBatch::try_from_iter_with_nullable([
            ("list", Arc::new(lists) as ArrayRef, true),
            (
                "small",
                Arc::new(Int8Array::from(vec![Some(-1), None])) as ArrayRef,
                true,
            ),
            (
                "moment",
                Arc::new(TimestampMillisecondArray::from(vec![Some(1_500), None])) as ArrayRef,
                true,
            ),
        ])
        .unwrap();
        let columns = columns(&rows).unwrap();
        assert_eq!(columns[0].as_string::<i32>().value(0), "[0.5,null,null]");
        assert_eq!(columns[1].as_primitive::<Int64Type>().value(0), -1);
        assert_eq!(
            columns[2].as_string::<i32>().value(0),
            "1970-01-01T00:00:01.500"
        );
        assert!(columns.iter().all(|column| column.is_null(1)));
    }
}
