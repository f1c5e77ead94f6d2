//! Rows of an answer as JSON that a page can show without losing a digit.
//!
//! JSON has no NaN and no infinity, and JavaScript no integers beyond 2^53: these are texts. Lists, structs and maps are JSON
//! again; whatever else there is, dates and decimals among it, is the text that SQL has for it.

use std::fmt::{self, Write};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The integers that every JavaScript number between is exactly.
const EXACT: u64 = 1 << 53;

/// Rows as texts of JSON, separated by commas.
pub(super) struct Written {
    pub(super) text: String,
    /// Whether rows are missing that had no room.
    pub(super) is_cut: bool,
}

/// The rows of a batch, as many as there is room for.
///
/// # Errors
/// For a value that has no text.
pub(super) fn rows(batch: &RecordBatch, most_bytes: usize) -> Result<Written, ArrowError> {
    let columns = batch.columns().iter().map(plain);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let mut text = Text {
        text: String::new(),
        most_bytes,
        is_full: false,
    };
    for row in 0..batch.num_rows() {
        let whole_rows = text.text.len();
        text.push_str(if row == 0 { "[" } else { ",[" });
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                text.push_str(",");
            }
            cell(&mut text, column, row)?;
        }
        text.push_str("]");
        if text.is_full {
            text.text.truncate(whole_rows);
            break;
        }
    }
    Ok(Written {
        text: text.text,
        is_cut: text.is_full,
    })
}

/// A text that takes what it has room for. One value may be larger than all that there is.
struct Text {
    text: String,
    most_bytes: usize,
    is_full: bool,
}

impl Text {
    fn push_str(&mut self, more: &str) {
        // That it is full is seen when the row is done.
        let _ = self.write_str(more);
    }
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.is_full |= self.text.len() + more.len() > self.most_bytes;
        if self.is_full {
            return Err(fmt::Error);
        }
        self.text.push_str(more);
        Ok(())
    }
}

/// A column of few kinds of values: without dictionaries, views and short floats.
fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.data_type() {
        DataType::Dictionary(_, values) => cast(column, values),
        DataType::Utf8View | DataType::LargeUtf8 => cast(column, &DataType::Utf8),
        DataType::Float16 => cast(column, &DataType::Float32),
        _ => Ok(column.clone()),
    }
}

