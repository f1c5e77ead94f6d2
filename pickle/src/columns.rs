//! From an array to a column of numbers or texts, in the order in which the last index changes first.

use bytes::Bytes;

use crate::array::{Items, NdArray};
use crate::dtype::{ByteOrder, Dtype, Kind};
use crate::text::Text;
use crate::value::Value;
use crate::{Error, Result};

impl NdArray {
    /// The items as floats; integers are rounded to the nearest float.
    ///
    /// # Errors
    /// Where an item is no number.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let dtype = self.dtype();
        match (dtype.kind(), dtype.size()) {
            (Kind::Float, 8) => {
                self.convert("floats", |b| number::<8, _>(b, dtype, f64::from_le_bytes))
            }
            (Kind::Float, 4) => self.convert("floats", |b| {
                Some(number::<4, _>(b, dtype, f32::from_le_bytes)?.into())
            }),
            (Kind::Float, 2) => self.convert("floats", |b| {
                Some(half(number::<2, _>(b, dtype, u16::from_le_bytes)?))
            }),
            (Kind::Bool | Kind::Int | Kind::Uint, _) => {
                self.convert("floats", |b| integer(b, dtype).map(|value| value as f64))
            }
            (Kind::Object, _) => self.convert_values("floats", Value::to_f64),
            _ => Err(self.no_conversion("floats")),
        }
    }

    /// The items as integers.
    ///
    /// # Errors
    /// Where an item is no integer, or one that does not fit.
    pub fn to_i64(&self) -> Result<Vec<i64>> {
        let dtype = self.dtype();
        match dtype.kind() {
            Kind::Bool | Kind::Int | Kind::Uint => {
                self.convert("integers", |b| i64::try_from(integer(b, dtype)?).ok())
            }
            Kind::Object => self.convert_values("integers", Value::to_i64),
            _ => Err(self.no_conversion("integers")),
        }
    }

    /// The items as texts; bytes have to be UTF-8.
    ///
    /// # Errors
    /// Where an item is no text.
    pub fn to_texts(&self) -> Result<Vec<Text>> {
        let dtype = self.dtype();
        match dtype.kind() {
            Kind::Text => self.convert("texts", |b| characters(b, dtype)),
            Kind::Bytes => self.convert("texts", |b| {
                let end = b
                    .iter()
                    .rposition(|&byte| byte != 0)
                    .map_or(0, |last| last + 1);
                Text::try_from(Bytes::copy_from_slice(b.get(..end)?)).ok()
            }),
            Kind::Object => self.convert_values("texts", Value::to_text),
            _ => Err(self.no_conversion("texts")),
        }
    }

    /// The items as they are, where they are Python objects. A record among them is a tuple.
    ///
    /// # Errors
    /// Where they are not.
    pub fn to_values(&self) -> Result<Vec<Value>> {
        self.convert_values("objects", |value| Some(value.clone()))
    }

    /// Converts every item, of bytes as `from_bytes` says.
    fn convert<T>(
        &self,
        wanted: &'static str,
        from_bytes: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>>
    where
        T: FromValue,
    {
        let Items::Bytes(bytes) = &self.items else {
            return self.convert_values(wanted, T::from_value);
        };
        let size = self.dtype().size();
        self.collect(wanted, |offset| {
            item(bytes, offset, size).and_then(&from_bytes)
        })
    }

    fn convert_values<T>(
        &self,
        wanted: &'static str,
        from_value: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>> {
        let Items::Values(values) = &self.items else {
            return Err(self.no_conversion(wanted));
        };
        self.collect(wanted, |offset| values.get(offset).and_then(&from_value))
    }

    fn collect<T>(
        &self,
        wanted: &'static str,
        convert: impl Fn(usize) -> Option<T>,
    ) -> Result<Vec<T>> {
        let mut converted = Vec::with_capacity(self.len());
        for (n, offset) in self.offsets().enumerate() {
            converted.push(convert(offset).ok_or_else(|| Error::Conversion {
                dtype: self.dtype().to_string(),
                wanted,
                reason: format!("item {n} is something else, or out of range"),
            })?);
        }
        Ok(converted)
    }

    fn no_conversion(&self, wanted: &'static str) -> Error {
        let reason = match self.dtype().kind() {
            Kind::Record(_) => "it has fields, which are read one by one",
            Kind::Other(code) if code.starts_with(['M', 'm']) => "dates and durations are not read",
            Kind::Other(_) => "this dtype is not read",
            _ => "its items are of another kind",
        };
        Error::Conversion {
            dtype: self.dtype().to_string(),
            wanted,
            reason: reason.to_owned(),
        }
    }
}

/// What a Python object can be read as.
trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.to_f64()
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.to_i64()
    }
}

impl FromValue for Text {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            // A field of bytes, in a record that holds objects too.
            Value::Bytes(bytes) => Text::try_from(bytes.clone()).ok(),
            _ => value.to_text(),
        }
    }
}

fn item(bytes: &Bytes, offset: usize, size: usize) -> Option<&[u8]> {
    bytes.get(offset..)?.get(..size)
}

/// A number of `N` bytes, which `from_le` makes of the least byte first.
fn number<const N: usize, T>(
    bytes: &[u8],
    dtype: &Dtype,
    from_le: impl Fn([u8; N]) -> T,
) -> Option<T> {
    let mut bytes: [u8; N] = bytes.try_into().ok()?;
    if dtype.byte_order() == ByteOrder::Big {
        bytes.reverse();
    }
    Some(from_le(bytes))
}

fn integer(bytes: &[u8], dtype: &Dtype) -> Option<i128> {
    let big = dtype.byte_order() == ByteOrder::Big;
    let &highest = if big { bytes.first()? } else { bytes.last()? };
    let sign = match dtype.kind() {
        Kind::Int if highest >= 0x80 => -1,
        _ => 0,
    };
    let push = |value: i128, &byte: &u8| value << 8 | i128::from(byte);
    Some(if big {
        bytes.iter().fold(sign, push)
    } else {
        bytes.iter().rev().fold(sign, push)
    })
}

/// The number in half precision whose bits are `bits`.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    match bits >> 10 & 0x1f {
        0 => sign * fraction * f64::powi(2.0, -14),
        0x1f if fraction == 0.0 => sign * f64::INFINITY,
        0x1f => f64::NAN,
        exponent => sign * (1.0 + fraction) * f64::powi(2.0, i32::from(exponent) - 15),
    }
}

/// The text of four bytes a character, without the zeros at its end.
fn characters(bytes: &[u8], dtype: &Dtype) -> Option<Text> {
    let (characters, _) = bytes.as_chunks::<4>();
    let mut text: String = characters
        .iter()
        .map(|character| char::from_u32(number::<4, u32>(character, dtype, u32::from_le_bytes)?))
        .collect::<Option<_>>()?;
    text.truncate(text.trim_end_matches('\0').len());
    Some(text.into())
}
