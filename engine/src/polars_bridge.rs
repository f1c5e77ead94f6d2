//! Columns between arrow-rs and polars, without copying them.
//!
//! The two keep their arrays in the same memory layout but in different types; the Arrow C data interface is the one
//! language that both speak. This is the engine's only unsafe code.

#![expect(
    unsafe_code,
    reason = "the C data interface passes ownership through structs whose layout the compiler cannot compare"
)]

use std::mem::transmute;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, make_array};
use arrow::datatypes::{Field, Schema};
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use polars::prelude::{Column, CompatLevel, DataFrame, Series};
use polars_arrow::ffi as polars_ffi;

use crate::{Error, Result};

// Both are `#[repr(C)]` forms of the same two structs of the C data interface.
const _: () = assert!(size_of::<FFI_ArrowArray>() == size_of::<polars_ffi::ArrowArray>());
const _: () = assert!(align_of::<FFI_ArrowArray>() == align_of::<polars_ffi::ArrowArray>());
const _: () = assert!(size_of::<FFI_ArrowSchema>() == size_of::<polars_ffi::ArrowSchema>());
const _: () = assert!(align_of::<FFI_ArrowSchema>() == align_of::<polars_ffi::ArrowSchema>());

/// The batches, which share a schema, as one polars table.
///
/// # Errors
/// [`Error::Reshape`] for a type that polars does not have.
pub fn to_polars(batches: &[RecordBatch]) -> Result<DataFrame> {
    let mut table: Option<DataFrame> = None;
    for batch in batches {
        let columns = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| series(field, array).map(Column::from))
            .collect::<Result<Vec<_>>>()?;
        let part = DataFrame::new(batch.num_rows(), columns).map_err(reshape)?;
        match &mut table {
            None => table = Some(part),
            Some(table) => {
                table.vstack_mut(&part).map_err(reshape)?;
            }
        }
    }
    Ok(table.unwrap_or_default())
}

/// A polars table as one batch.
pub(crate) fn from_polars(table: &DataFrame) -> Result<RecordBatch> {
    let mut table = table.clone();
    table.rechunk_mut();
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for column in table.columns() {
        let series = column.as_materialized_series();
        let array = series.to_arrow(0, CompatLevel::newest());
        let field =
            polars_arrow::datatypes::Field::new(series.name().clone(), array.dtype().clone(), true);
        let (array, schema) = (
            polars_ffi::export_array_to_c(array),
            polars_ffi::export_field_to_c(&field),
        );
        // SAFETY: same C structs on both sides (asserted above for size and alignment); the value moves, and with it the
        // duty to call its release callback, so that the buffers are freed exactly once.
        let (array, schema) = unsafe {
            (
                transmute::<polars_ffi::ArrowArray, FFI_ArrowArray>(array),
                transmute::<polars_ffi::ArrowSchema, FFI_ArrowSchema>(schema),
            )
        };
        // SAFETY: `array` was exported together with `schema` and nothing else holds it.
        let data = unsafe { from_ffi(array, &schema) }.map_err(reshape)?;
        fields.push(Field::try_from(&schema).map_err(reshape)?);
        columns.push(make_array(data));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(reshape)
}

fn series(field: &Field, array: &ArrayRef) -> Result<Series> {
    let schema = FFI_ArrowSchema::try_from(field).map_err(reshape)?;
    let array = FFI_ArrowArray::new(&array.to_data());
    // SAFETY: as above, in the other direction.
    let (schema, array) = unsafe {
        (
            transmute::<FFI_ArrowSchema, polars_ffi::ArrowSchema>(schema),
            transmute::<FFI_ArrowArray, polars_ffi::ArrowArray>(array),
        )
    };
    // SAFETY: `schema` is a valid exported schema, just made.
    let field = unsafe { polars_ffi::import_field_from_c(&schema) }.map_err(reshape)?;
    // SAFETY: `array` was exported with the data type that `field` describes.
    let array =
        unsafe { polars_ffi::import_array_from_c(array, field.dtype.clone()) }.map_err(reshape)?;
    Series::try_from((&field, vec![array])).map_err(reshape)
}

fn reshape(error: impl std::fmt::Display) -> Error {
    Error::Reshape {
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, Int64Array, StringArray};

    #[test]
    fn a_table_comes_back_as_it_went() {
        let batch = |from: i64| {
            RecordBatch::try_from_iter_with_nullable([
                (
                    "name",
                    Arc::new(StringArray::from(vec![Some("é"), None, Some("")])) as ArrayRef,
                    true,
                ),
                (
                    "value",
                    Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(1.5), None])) as ArrayRef,
                    true,
                ),
                (
                    "n",
                    Arc::new(Int64Array::from_iter_values(from..from + 3)) as ArrayRef,
                    true,
                ),
            ])
            .unwrap()
        };
        let back = from_polars(&to_polars(&[batch(0), batch(3).slice(1, 2)]).unwrap()).unwrap();
        assert_eq!(back.num_rows(), 5);
        let names =
            arrow::compute::cast(back.column(0), &arrow::datatypes::DataType::Utf8).unwrap();
        let expected = StringArray::from(vec![Some("é"), None, Some(""), None, Some("")]);
        assert_eq!(names.as_ref(), &expected as &dyn arrow::array::Array);
        let n = back
            .column(2)
            .as_any()
            .downcast_ref::<Int64Array>()
            .unwrap();
        assert_eq!(n.values(), &[0, 1, 2, 4, 5]);
        let value = back
            .column(1)
            .as_any()
            .downcast_ref::<Float64Array>()
            .unwrap();
        assert!(value.value(0).is_nan() && arrow::array::Array::is_null(value, 2));
    }
}
