//! The type of an array's items.

use std::fmt;
use std::sync::Arc;

use crate::text::Text;

/// The most fields that a dtype's description names.
const NAMED_FIELDS: usize = 12;

/// The type of an array's items.
#[derive(Clone)]
pub struct Dtype {
    /// What an item is.
    pub(crate) kind: Kind,
    /// Bytes of an item.
    pub(crate) size: usize,
    /// The order of the bytes of numbers and characters.
    pub(crate) byte_order: ByteOrder,
    /// Whether an item is a Python object or holds one.
    pub(crate) holds_objects: bool,
}

/// What an item of an array is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Kind {
    /// One byte, 0 or 1.
    Bool,
    /// An integer with a sign, of 1, 2, 4 or 8 bytes.
    Int,
    /// An integer without a sign, of 1, 2, 4 or 8 bytes.
    Uint,
    /// A float of 2, 4 or 8 bytes.
    Float,
    /// Bytes, filled up with zeros.
    Bytes,
    /// A text of four bytes a character, filled up with zeros.
    Text,
    /// A Python object.
    Object,
    /// Named fields.
    Record(Arc<[Field]>),
    /// An array of a fixed shape, which occurs as a field.
    Subarray(Arc<Dtype>, Arc<[usize]>),
    /// A kind whose items are kept and not read, by NumPy's code: dates (`M8`), complex numbers (`c16`), ...
    Other(String),
}

/// A field of a record.
#[derive(Clone)]
pub struct Field {
    /// Its name.
    pub name: Text,
    /// Where it starts in the record, in bytes.
    pub offset: usize,
    /// What it holds.
    pub dtype: Arc<Dtype>,
}

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The least byte first.
    Little,
    /// The greatest byte first.
    Big,
}

impl Dtype {
    /// What an item is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Bytes of an item.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The order of the bytes of numbers and characters.
    pub fn byte_order(&self) -> ByteOrder {
        self.byte_order
    }

    /// The fields of a record; none for other kinds.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Record(fields) => fields,
            _ => &[],
        }
    }
}

/// NumPy's code, such as `<f8`; of a record, the names of its fields.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.byte_order {
            _ if self.size <= 1 => '|',
            ByteOrder::Little => '<',
            ByteOrder::Big => '>',
        };
        match &self.kind {
            Kind::Bool => write!(f, "|b1"),
            Kind::Int => write!(f, "{order}i{}", self.size),
            Kind::Uint => write!(f, "{order}u{}", self.size),
            Kind::Float => write!(f, "{order}f{}", self.size),
            Kind::Bytes => write!(f, "|S{}", self.size),
            Kind::Text => write!(f, "{order}U{}", self.size / 4),
            Kind::Object => write!(f, "|O"),
            Kind::Record(fields) => {
                write!(f, "records (")?;
                for (i, field) in fields.iter().take(NAMED_FIELDS).enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", crate::cursor::shortened(&field.name))?;
                }
                let more = if fields.len() > NAMED_FIELDS {
                    ", …)"
                } else {
                    ")"
                };
                write!(f, "{more}")
            }
            Kind::Subarray(_, shape) => write!(f, "arrays of shape {shape:?}"),
            Kind::Other(code) => write!(f, "{order}{code}"),
        }
    }
}

impl fmt::Debug for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
