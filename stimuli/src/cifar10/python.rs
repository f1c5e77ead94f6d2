//! The Python version: a pickled dictionary with the list `labels` and the array `data`.

use std::io::BufReader;

use super::pickle::{self, Global, Id, Pickle, Value};
use super::{Batch, HINT, IMAGE};
use crate::section::Section;
use crate::{Error, Result};

/// Finds the labels, and where the pixels lie, in a file of `n` images.
pub(super) fn read(section: Section, n: usize) -> Result<Batch> {
    let unusable = |reason: String| Error::unusable(section.name(), reason, HINT);
    let reader = BufReader::with_capacity(1 << 16, section.reader());
    let pickle = pickle::read(reader, section.len()).map_err(|error| match error {
        pickle::Failure::Io(source) => Error::read(section.name(), source),
        pickle::Failure::Refused(reason) => unusable(reason),
    })?;
    let item = |key: &str| {
        pickle
            .item(pickle.root, key)
            .ok_or_else(|| unusable(format!("its dictionary has no key `{key}`")))
    };
    let labels = labels(&pickle, item("labels")?)
        .ok_or_else(|| unusable("its `labels` is not a list of small numbers".to_owned()))?;
    let (first, length) = pixels(&pickle, item("data")?, n).map_err(&unusable)?;
    if (labels.len(), length) != (n, (n * IMAGE) as u64) {
        let found = labels.len();
        return Err(unusable(format!(
            "it has {found} labels and {length} bytes of pixels, and {n} images are {n} and {}",
            n * IMAGE
        )));
    }
    let batch = Batch {
        section,
        first,
        stride: IMAGE as u64,
        labels,
    };
    batch.check_labels()
}

fn labels(pickle: &Pickle, list: Id) -> Option<Vec<u8>> {
    let Value::List(items) = pickle.value(list) else {
        return None;
    };
    items
        .iter()
        .map(|&item| match pickle.value(item) {
            Value::Integer(label) => u8::try_from(*label).ok(),
            _ => None,
        })
        .collect()
}

/// Offset and number of the bytes of an array of unsigned bytes, `[n, IMAGE]` row by row.
///
/// # References
/// How an array is pickled: NumPy's `ndarray.__reduce__` and `ndarray.__setstate__`.
fn pixels(pickle: &Pickle, array: Id, n: usize) -> std::result::Result<(u64, u64), String> {
    let Value::Object {
        global,
        arguments,
        state,
    } = pickle.value(array)
    else {
        return Err("its `data` is not a NumPy array".to_owned());
    };
    let tuple = |id: Id| match pickle.value(id) {
        Value::Tuple(items) => items.as_slice(),
        _ => &[],
    };
    // Version, shape, type, order and bytes; or bytes, type, shape and order.
    let (shape, kind, by_columns, bytes) = match (global, state.map(tuple), tuple(*arguments)) {
        (Global::Reconstruct, Some(&[_, shape, kind, order, bytes]), _) => {
            let by_columns = matches!(pickle.value(order), Value::Bool(true));
            (shape, kind, by_columns, bytes)
        }
        (Global::FromBuffer, None, &[bytes, kind, shape, order]) => {
            (shape, kind, pickle.text(order) != Some("C"), bytes)
        }
        _ => return Err("its `data` is not a NumPy array".to_owned()),
    };
    let is_bytes = matches!(
        pickle.value(kind),
        Value::Object { global: Global::Dtype, arguments, .. }
            if tuple(*arguments).first().and_then(|&name| pickle.text(name)) == Some("u1")
    );
    let shape: Vec<_> = tuple(shape)
        .iter()
        .map(|&size| pickle.value(size))
        .collect();
    let whole = [n as i64, IMAGE as i64].map(Value::Integer);
    if !is_bytes || by_columns || !shape.iter().copied().eq(&whole) {
        return Err(format!(
            "its `data` is not an array of unsigned bytes, {n} x {IMAGE} row by row"
        ));
    }
    match pickle.value(bytes) {
        Value::Bytes { start, length, .. } => Ok((*start, *length)),
        _ => Err("the pixels of its `data` are not in one piece".to_owned()),
    }
}
