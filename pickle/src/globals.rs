//! The functions and classes that a pickle may name: those that NumPy data and plain containers are pickled with.
//!
//! Naming one does nothing. [`crate::resolve`] knows what each of them would have made, and makes that.

/// A function or class on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `numpy.ndarray` and its subclass for records; the two differ in how Python reaches fields.
    ArrayClass,
    /// `numpy.record`, the class of a record array's items, which stands in a dtype's place.
    RecordClass,
    /// `numpy.dtype`
    Dtype,
    /// Makes an empty array, whose state follows.
    Reconstruct,
    /// Makes an array of a buffer (protocol 5).
    FromBuffer,
    /// Makes a NumPy scalar.
    Scalar,
    /// `_codecs.encode`: how Python 3 writes bytes for protocols without them.
    Encode,
    /// `bytes` and `bytearray`
    Bytes,
    /// `set` and `frozenset`
    Set,
    /// `list`
    List,
    /// `tuple`
    Tuple,
    /// `dict` and `collections.OrderedDict`
    Dict,
    /// `object`, as the base class that a reconstruction starts from.
    Object,
    /// `copyreg._reconstructor`: how protocols 0 and 1 write objects.
    Reconstructor,
}

impl Global {
    /// The member of the list that a pickle calls `module` and `name`, under the names of Python 2 and 3 and of NumPy before
    /// and after 2.0.
    pub(crate) fn find(module: &str, name: &str) -> Option<Self> {
        Some(match (module, name) {
            ("numpy", "ndarray" | "recarray")
            | ("numpy.rec" | "numpy.core.records" | "numpy._core.records", "recarray") => {
                Self::ArrayClass
            }
            ("numpy" | "numpy.rec" | "numpy.core.records" | "numpy._core.records", "record") => {
                Self::RecordClass
            }
            ("numpy", "dtype") => Self::Dtype,
            (
                "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.core._multiarray_umath",
                "_reconstruct",
            ) => Self::Reconstruct,
            (
                "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.core._multiarray_umath",
                "scalar",
            ) => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("_codecs", "encode") => Self::Encode,
            ("builtins" | "__builtin__", "bytes" | "bytearray") => Self::Bytes,
            ("builtins" | "__builtin__", "set" | "frozenset") => Self::Set,
            ("builtins" | "__builtin__", "list") => Self::List,
            ("builtins" | "__builtin__", "tuple") => Self::Tuple,
            ("builtins" | "__builtin__", "dict") | ("collections", "OrderedDict") => Self::Dict,
            ("builtins" | "__builtin__", "object") => Self::Object,
            ("copyreg" | "copy_reg", "_reconstructor") => Self::Reconstructor,
            _ => return None,
        })
    }

    /// How messages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ArrayClass => "numpy.ndarray",
            Self::RecordClass => "numpy.record",
            Self::Dtype => "numpy.dtype",
            Self::Reconstruct => "numpy's _reconstruct",
            Self::FromBuffer => "numpy's _frombuffer",
            Self::Scalar => "numpy's scalar",
            Self::Encode => "_codecs.encode",
            Self::Bytes => "bytes",
            Self::Set => "set",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Dict => "dict",
            Self::Object => "object",
            Self::Reconstructor => "copyreg._reconstructor",
        }
    }
}
