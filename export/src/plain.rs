//! Rows in the types that every reader knows.
//!
//! The query engine has several types for one thing: texts as slices of others, as numbers of a dictionary, as offsets of
//! 32 and of 64 bits. Files are for readers of which some know one of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The schema with the plainest type of each kind, and this metadata in the place of that of the files that were read.
pub(crate) fn schema(schema: &Schema, metadata: HashMap<String, String>) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The rows in the types of another schema with the same columns, such as [`schema`] of theirs.
pub(crate) fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(
        |(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        },
    );
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)
}

fn field(field: &FieldRef) -> FieldRef {
    let plain = data_type(field.data_type());
    Arc::new(Field::new(field.name(), plain, field.is_nullable()))
}

fn data_type(of: &DataType) -> DataType {
    match of {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => data_type(values),
        DataType::RunEndEncoded(_, values) => data_type(values.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(field(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(field(item))
        }
        DataType::FixedSizeList(item, n) => DataType::FixedSizeList(field(item), *n),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringViewArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn views_and_dictionaries_become_what_they_stand_for() {
        let views: ArrayRef = Arc::new(StringViewArray::from(vec![Some("é"), None]));
        let dictionary: DictionaryArray<Int32Type> = vec![Some("a"), None].into_iter().collect();
        let rows = RecordBatch::try_from_iter_with_nullable([
            ("view", views, true),
            ("dictionary", Arc::new(dictionary) as ArrayRef, true),
        ])
        .unwrap();
        let plain = batch(&rows, &schema(&rows.schema(), HashMap::new())).unwrap();
        assert_eq!(plain["view"].as_string::<i32>().value(0), "é");
        assert_eq!(plain["dictionary"].as_string::<i32>().value(0), "a");
        assert!(plain["view"].is_null(1) && plain["dictionary"].is_null(1));
    }
}
