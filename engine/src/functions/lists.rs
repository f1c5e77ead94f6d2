//! Lists of real numbers, whatever kind of list they come in.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait};
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};

/// The rows of a list column as ranges of the values under it. Nothing is copied.
pub(super) struct Lists<'a> {
    rows: Vec<Option<Range<usize>>>,
    values: &'a ArrayRef,
}

impl<'a> Lists<'a> {
    /// # Errors
    /// When the column holds no lists.
    pub(super) fn of(column: &'a ArrayRef) -> Result<Self> {
        match column.data_type() {
            DataType::List(_) => Ok(Self::by_offsets(column.as_list::<i32>())),
            DataType::LargeList(_) => Ok(Self::by_offsets(column.as_list::<i64>())),
            DataType::FixedSizeList(_, _) => {
                let list = column.as_fixed_size_list();
                let width = list.value_length() as usize;
                let start = list.value_offset(0) as usize;
                let row = |row: usize| {
                    let from = start + row * width;
                    (!list.is_null(row)).then_some(from..from + width)
                };
                Ok(Self {
                    rows: (0..list.len()).map(row).collect(),
                    values: list.values(),
                })
            }
            other => internal_err!("{other} is no list"),
        }
    }

    fn by_offsets<O: OffsetSizeTrait>(list: &'a GenericListArray<O>) -> Self {
        let rows = list.offsets().windows(2).enumerate();
        let range = |(row, ends): (usize, &[O])| {
            (!list.is_null(row)).then(|| ends[0].as_usize()..ends[1].as_usize())
        };
        Self {
            rows: rows.map(range).collect(),
            values: list.values(),
        }
    }

    /// For each row its place among the values, or `None` for NULL.
    pub(super) fn rows(&self) -> &[Option<Range<usize>>] {
        &self.rows
    }

    /// The values under all rows.
    pub(super) fn values(&self) -> &'a ArrayRef {
        self.values
    }
}

/// What a list type holds, if it is one.
pub(super) fn item_type(data_type: &DataType) -> Option<&DataType> {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item.data_type())
        }
        _ => None,
    }
}
