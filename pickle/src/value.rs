//! What a pickle holds, as Rust sees it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::array::NdArray;
use crate::dtype::Dtype;
use crate::text::Text;

/// The most bytes of a name: of a dtype, a field, an entry of a dict.
pub(crate) const LONGEST_NAME: usize = 1_000;

/// A value of a pickle. Clones share memory.
///
/// Values may be shared inside, so that walking all of a hostile pickle's values by every path may take forever; looking up what
/// is known by name does not. For that reason there is neither equality nor a full `Debug`: both would walk.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i128),
    /// `float`
    Float(f64),
    /// `str`
    Text(Text),
    /// `bytes` or `bytearray`
    Bytes(Bytes),
    /// `str` of Python 2: a text or bytes, which only its reader knows.
    Python2String(Bytes),
    /// `list`
    List(Arc<[Value]>),
    /// `tuple`
    Tuple(Arc<[Value]>),
    /// `set` or `frozenset`, in the order of the file
    Set(Arc<[Value]>),
    /// `dict` or `collections.OrderedDict`
    Dict(Dict),
    /// A NumPy array, or a NumPy scalar, which is an array without dimensions.
    Array(Arc<NdArray>),
    /// The type of an array's items.
    Dtype(Arc<Dtype>),
}

impl Value {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Python2String(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The text, where it is one that is short enough to be a name. Longer ones are not looked into, because a pickle may
    /// have the same one looked into again and again.
    pub(crate) fn as_name(&self) -> Option<&str> {
        let n_bytes = match self {
            Self::Text(text) => text.len(),
            Self::Python2String(bytes) => bytes.len(),
            _ => return None,
        };
        (n_bytes <= LONGEST_NAME).then(|| self.as_str()).flatten()
    }

    /// The text of a text or of a NumPy scalar that is one.
    pub fn to_text(&self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Python2String(bytes) => Text::try_from(bytes.clone()).ok(),
            Self::Array(array) if array.is_scalar() => array.to_texts().ok()?.pop(),
            _ => None,
        }
    }

    /// The integer of an int, a bool or a NumPy scalar that is one.
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Int(value) => i64::try_from(*value).ok(),
            Self::Array(array) if array.is_scalar() => array.to_i64().ok()?.pop(),
            _ => None,
        }
    }

    /// The number of a float, an int, a bool or a NumPy scalar that is one; integers are rounded to the nearest float.
    pub fn to_f64(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Array(array) if array.is_scalar() => array.to_f64().ok()?.pop(),
            _ => None,
        }
    }

    /// The dict, where it is one.
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The array, where it is one.
    pub fn as_array(&self) -> Option<&NdArray> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }
}

/// What it is in a few words, without what is inside.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "`{}`", crate::cursor::shortened(text)),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Python2String(bytes) => match self.as_str() {
                Some(text) => write!(f, "`{}`", crate::cursor::shortened(text)),
                None => write!(f, "a string of {} bytes", bytes.len()),
            },
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Tuple(items) => write!(f, "a tuple of {}", items.len()),
            Self::Set(items) => write!(f, "a set of {}", items.len()),
            Self::Dict(dict) => write!(f, "a dict of {}", dict.entries().len()),
            Self::Array(array) => array.fmt(f),
            Self::Dtype(dtype) => write!(f, "the dtype {dtype}"),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The entries of a dict, in the order of the file. Where a key is given again, the later entry counts.
#[derive(Clone)]
pub struct Dict(pub(crate) Arc<[(Value, Value)]>);

impl Dict {
    /// The value of `key`, a text of at most 1,000 bytes.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0
            .iter()
            .rev()
            .find(|(given, _)| given.as_name() == Some(key))
            .map(|(_, value)| value)
    }

    /// Keys and values.
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.0
    }
}
