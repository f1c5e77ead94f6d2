//! Reads the few kinds of values that CIFAR-10's pickles are made of, and executes nothing.
//!
//! A pickle is a program for a stack machine that may call any function of Python. This reader knows the instructions
//! that write numbers, strings, tuples, lists, dictionaries and NumPy arrays, as Python 2 (protocol 2) and Python 3
//! (protocols 3 to 5) write them, and calls nothing: a call becomes an [`Value::Object`] that remembers its arguments.
//! Any other instruction, and any function that has no part in an array, is refused with its name.
//!
//! # References
//! PEP 307, PEP 3154, PEP 574, and CPython's `pickletools`.

mod machine;

use std::io;

pub(super) use machine::read;

/// Why a pickle cannot be read.
#[derive(Debug)]
pub(super) enum Failure {
    /// The file cannot be read.
    Io(io::Error),
    /// It is not such a pickle; what it has instead.
    Refused(String),
}

type Result<T> = std::result::Result<T, Failure>;

fn refused<T>(reason: impl Into<String>) -> Result<T> {
    Err(Failure::Refused(reason.into()))
}

/// Which of the values of a pickle.
pub(super) type Id = usize;

/// Functions and classes of NumPy that arrays are pickled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// Makes an array that its state will fill.
    Reconstruct,
    /// Makes an array of bytes.
    FromBuffer,
    /// The class of arrays.
    Array,
    /// The class of element types.
    Dtype,
}

impl Global {
    fn named(module: &str, name: &str) -> Result<Self> {
        match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Ok(Self::Reconstruct)
            }
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Ok(Self::FromBuffer),
            ("numpy", "ndarray") => Ok(Self::Array),
            ("numpy", "dtype") => Ok(Self::Dtype),
            _ => refused(format!(
                "its pickle asks for `{module}.{name}`, which no array of images needs; nothing was executed"
            )),
        }
    }
}

/// A value of a pickle.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Integer(i64),
    /// Text or bytes: its place in the file, and itself where it is short.
    Bytes {
        start: u64,
        length: u64,
        kept: Vec<u8>,
    },
    Tuple(Vec<Id>),
    List(Vec<Id>),
    /// Keys and values, in order.
    Dictionary(Vec<(Id, Id)>),
    Global(Global),
    /// What a call would have made.
    Object {
        global: Global,
        /// A tuple.
        arguments: Id,
        state: Option<Id>,
    },
}

/// A pickle that was read.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<Value>,
    /// The value that all others belong to.
    pub(super) root: Id,
}

impl Pickle {
    /// Value `id`.
    pub(super) fn value(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// Text, where the value is a short one.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Value::Bytes { kept, .. } => std::str::from_utf8(kept).ok(),
            _ => None,
        }
    }

    /// What a dictionary has at `key`.
    pub(super) fn item(&self, dictionary: Id, key: &str) -> Option<Id> {
        match self.value(dictionary) {
            Value::Dictionary(items) => items
                .iter()
                .rev()
                .find_map(|&(name, value)| (self.text(name) == Some(key)).then_some(value)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
