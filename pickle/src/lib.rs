//! Reads the NumPy data of untrusted Python pickles, executing nothing.
//!
//! A pickle is a program. Python runs it, imports what it names and calls that, so that whoever writes a pickle decides what
//! its reader's machine does. Here the program makes descriptions and calls nothing; it may name only what arrays, records,
//! scalars and plain containers are pickled with, and anything else is an error that says what was named, and where.
//!
//! * [`read`] gives a [`Value`], whose arrays are views of the file's bytes ([`NdArray`]).
//! * [`published_dataset`] makes of such a value the dataset that the study published.
//!
//! # What a hostile file cannot do
//! A length is compared with what is left of the file before anything is allocated for it. Values that a pickle refers to many
//! times are shared and not repeated, entries and bytes that are made of others are made once, values are made and nested
//! up to fixed limits, and a value that contains itself is an error. What remains is that one byte can ask for a value, which
//! takes some two hundred: less than two gigabytes at the limit.
//!
//! # Why not a crate
//! `serde-pickle` gives an object's state in the object's place and forgets which class it was, so that an array cannot be
//! told from a tuple; and it writes shared values out. `deser-pickle` has classes and shares values, but forgets an object's
//! arguments where it has a state, and a dtype is both. The readers in `candle` and `tch` know tensors and no NumPy.
//!
//! What is deliberately absent: classes of any kind, masked arrays, buffers that lie outside the file, and dates and
//! complex numbers as anything but bytes.

mod array;
mod columns;
mod cursor;
mod dtype;
mod error;
mod globals;
mod graph;
mod machine;
mod numpy;
mod other_formats;
pub mod published_dataset;
mod resolve;
mod text;
mod value;
pub mod write;

use bytes::Bytes;

pub use array::NdArray;
pub use dtype::{ByteOrder, Dtype, Field, Kind};
pub use error::{Error, Result};
pub use published_dataset::PublishedDataset;
pub use text::Text;
pub use value::{Dict, Value};

/// Reads the one value of a pickle. Arrays keep `bytes` in memory and do not copy them.
///
/// ```
/// let pickle = b"\x80\x04}\x8c\x04seedK\x07s.";
/// let value = engram_pickle::read(pickle.as_slice())?;
/// let seed = value.as_dict().and_then(|dict| dict.get("seed"));
/// assert_eq!(seed.and_then(engram_pickle::Value::to_i64), Some(7));
/// # Ok::<(), engram_pickle::Error>(())
/// ```
///
/// # Errors
/// Where the file is not a pickle of what is read here, or more than one.
pub fn read(bytes: impl Into<Bytes>) -> Result<Value> {
    let bytes = bytes.into();
    let n_bytes = bytes.len();
    match read_first(bytes)? {
        (value, end) if end == n_bytes => Ok(value),
        (_, end) => Err(Error::Trailing {
            position: end,
            n_bytes: n_bytes - end,
        }),
    }
}

/// Reads the first value of a file of pickles, and says where its pickle ends.
///
/// # Errors
/// Where the file does not start with a pickle of what is read here.
pub fn read_first(bytes: impl Into<Bytes>) -> Result<(Value, usize)> {
    let bytes = bytes.into();
    other_formats::refuse_known(&bytes)?;
    let ran = machine::Machine::run(bytes.clone());
    let (graph, root, end) = ran.map_err(|error| other_formats::instead_of(error, &bytes))?;
    Ok((resolve::resolve(&graph, root)?, end))
}
