//! The table of what the published dataset knows of an example and `trajectories` has no column for: every field of `meta` as it
//! was written, and the statistics that are none of the 45.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use engram_pickle::PublishedDataset;
use engram_pickle::published_dataset::{FieldValues, MetaField};

use crate::Result;
use crate::examples::Run;

/// The table's name in SQL.
pub const TABLE: &str = "published_examples";

/// A row for every example, in the dataset's order: `example`, its place there; `run_id` and `layer`, by which it is joined with
/// `trajectories`; `meta`, a struct of the dataset's own fields; and where there are any, `other_statistics`, a struct of lists
/// of one value a checkpoint.
///
/// # Errors
/// None that a dataset can cause: columns are of equal length.
pub fn table(dataset: &PublishedDataset, runs: &[(String, Run)]) -> Result<RecordBatch> {
    let mut of_example: Vec<(&str, &str)> = vec![("", ""); dataset.n_examples];
    for (run_id, run) in runs {
        for layer in &run.layers {
            of_example[layer.example] = (run_id, &layer.name);
        }
    }
    let examples = 0..dataset.n_examples as i64;
    let run_ids = of_example.iter().map(|(run_id, _)| *run_id);
    let layers = of_example.iter().map(|(_, layer)| *layer);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("example", Arc::new(Int64Array::from_iter_values(examples))),
        ("run_id", Arc::new(StringArray::from_iter_values(run_ids))),
        ("layer", Arc::new(StringArray::from_iter_values(layers))),
    ];
    let fields = dataset.fields.iter();
    let meta = fields.filter_map(|field| Some((field.name.clone(), column(field)?)));
    if let Some(meta) = structure(meta.collect()) {
        columns.push(("meta", meta));
    }
    let others = dataset.statistics.iter().enumerate();
    let others = others.filter(|(_, statistic)| statistic.observable.is_none());
    let others = others.map(|(place, statistic)| (statistic.name.clone(), lists(dataset, place)));
    if let Some(others) = structure(others.collect()) {
        columns.push(("other_statistics", others));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// Why fields are not in the table.
pub fn left_out(dataset: &PublishedDataset) -> impl Iterator<Item = (&str, &str)> {
    dataset
        .fields
        .iter()
        .filter_map(|field| match &field.values {
            FieldValues::Unread(why) => Some((field.name.as_str(), why.as_str())),
            _ => None,
        })
}

fn column(field: &MetaField) -> Option<ArrayRef> {
    Some(match &field.values {
        FieldValues::Integers(values) => Arc::new(Int64Array::from(values.clone())),
        FieldValues::Floats(values) => Arc::new(Float64Array::from(values.clone())),
        FieldValues::Texts(texts) => {
            let texts = texts.iter().map(|text| &**text);
            Arc::new(StringArray::from_iter_values(texts))
        }
        _ => return None,
    })
}

/// The values of one statistic, a list an example.
fn lists(dataset: &PublishedDataset, statistic: usize) -> ArrayRef {
    let n_statistics = dataset.statistics.len();
    let values = dataset.values.iter().skip(statistic).step_by(n_statistics);
    let values = Float64Array::from_iter_values(values.copied());
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    let lengths = std::iter::repeat_n(dataset.n_checkpoints, dataset.n_examples);
    let offsets = OffsetBuffer::from_lengths(lengths);
    Arc::new(ListArray::new(item, offsets, Arc::new(values), None))
}

fn structure(columns: Vec<(String, ArrayRef)>) -> Option<ArrayRef> {
    if columns.is_empty() {
        return None;
    }
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    Some(Arc::new(StructArray::new(
        Fields::from(fields),
        arrays,
        None,
    )))
}
