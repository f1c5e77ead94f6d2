//! What NumPy's own functions would have made of what they are given. All errors are reasons.
//!
//! # References
//! NumPy, `numpy/_core/src/multiarray/`: `array_reduce` and `array_setstate` in `methods.c`, `arraydescr_reduce` and
//! `arraydescr_setstate` in `descriptor.c`.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::{Items, MOST_DIMENSIONS, NdArray, Order, product};
use crate::dtype::{ByteOrder, Dtype, Field, Kind};
use crate::globals::Global;
use crate::resolve::Made;
use crate::value::Value;

type Result<T> = std::result::Result<T, String>;

/// `numpy.dtype(code, align, copy)` with the state that follows.
pub(crate) fn dtype(arguments: &[Made], state: Option<&Value>) -> Result<Dtype> {
    let code = match arguments {
        [Made::Value(code), ..] => code.as_name(),
        // The class of a record stands where the code of its bytes would.
        [Made::Global(Global::RecordClass), ..] => Some("V"),
        _ => None,
    };
    let code = code.ok_or("a dtype has no code")?;
    let state = state
        .and_then(Value::as_items)
        .ok_or_else(|| format!("the dtype `{code}` has no state"))?;
    let (Value::Int(version), [order, base, names, fields, size, ..]) =
        state.split_first().unwrap_or((&Value::None, &[]))
    else {
        return Err(format!(
            "the state of the dtype `{code}` has {} parts",
            state.len()
        ));
    };
    if !matches!(version, 3 | 4) {
        return Err(format!(
            "the state of the dtype `{code}` is of version {version}; read are 3 and 4"
        ));
    }
    let byte_order = match order.as_name() {
        Some("<" | "|") => ByteOrder::Little,
        Some(">") => ByteOrder::Big,
        _ => return Err(format!("the dtype `{code}` has the byte order {order}")),
    };
    // Codes with a fixed size have -1 here.
    let size = size.to_i64().and_then(|size| usize::try_from(size).ok());
    let (letter, digits) = match code.char_indices().nth(1) {
        Some((second, _)) => code.split_at(second),
        None => (code, ""),
    };
    let n: Option<usize> = digits.parse().ok();
    let dtype = |kind, size| {
        Ok(Dtype {
            kind,
            size,
            byte_order,
            holds_objects: false,
        })
    };
    match (letter, n, size) {
        ("b", Some(1), _) | ("?", None, _) => dtype(Kind::Bool, 1),
        ("i", Some(n @ (1 | 2 | 4 | 8)), _) => dtype(Kind::Int, n),
        ("u", Some(n @ (1 | 2 | 4 | 8)), _) => dtype(Kind::Uint, n),
        ("f", Some(n @ (2 | 4 | 8)), _) => dtype(Kind::Float, n),
        ("f" | "c" | "M" | "m", Some(n), _) => dtype(Kind::Other(code.to_owned()), n),
        ("S" | "a", _, Some(size)) => dtype(Kind::Bytes, size),
        ("U", _, Some(size)) if size % 4 == 0 => dtype(Kind::Text, size),
        ("O", _, _) => Ok(Dtype {
            kind: Kind::Object,
            size: n.unwrap_or(8),
            byte_order,
            holds_objects: true,
        }),
        ("V", _, Some(size)) => match (base, names) {
            (Value::None, Value::None) => dtype(Kind::Other(format!("V{size}")), size),
            (Value::None, names) => record(names, fields, size),
            (base, _) => subarray(base, size),
        },
        _ => Err(format!(
            "there is no dtype `{code}` of {} bytes",
            size.unwrap_or(0)
        )),
    }
}

fn record(names: &Value, fields: &Value, size: usize) -> Result<Dtype> {
    let names = names
        .as_items()
        .ok_or("the names of a dtype's fields are no tuple")?;
    let fields = fields
        .as_dict()
        .ok_or("the fields of a dtype are no dict")?;
    // Titles are further keys of the same fields, and are passed over.
    if fields.entries().len() > 2 * names.len() {
        return Err(format!(
            "a dtype with {} fields describes {}",
            names.len(),
            fields.entries().len()
        ));
    }
    let by_name: HashMap<&str, &Value> = fields
        .entries()
        .iter()
        .filter_map(|(name, field)| Some((name.as_name()?, field)))
        .collect();
    let mut described = Vec::new();
    let mut n_bytes = 0_usize;
    for name in names {
        let short = name.as_name().zip(name.to_text());
        let (key, name) = short.ok_or("the name of a dtype's field is no short text")?;
        let field = by_name.get(key).and_then(|field| field.as_items());
        let Some([Value::Dtype(dtype), offset, ..]) = field else {
            return Err(format!("the dtype's field {name:?} is not described"));
        };
        let offset = offset
            .to_i64()
            .and_then(|offset| usize::try_from(offset).ok());
        let end = offset.and_then(|offset| offset.checked_add(dtype.size));
        match (offset, end) {
            (Some(offset), Some(end)) if end <= size && dtype.size > 0 => {
                n_bytes = n_bytes.saturating_add(dtype.size);
                described.push(Field {
                    name,
                    offset,
                    dtype: Arc::clone(dtype),
                });
            }
            _ => {
                return Err(format!(
                    "the dtype's field {name:?} does not lie within its {size} bytes"
                ));
            }
        }
    }
    // Fields that share bytes could have these read any number of times.
    if n_bytes > size {
        return Err(format!("a dtype of {size} bytes has fields of {n_bytes}"));
    }
    Ok(Dtype {
        holds_objects: described.iter().any(|field| field.dtype.holds_objects),
        kind: Kind::Record(described.into()),
        size,
        byte_order: ByteOrder::Little,
    })
}

