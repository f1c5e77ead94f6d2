//! Columns as every client reads them.
//!
//! Views of texts and dictionaries are how the engine holds texts; older drivers of JDBC and ODBC know neither. So texts go out as
//! texts, and the columns that are announced are those that are sent.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The columns as they are sent.
pub(super) fn schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(field);
    Arc::new(Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        schema.metadata().clone(),
    ))
}

/// A batch with the columns that `schema`, one of [`schema`]'s, says.
///
/// # Errors
/// For a text that is too long for one column.
pub(super) fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(
        |(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        },
    );
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns.collect::<Result<_, _>>()?,
        &options,
    )
}

fn field(field: &FieldRef) -> FieldRef {
    let plain = data_type(field.data_type());
    match plain == *field.data_type() {
        true => Arc::clone(field),
        false => {
            let named = Field::new(field.name(), plain, field.is_nullable());
            Arc::new(named.with_metadata(field.metadata().clone()))
        }
    }
}

fn data_type(given: &DataType) -> DataType {
    match given {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => data_type(values),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, DictionaryArray, ListBuilder, StringArray, StringViewBuilder};
    use arrow::datatypes::Int32Type;

    #[test]
    fn texts_are_texts_at_any_depth() {
        let words: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
        let mut lists = ListBuilder::new(StringViewBuilder::new());
        lists.append_value([Some("x"), None]);
        lists.append_null();
        lists.append_value([Some("a text that is too long to lie in a view")]);
        let given = RecordBatch::try_from_iter_with_nullable([
            ("words", Arc::new(words) as _, true),
            ("lists", Arc::new(lists.finish()) as _, true),
        ])
        .unwrap();
        let schema = schema(&given.schema());
        let plain = batch(&given, &schema).unwrap();
        assert_eq!(plain.column(0).data_type(), &DataType::Utf8);
        let words = plain.column(0).as_any().downcast_ref::<StringArray>();
        assert_eq!(words.unwrap().value(2), "a");
        let item = Field::new_list_field(DataType::Utf8, true);
        let list = DataType::List(Arc::new(item));
        assert_eq!(plain.column(1).data_type(), &list);
        assert!(plain.column(1).is_null(1));
    }
}
