//! Writes a dict of NumPy arrays and lists of texts as a pickle, which `pickle.load` reads with every NumPy since 1.16.
//!
//! An array's bytes are streamed: nothing here is as large as what is written.
//!
//! What is deliberately absent: other values, shared values, and protocols before the fourth, which cannot hold more than 4 GiB
//! in one piece.

use std::io::{self, Read, Write};

/// A value of the dict.
pub enum Item<'a> {
    /// A list of texts.
    Texts(Vec<String>),
    /// An array in C order.
    Array {
        /// The type of its elements.
        dtype: ItemType,
        /// Its shape.
        shape: Vec<usize>,
        /// The bytes of its elements, little-endian.
        bytes: Box<dyn Read + 'a>,
    },
    /// A one-dimensional record array.
    Records {
        /// Names and types of the fields, in their order, without padding between them.
        fields: Vec<(String, ItemType)>,
        /// How many records.
        n_records: usize,
        /// The records' bytes, one behind the other.
        bytes: Box<dyn Read + 'a>,
    },
}

/// The type of an array's elements, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemType {
    /// `<f8`
    Float64,
    /// `<i8`
    Int64,
    /// `<U{n}`: texts of at most n characters, four bytes each.
    Text(usize),
}

impl ItemType {
    /// Bytes of an element.
    pub fn n_bytes(self) -> usize {
        match self {
            Self::Float64 | Self::Int64 => 8,
            Self::Text(n) => n * CHARACTER_BYTES,
        }
    }

    fn code(self) -> String {
        match self {
            Self::Float64 => "f8".to_owned(),
            Self::Int64 => "i8".to_owned(),
            Self::Text(n) => format!("U{n}"),
        }
    }
}

/// Bytes of a character of NumPy's texts.
const CHARACTER_BYTES: usize = 4;

/// Writes a text as an element of [`ItemType::Text`]: its characters, four bytes each, and zeros up to `n`.
///
/// # Errors
/// Those of `out`.
pub fn text(out: &mut impl Write, text: &str, n: usize) -> io::Result<()> {
    let mut rest = n;
    for character in text.chars().take(n) {
        out.write_all(&u32::from(character).to_le_bytes())?;
        rest -= 1;
    }
    (0..rest).try_for_each(|_| out.write_all(&[0; CHARACTER_BYTES]))
}

/// Writes a dict of these entries, by protocol 4.
///
/// # Errors
/// Those of `out` and of what is streamed, and [`io::ErrorKind::InvalidInput`] for an array of fewer bytes than its shape says.
pub fn write(out: &mut impl Write, entries: Vec<(&str, Item<'_>)>) -> io::Result<()> {
    let mut pickle = Pickle { out };
    pickle.put(b"\x80\x04}(")?;
    for (key, item) in entries {
        pickle.text(key)?;
        match item {
            Item::Texts(texts) => {
                pickle.put(b"](")?;
                for text in texts {
                    pickle.text(&text)?;
                }
                pickle.put(b"e")?;
            }
            Item::Array {
                dtype,
                shape,
                bytes,
            } => {
                let n_bytes = shape.iter().product::<usize>() * dtype.n_bytes();
                pickle.array(
                    "ndarray",
                    &shape,
                    |pickle| pickle.dtype(dtype),
                    n_bytes,
                    bytes,
                )?;
            }
            Item::Records {
                fields,
                n_records,
                bytes,
            } => {
                let record_bytes: usize = fields.iter().map(|(_, dtype)| dtype.n_bytes()).sum();
                let dtype = |pickle: &mut Pickle<'_, _>| pickle.record_dtype(&fields, record_bytes);
                let n_bytes = n_records * record_bytes;
                pickle.array("recarray", &[n_records], dtype, n_bytes, bytes)?;
            }
        }
    }
    pickle.put(b"u.")
}

/// The instructions of a pickle.
struct Pickle<'a, W> {
    out: &'a mut W,
}