fn cell(text: &mut Text, column: &ArrayRef, row: usize) -> Result<(), ArrowError> {
    if column.is_null(row) {
        text.push_str("null");
        return Ok(());
    }
    match column.data_type() {
        DataType::Null => text.push_str("null"),
        DataType::Boolean => print(text, column.as_boolean().value(row)),
        DataType::Int8 => print(text, column.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => print(text, column.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => print(text, column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => {
            let value = column.as_primitive::<Int64Type>().value(row);
            integer(text, value, value.unsigned_abs());
        }
        DataType::UInt8 => print(text, column.as_primitive::<UInt8Type>().value(row)),
        DataType::UInt16 => print(text, column.as_primitive::<UInt16Type>().value(row)),
        DataType::UInt32 => print(text, column.as_primitive::<UInt32Type>().value(row)),
        DataType::UInt64 => {
            let value = column.as_primitive::<UInt64Type>().value(row);
            integer(text, value, value);
        }
        DataType::Float32 => {
            let value = column.as_primitive::<Float32Type>().value(row);
            // Its own digits, and not those of the same number with twice the bits.
            match value.is_finite() {
                true => print(
                    text,
                    serde_json::json!(value.to_string().parse::<f64>().unwrap_or_default()),
                ),
                false => real(text, f64::from(value)),
            }
        }
        DataType::Float64 => real(text, column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => string(text, column.as_string::<i32>().value(row)),
        DataType::List(_) => list(text, &column.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(text, &column.as_list::<i64>().value(row))?,
        DataType::FixedSizeList(..) => list(text, &column.as_fixed_size_list().value(row))?,
        DataType::Struct(fields) => {
            let columns = column.as_struct().columns();
            let entries = fields
                .iter()
                .map(|field| field.name().as_str())
                .zip(columns);
            object(text, entries, row)?;
        }
        _ => {
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(column, &options)?;
            string(text, &formatter.value(row).try_to_string()?);
        }
    }
    Ok(())
}

fn list(text: &mut Text, items: &ArrayRef) -> Result<(), ArrowError> {
    let items = plain(items)?;
    text.push_str("[");
    for row in 0..items.len() {
        if text.is_full {
            break;
        }
        if row > 0 {
            text.push_str(",");
        }
        cell(text, &items, row)?;
    }
    text.push_str("]");
    Ok(())
}

fn object<'a>(
    text: &mut Text,
    entries: impl Iterator<Item = (&'a str, &'a ArrayRef)>,
    row: usize,
) -> Result<(), ArrowError> {
    text.push_str("{");
    for (place, (name, column)) in entries.enumerate() {
        if place > 0 {
            text.push_str(",");
        }
        string(text, name);
        text.push_str(":");
        cell(text, &plain(column)?, row)?;
    }
    text.push_str("}");
    Ok(())
}

fn real(text: &mut Text, value: f64) {
    match value {
        value if value.is_finite() => print(text, serde_json::json!(value)),
        value if value.is_nan() => text.push_str("\"NaN\""),
        value if value > 0.0 => text.push_str("\"Infinity\""),
        _ => text.push_str("\"-Infinity\""),
    }
}

fn integer(text: &mut Text, value: impl fmt::Display, size: u64) {
    match size <= EXACT {
        true => print(text, value),
        false => {
            print(text, format_args!("\"{value}\""));
        }
    }
}

fn string(text: &mut Text, value: &str) {
    // Before it is written with escapes, which makes it no shorter.
    text.is_full |= value.len() > text.most_bytes;
    if !text.is_full {
        print(text, serde_json::json!(value));
    }
}

fn print(text: &mut Text, value: impl fmt::Display) {
    // That it is full is seen when the row is done.
    let _ = write!(text, "{value}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        DictionaryArray, Float32Array, Float64Array, Int64Array, ListArray, StringArray,
        StructArray,
    };
    use arrow::datatypes::Field;

    use super::*;

    fn written(columns: Vec<(&str, ArrayRef)>) -> serde_json::Value {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let text = rows(&batch, usize::MAX).unwrap().text;
        serde_json::from_str(&format!("[{text}]")).unwrap()
    }

    #[test]
    fn no_value_is_lost() {
        let reals = Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1]);
        let integers = Int64Array::from(vec![
            Some(1 << 53),
            Some((1 << 53) + 1),
            None,
            Some(i64::MIN),
        ]);
        let texts: DictionaryArray<Int32Type> =
            ["a\"b", "\u{1}", "ü", "a\"b"].into_iter().collect();
        let rows = written(vec![
            ("r", Arc::new(reals)),
            ("i", Arc::new(integers)),
            ("t", Arc::new(texts)),
        ]);
        let expected = serde_json::json!([
            ["NaN", 9007199254740992_i64, "a\"b"],
            ["Infinity", "9007199254740993", "\u{1}"],
            ["-Infinity", null, "ü"],
            [0.1, "-9223372036854775808", "a\"b"],
        ]);
        assert_eq!(rows, expected);
    }

    #[test]
    fn nested_values_are_json() {
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>([
            Some(vec![Some(1.5), None, Some(f64::NAN)]),
            None,
        ]);
        let name: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
        let short: ArrayRef = Arc::new(Float32Array::from(vec![0.1, f32::NAN]));
        let field = |name: &str, array: &ArrayRef| {
            Arc::new(Field::new(name, array.data_type().clone(), true))
        };
        let structs =
            StructArray::from(vec![(field("n", &name), name), (field("s", &short), short)]);
        let rows = written(vec![("l", Arc::new(lists)), ("s", Arc::new(structs))]);
        let expected = serde_json::json!([[[1.5, null, "NaN"], {"n": "x", "s": 0.1}], [null, {"n": "y", "s": "NaN"}]]);
        assert_eq!(rows, expected);
    }

    #[test]
    fn rows_end_where_the_room_does() {
        let batch = RecordBatch::try_from_iter([(
            "t",
            Arc::new(StringArray::from(vec!["a"; 100])) as ArrayRef,
        )])
        .unwrap();
        let written = rows(&batch, 50).unwrap();
        assert!(written.is_cut);
        assert_eq!(written.text, ["[\"a\"]"; 8].join(","));
        let long = StringArray::from(vec!["b".to_owned(), "a".repeat(1 << 20)]);
        let batch = RecordBatch::try_from_iter([("t", Arc::new(long) as ArrayRef)]).unwrap();
        let written = rows(&batch, 1000).unwrap();
        assert!(written.is_cut && written.text == "[\"b\"]");
    }
}
