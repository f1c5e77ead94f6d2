//! NumPy arrays: a view of bytes that stand in the file, or a list of values.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::dtype::{Dtype, Kind};
use crate::value::Value;
use crate::{Error, Result};

/// The most dimensions that NumPy allows.
pub(crate) const MOST_DIMENSIONS: usize = 64;

/// A NumPy array. Fields and clones share memory.
#[derive(Clone)]
pub struct NdArray {
    pub(crate) dtype: Arc<Dtype>,
    shape: Vec<usize>,
    /// How far the items of an axis lie apart: in bytes, or in values where the items are objects.
    strides: Vec<usize>,
    /// Where the first item lies.
    offset: usize,
    pub(crate) items: Items,
}

/// Where an array's items are.
#[derive(Clone)]
pub(crate) enum Items {
    /// In the file, as they are in NumPy's memory.
    Bytes(Bytes),
    /// As values. A record is a tuple.
    Values(Arc<[Value]>),
}

/// In which order the items lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The last index changes first.
    C,
    /// The first index changes first.
    Fortran,
}

impl NdArray {
    /// An array whose items are all of `items`. The error is a reason.
    pub(crate) fn try_new(
        dtype: Arc<Dtype>,
        shape: Vec<usize>,
        order: Order,
        items: Items,
    ) -> std::result::Result<Self, String> {
        if shape.len() > MOST_DIMENSIONS {
            return Err(format!("an array has {} dimensions", shape.len()));
        }
        let n_items = product(&shape).ok_or_else(|| format!("an array has the shape {shape:?}"))?;
        let (stride, fits) = match &items {
            // Items without bytes could be any number. One alone is an empty text.
            Items::Bytes(_) if dtype.size == 0 && n_items > 1 => (0, false),
            Items::Bytes(_) if dtype.holds_objects => (0, false),
            Items::Bytes(bytes) => (
                dtype.size,
                n_items.checked_mul(dtype.size) == Some(bytes.len()),
            ),
            Items::Values(values) => (1, n_items == values.len()),
        };
        if !fits {
            let (given, unit) = match &items {
                Items::Bytes(bytes) => (bytes.len(), "bytes"),
                Items::Values(values) => (values.len(), "values"),
            };
            return Err(format!(
                "an array of shape {shape:?} and dtype {dtype}, {} bytes an item, has {given} {unit}",
                dtype.size
            ));
        }
        Ok(Self {
            strides: strides(&shape, stride, order),
            dtype,
            shape,
            offset: 0,
            items,
        })
    }

    /// The same items with axes in another order; nothing where `axes` is no order of the axes.
    pub(crate) fn transposed(self, axes: &[usize]) -> Option<Self> {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if sorted.len() != self.shape.len() || !sorted.iter().copied().eq(0..sorted.len()) {
            return None;
        }
        Some(Self {
            shape: axes.iter().map(|&axis| self.shape[axis]).collect(),
            strides: axes.iter().map(|&axis| self.strides[axis]).collect(),
            ..self
        })
    }

    /// Number of items along each axis; none for a NumPy scalar.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What an item is.
    pub fn dtype(&self) -> &Dtype {
        &self.dtype
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        product(&self.shape).unwrap_or(0)
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Whether it is a NumPy scalar.
    pub fn is_scalar(&self) -> bool {
        self.shape.is_empty()
    }

    /// The names of the fields of records.
    pub fn field_names(&self) -> impl Iterator<Item = &str> {
        self.dtype.fields().iter().map(|field| &*field.name)
    }

    /// The field `name` of all records, with the records' shape, followed by that of the field where it is an array itself.
    ///
    /// # Errors
    /// Where there is no such field, or a record that is not one.
    pub fn field(&self, name: &str) -> Result<Self> {
        let fields = self.dtype.fields();
        let (index, field) = fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == name)
            .ok_or_else(|| Error::NoField {
                name: name.to_owned(),
                dtype: self.dtype.to_string(),
            })?;
        match &self.items {
            Items::Bytes(_) => {
                let mut view = self.clone();
                view.offset += field.offset;
                view.dtype = Arc::clone(&field.dtype);
                if let Kind::Subarray(base, shape) = &field.dtype.kind {
                    view.shape.extend_from_slice(shape);
                    view.strides.extend(strides(shape, base.size, Order::C));
                    view.dtype = Arc::clone(base);
                }
                Ok(view)
            }
            Items::Values(records) => {
                let values: Option<Arc<[Value]>> = self
                    .offsets()
                    .map(|offset| match records.get(offset) {
                        Some(Value::Tuple(record)) if record.len() == fields.len() => {
                            record.get(index).cloned()
                        }
                        _ => None,
                    })
                    .collect();
                values
                    .and_then(|values| {
                        let dtype = Arc::clone(&field.dtype);
                        Self::try_new(dtype, self.shape.clone(), Order::C, Items::Values(values))
                            .ok()
                    })
                    .ok_or_else(|| Error::Conversion {
                        dtype: self.dtype.to_string(),
                        wanted: "records",
                        reason: format!("an item is not a tuple of {} values", fields.len()),
                    })
            }
        }
    }

    /// Where the items lie, the last index changing first.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = usize> {
        let mut index = vec![0; self.shape.len()];
        let mut next = self.offset;
        (0..self.len()).map(move |_| {
            let offset = next;
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                next += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                next -= self.shape[axis] * self.strides[axis];
                index[axis] = 0;
            }
            offset
        })
    }
}

/// Its shape and what its items are.
impl fmt::Display for NdArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an array of shape {:?} and dtype {}",
            self.shape, self.dtype
        )
    }
}

impl fmt::Debug for NdArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The number of items, where it is a number that fits.
pub(crate) fn product(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape
        .iter()
        .try_fold(1_usize, |product, &n| product.checked_mul(n))
}

/// The distances of items that lie densely.
fn strides(shape: &[usize], item: usize, order: Order) -> Vec<usize> {
    // Without items there is nothing to reach, and the other axes may be as long as they like.
    if shape.contains(&0) {
        return vec![0; shape.len()];
    }
    let mut strides = vec![0; shape.len()];
    let mut next = item;
    let mut set = |axis: usize| {
        strides[axis] = next;
        next *= shape[axis];
    };
    match order {
        Order::C => (0..shape.len()).rev().for_each(&mut set),
        Order::Fortran => (0..shape.len()).for_each(&mut set),
    }
    strides
}