impl<W: Write> Pickle<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.put(b"\x8d")?;
        self.put(&(text.len() as u64).to_le_bytes())?;
        self.put(text.as_bytes())
    }

    fn integer(&mut self, value: usize) -> io::Result<()> {
        match i32::try_from(value) {
            Ok(value) => {
                self.put(b"J")?;
                self.put(&value.to_le_bytes())
            }
            // Nine bytes, so that the sign's is zero.
            Err(_) => {
                self.put(b"\x8a\x09")?;
                self.put(&(value as u64).to_le_bytes())?;
                self.put(&[0])
            }
        }
    }

    fn global(&mut self, module: &str, name: &str) -> io::Result<()> {
        self.put(format!("c{module}\n{name}\n").as_bytes())
    }

    /// An array of `class`: an empty one, which is then given its state.
    fn array(
        &mut self,
        class: &str,
        shape: &[usize],
        dtype: impl FnOnce(&mut Self) -> io::Result<()>,
        n_bytes: usize,
        bytes: Box<dyn Read + '_>,
    ) -> io::Result<()> {
        // This old name is known to NumPy 1 and 2.
        self.global("numpy.core.multiarray", "_reconstruct")?;
        self.global("numpy", class)?;
        self.put(b"K\x00\x85C\x01b\x87R(K\x01(")?;
        for &length in shape {
            self.integer(length)?;
        }
        self.put(b"t")?;
        dtype(self)?;
        self.put(b"\x89\x8e")?;
        self.put(&(n_bytes as u64).to_le_bytes())?;
        let copied = io::copy(&mut bytes.take(n_bytes as u64), self.out)?;
        if copied != n_bytes as u64 {
            let problem = format!("an array of {n_bytes} bytes has {copied}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        self.put(b"tb")
    }

    fn dtype(&mut self, dtype: ItemType) -> io::Result<()> {
        self.dtype_of(&dtype.code())?;
        self.put(b"(K\x03")?;
        self.text("<")?;
        self.put(b"NNN")?;
        match dtype {
            ItemType::Float64 | ItemType::Int64 => {
                self.put(b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00")?;
            }
            ItemType::Text(_) => {
                self.integer(dtype.n_bytes())?;
                self.put(b"K\x04K\x08")?;
            }
        }
        self.put(b"tb")
    }

    fn record_dtype(&mut self, fields: &[(String, ItemType)], n_bytes: usize) -> io::Result<()> {
        self.dtype_of(&format!("V{n_bytes}"))?;
        self.put(b"(K\x03")?;
        self.text("|")?;
        self.put(b"N(")?;
        for (name, _) in fields {
            self.text(name)?;
        }
        self.put(b"t}(")?;
        let mut offset = 0;
        for (name, dtype) in fields {
            self.text(name)?;
            self.dtype(*dtype)?;
            self.integer(offset)?;
            self.put(b"\x86")?;
            offset += dtype.n_bytes();
        }
        self.put(b"u")?;
        self.integer(n_bytes)?;
        self.put(b"K\x01K\x18tb")
    }

    /// `numpy.dtype(code, False, True)`
    fn dtype_of(&mut self, code: &str) -> io::Result<()> {
        self.global("numpy", "dtype")?;
        self.text(code)?;
        self.put(b"\x89\x88\x87R")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let floats: Vec<u8> = [1.5, f64::NAN, -0.0, f64::INFINITY, 2.0, 3.0]
            .into_iter()
            .flat_map(f64::to_le_bytes)
            .collect();
        let mut records = Vec::new();
        for (name, seed) in [("é", 3_i64), ("two", -4)] {
            text(&mut records, name, 3).unwrap();
            records.extend(seed.to_le_bytes());
        }
        let mut pickle = Vec::new();
        write(
            &mut pickle,
            vec![
                ("keys", Item::Texts(vec!["a".to_owned(), "b".to_owned()])),
                (
                    "X",
                    Item::Array {
                        dtype: ItemType::Float64,
                        shape: vec![2, 3],
                        bytes: Box::new(floats.as_slice()),
                    },
                ),
                (
                    "meta",
                    Item::Records {
                        fields: vec![
                            ("name".to_owned(), ItemType::Text(3)),
                            ("seed".to_owned(), ItemType::Int64),
                        ],
                        n_records: 2,
                        bytes: Box::new(records.as_slice()),
                    },
                ),
            ],
        )
        .unwrap();
        let value = crate::read(pickle).unwrap();
        let dict = value.as_dict().unwrap();
        assert_eq!(dict.get("keys").unwrap().as_items().unwrap().len(), 2);
        let array = dict.get("X").unwrap().as_array().unwrap();
        assert_eq!(array.shape(), [2, 3]);
        let values = array.to_f64().unwrap();
        assert_eq!(values[0], 1.5);
        assert!(values[1].is_nan());
        assert_eq!(values[3..], [f64::INFINITY, 2.0, 3.0]);
        let meta = dict.get("meta").unwrap().as_array().unwrap();
        let names = meta.field("name").unwrap().to_texts().unwrap();
        assert_eq!(
            names.iter().map(|name| &**name).collect::<Vec<_>>(),
            ["é", "two"]
        );
        assert_eq!(meta.field("seed").unwrap().to_i64().unwrap(), [3, -4]);
    }

    #[test]
    fn an_array_of_too_few_bytes_is_refused() {
        let item = Item::Array {
            dtype: ItemType::Int64,
            shape: vec![2],
            bytes: Box::new([0_u8; 9].as_slice()),
        };
        let error = write(&mut Vec::new(), vec![("X", item)]).unwrap_err();
        assert_eq!(error.to_string(), "an array of 16 bytes has 9");
    }
}
