//! Lists and structs as text, for formats of plain values only.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The schema with texts in the place of lists and structs.
pub fn schema(schema: &Schema) -> SchemaRef {
    let flat = |field: &Arc<Field>| match field.data_type().is_nested() {
        true => Arc::new(Field::new(
            field.name(),
            DataType::Utf8,
            field.is_nullable(),
        )),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(
        schema.fields().iter().map(flat).collect::<Vec<_>>(),
    ))
}

/// The rows with lists and structs as they stand in a table: `[0.5, 1.0]`.
///
/// # Errors
/// For a value that has no text.
pub fn batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .map(column)
        .collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(schema(&batch.schema()), columns)
}

fn column(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if !column.data_type().is_nested() {
        return Ok(Arc::clone(column));
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let text = |row: usize| match column.is_null(row) {
        true => Ok(None),
        false => formatter.value(row).try_to_string().map(Some),
    };
    let texts = (0..column.len()).map(text).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int32Array, ListArray};
    use arrow::datatypes::Float64Type;

    use super::*;

    #[test]
    fn lists_become_text_and_plain_values_stay() {
        let lists = [Some(vec![Some(0.5), None, Some(2.0)]), None, Some(vec![])];
        let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(lists);
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 3]));
        let rows = RecordBatch::try_from_iter_with_nullable([
            ("n", Arc::clone(&numbers), false),
            ("values", Arc::new(lists) as ArrayRef, true),
        ])
        .unwrap();
        let flat = batch(&rows).unwrap();
        assert_eq!(flat.schema(), schema(&rows.schema()));
        assert_eq!(&flat["n"], &numbers);
        let expected = StringArray::from(vec![Some("[0.5, , 2.0]"), None, Some("[]")]);
        assert_eq!(flat["values"].to_data(), expected.to_data());
    }
}