fn subarray(base: &Value, size: usize) -> Result<Dtype> {
    let Some([Value::Dtype(base), given]) = base.as_items() else {
        return Err("a dtype of arrays is not described".to_owned());
    };
    let shape = match given.to_i64() {
        Some(n) => vec![length(n)?],
        None => shape(given)?,
    };
    let n = product(&shape).filter(|_| base.size > 0);
    if n.and_then(|n| n.checked_mul(base.size)) != Some(size) {
        return Err(format!(
            "a dtype of arrays of shape {shape:?} and dtype {base} has {size} bytes"
        ));
    }
    Ok(Dtype {
        holds_objects: base.holds_objects,
        kind: Kind::Subarray(Arc::clone(base), shape.into()),
        size,
        byte_order: ByteOrder::Little,
    })
}

/// The array whose `__setstate__` gets `state`.
pub(crate) fn array_from_state(state: Option<&Value>) -> Result<NdArray> {
    let parts = state
        .and_then(Value::as_items)
        .ok_or("an array has no state")?;
    let [
        Value::Int(1),
        given_shape,
        Value::Dtype(dtype),
        fortran,
        data,
    ] = parts
    else {
        return Err(format!(
            "the state of an array has {} parts that are not as NumPy writes them",
            parts.len()
        ));
    };
    let items = match data {
        Value::List(values) => Items::Values(Arc::clone(values)),
        data => Items::Bytes(raw(data)?),
    };
    let order = match (fortran.to_i64(), &items) {
        (Some(0), _) | (Some(1), Items::Values(_)) => Order::C,
        (Some(1), _) => Order::Fortran,
        _ => return Err(format!("an array's order is {fortran}")),
    };
    NdArray::try_new(Arc::clone(dtype), shape(given_shape)?, order, items)
}

/// `_frombuffer(buffer, dtype, shape, order, axis_order)`
pub(crate) fn array_from_buffer(arguments: &[Made]) -> Result<Value> {
    let [
        Made::Value(buffer),
        Made::Value(Value::Dtype(dtype)),
        Made::Value(given_shape),
        Made::Value(order),
        axes @ ..,
    ] = arguments
    else {
        return Err("an array in a buffer is not as NumPy writes it".to_owned());
    };
    let shape = shape(given_shape)?;
    let items = Items::Bytes(raw(buffer)?);
    match (order.as_name(), axes) {
        (Some("C"), []) => array(dtype, shape, Order::C, items),
        (Some("F"), []) => array(dtype, shape, Order::Fortran, items),
        (Some("C" | "F"), [Made::Value(Value::None)]) => {
            let order = if order.as_name() == Some("C") {
                Order::C
            } else {
                Order::Fortran
            };
            array(dtype, shape, order, items)
        }
        (Some("K"), [Made::Value(axes)]) => {
            let axes = self::shape(axes)?;
            let array = NdArray::try_new(Arc::clone(dtype), shape, Order::C, items)?;
            let array = array
                .transposed(&axes)
                .ok_or("the axes of an array are not in any order")?;
            Ok(Value::Array(Arc::new(array)))
        }
        _ => Err(format!("an array's order is {order}")),
    }
}

/// `scalar(dtype, item)`
pub(crate) fn scalar(dtype: &Arc<Dtype>, item: &Value) -> Result<Value> {
    if matches!(dtype.kind, Kind::Object) {
        return Ok(item.clone());
    }
    let items = match item {
        Value::Tuple(_) if dtype.holds_objects => Items::Values([item.clone()].into()),
        item => Items::Bytes(raw(item)?),
    };
    array(dtype, Vec::new(), Order::C, items)
}

fn array(dtype: &Arc<Dtype>, shape: Vec<usize>, order: Order, items: Items) -> Result<Value> {
    let array = NdArray::try_new(Arc::clone(dtype), shape, order, items)?;
    Ok(Value::Array(Arc::new(array)))
}

fn raw(data: &Value) -> Result<Bytes> {
    match data {
        Value::Bytes(bytes) | Value::Python2String(bytes) => Ok(bytes.clone()),
        other => Err(format!("the items of an array are {other}")),
    }
}

fn shape(given: &Value) -> Result<Vec<usize>> {
    let lengths = given.as_items().ok_or("an array's shape is no tuple")?;
    if lengths.len() > MOST_DIMENSIONS {
        return Err(format!("an array has {} dimensions", lengths.len()));
    }
    lengths
        .iter()
        .map(|n| {
            length(
                n.to_i64()
                    .ok_or_else(|| format!("an array's length is {n}"))?,
            )
        })
        .collect()
}

fn length(n: i64) -> Result<usize> {
    usize::try_from(n).map_err(|_| format!("an array's length is {n}"))
}
