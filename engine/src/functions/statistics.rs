//! The struct of the study's seven statistics, as SQL sees it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use engram_observables::Statistics;
use engram_schemas::observable::Statistic;

/// `norm`, `mean`, `var`, `skew`, `kurtosis`, `median`, `third_quartile`.
pub(crate) fn fields() -> Fields {
    Statistic::ALL
        .iter()
        .map(|statistic| Field::new(statistic.as_str(), DataType::Float64, true))
        .collect()
}

pub(crate) fn data_type() -> DataType {
    DataType::Struct(fields())
}

/// One struct a row from the seven columns, in the order of [`Statistics::to_array`].
pub(crate) fn to_structs(
    columns: [Vec<f64>; Statistics::COUNT],
    nulls: Option<NullBuffer>,
) -> StructArray {
    let columns: Vec<ArrayRef> = columns
        .into_iter()
        .map(|column| Arc::new(Float64Array::from(column)) as ArrayRef)
        .collect();
    StructArray::new(fields(), columns, nulls)
}
