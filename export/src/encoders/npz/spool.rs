//! One column on its way to an array.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, GenericListArray,
    OffsetSizeTrait,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Int64Type, TimeUnit};

use super::super::refused;
use super::header::{ORDER, header};
use super::poured;
use crate::format::Format;
use crate::{Error, Result};

/// NumPy's moment that is none.
const NOT_A_TIME: i64 = i64::MIN;

/// How many texts are brought to their width at a time.
const PAGE_BYTES: usize = 1 << 16;

/// The values of a column, in an unnamed file.
pub(super) struct Spool {
    name: String,
    kind: Kind,
    /// The lengths of the lists that each row holds, outermost first; unknown before the first row.
    lengths: Vec<Option<usize>>,
    n_rows: usize,
    file: BufWriter<File>,
}

/// What the values are, lists aside.
enum Kind {
    Boolean,
    /// Numbers that are written as they lie in memory.
    Number(DataType),
    /// Days, moments and durations, with the unit.
    Time {
        letter: char,
        unit: &'static str,
    },
    /// Texts, and the most characters that one has.
    Text {
        width: usize,
    },
}

impl Spool {
    pub(super) fn try_new(field: &std::sync::Arc<Field>) -> Result<Self> {
        let mut lengths = Vec::new();
        let mut inner = field.data_type();
        loop {
            inner = match inner {
                DataType::List(item) | DataType::LargeList(item) => {
                    lengths.push(None);
                    item.data_type()
                }
                DataType::FixedSizeList(item, n) => {
                    lengths.push(usize::try_from(*n).ok());
                    item.data_type()
                }
                _ => break,
            };
        }
        let Some(kind) = Kind::of(inner) else {
            let name = field.name();
            let hint = format!(
                "leave it out, take a field of it, or make it a number or text: CAST(\"{name}\" AS DOUBLE)"
            );
            return Err(refused(
                Format::Npz,
                name,
                format!("NumPy has no array of {inner}"),
                hint,
            ));
        };
        let file = tempfile::tempfile().map_err(Error::write(std::env::temp_dir().display()))?;
        Ok(Self {
            name: field.name().clone(),
            kind,
            lengths,
            n_rows: 0,
            file: BufWriter::new(file),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds the values of rows.
    ///
    /// # Errors
    /// [`Error::Column`] for NULL where NumPy has none, and for lists of several lengths.
    pub(super) fn write(&mut self, column: &ArrayRef) -> Result<()> {
        self.n_rows += column.len();
        let values = self.unlisted(column)?;
        let written = match &mut self.kind {
            Kind::Boolean => {
                let values = values.as_boolean();
                check_null(&self.name, values, "COALESCE(\"NAME\", false)")?;
                self.file.write_all(&truth(values))
            }
            Kind::Number(DataType::Float32) => {
                let values = values.as_primitive::<Float32Type>();
                let filled: Float32Array = values
                    .iter()
                    .map(|value| value.or(Some(f32::NAN)))
                    .collect();
                self.file.write_all(filled.values().inner())
            }
            Kind::Number(DataType::Float64) => {
                let values = values.as_primitive::<Float64Type>();
                let filled: Float64Array = values
                    .iter()
                    .map(|value| value.or(Some(f64::NAN)))
                    .collect();
                self.file.write_all(filled.values().inner())
            }
            Kind::Number(_) => {
                check_null(
                    &self.name,
                    &values,
                    "COALESCE(\"NAME\", -1), or CAST(\"NAME\" AS DOUBLE) for NaN",
                )?;
                let data = values.to_data();
                let width = data.data_type().primitive_width().unwrap_or(1);
                let bytes =
                    &data.buffers()[0].as_slice()[data.offset() * width..][..data.len() * width];
                self.file.write_all(bytes)
            }
            Kind::Time { .. } => {
                let whole = cast(&values, &DataType::Int64).map_err(Error::encode(Format::Npz))?;
                let filled = whole.as_primitive::<Int64Type>().iter();
                let filled: Vec<i64> = filled.map(|value| value.unwrap_or(NOT_A_TIME)).collect();
                let mut bytes = filled.iter().flat_map(|value| value.to_ne_bytes());
                self.file.write_all(&bytes.by_ref().collect::<Vec<u8>>())
            }
            Kind::Text { width } => {
                check_null(&self.name, &values, "COALESCE(\"NAME\", '')")?;
                let texts =
                    cast(&values, &DataType::LargeUtf8).map_err(Error::encode(Format::Npz))?;
                let mut texts = texts.as_string::<i64>().iter().flatten();
                texts.try_for_each(|text| {
                    *width = text.chars().count().max(*width);
                    self.file.write_all(&(text.len() as u64).to_ne_bytes())?;
                    self.file.write_all(text.as_bytes())
                })
            }
        };
        written.map_err(Error::write(std::env::temp_dir().display()))
    }

    /// The values within the lists of a column, row after row.
    fn unlisted(&mut self, column: &ArrayRef) -> Result<ArrayRef> {
        let mut values = ArrayRef::clone(column);
        for depth in 0..self.lengths.len() {
            if values.null_count() > 0 {
                let hint = format!("leave such rows out: WHERE \"{}\" IS NOT NULL", self.name);
                return Err(refused(
                    Format::Npz,
                    &self.name,
                    "a list is NULL, and NumPy's arrays have no gaps",
                    hint,
                ));
            }
            let (inner, lengths): (ArrayRef, Vec<usize>) = match values.data_type() {
                DataType::List(_) => items(values.as_list::<i32>()),
                DataType::LargeList(_) => items(values.as_list::<i64>()),
                _ => {
                    let lists = values.as_fixed_size_list();
                    let n = lists.value_length() as usize;
                    (
                        lists
                            .values()
                            .slice(lists.value_offset(0) as usize, n * lists.len()),
                        Vec::new(),
                    )
                }
            };
            for found in lengths {
                let expected = *self.lengths[depth].get_or_insert(found);
                if found != expected {
                    let reason = format!(
                        "lists have {expected} and {found} values, and the rows of an array are alike"
                    );
                    let hint = format!(
                        "bring them to one length (array_resize(\"{name}\", {expected})), write a row a value \
                         (unnest(\"{name}\")), or choose parquet, which has such lists",
                        name = self.name
                    );
                    return Err(refused(Format::Npz, &self.name, reason, hint));
                }
            }
            values = inner;
        }
        Ok(values)
    }

    /// Writes the array.
    pub(super) fn pour(self, archive: &mut impl Write) -> Result<()> {
        let mut shape = vec![self.n_rows];
        shape.extend(self.lengths.iter().map(|length| length.unwrap_or(0)));
        poured(archive.write_all(&header(&self.kind.name(), &shape)))?;
        let file = self
            .file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        let mut file = file.map_err(Error::write(std::env::temp_dir().display()))?;
        poured(file.seek(SeekFrom::Start(0)).map(drop))?;
        match self.kind {
            Kind::Text { width } => {
                let n_texts: usize = shape.iter().product();
                poured(widen(
                    &mut BufReader::new(file),
                    n_texts,
                    width.max(1),
                    archive,
                ))
            }
            _ => poured(std::io::copy(&mut file, archive).map(drop)),
        }
    }
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        let time = |letter, unit: &TimeUnit| Self::Time {
            letter,
            unit: match unit {
                TimeUnit::Second => "s",
                TimeUnit::Millisecond => "ms",
                TimeUnit::Microsecond => "us",
                TimeUnit::Nanosecond => "ns",
            },
        };
        Some(match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Float32 | DataType::Float64 => Self::Number(data_type.clone()),
            of if of.is_integer() => Self::Number(of.clone()),
            DataType::Date32 => Self::Time {
                letter: 'M',
                unit: "D",
            },
            DataType::Date64 => Self::Time {
                letter: 'M',
                unit: "ms",
            },
            DataType::Timestamp(unit, _) => time('M', unit),
            DataType::Duration(unit) => time('m', unit),
            DataType::Utf8 | DataType::LargeUtf8 => Self::Text { width: 0 },
            _ => return None,
        })
    }

    /// NumPy's name of the type.
    fn name(&self) -> String {
        match self {
            Self::Boolean => "|b1".to_owned(),
            Self::Number(of) => {
                let letter = match of {
                    of if of.is_floating() => 'f',
                    of if of.is_unsigned_integer() => 'u',
                    _ => 'i',
                };
                format!("{ORDER}{letter}{}", of.primitive_width().unwrap_or(1))
            }
            Self::Time { letter, unit } => format!("{ORDER}{letter}8[{unit}]"),
            Self::Text { width } => format!("{ORDER}U{}", (*width).max(1)),
        }
    }
}

fn check_null(column: &str, values: &dyn Array, instead: &str) -> Result<()> {
    if values.null_count() == 0 {
        return Ok(());
    }
    let reason = format!(
        "it has NULL, which NumPy's {} do not have",
        numpy_word(values.data_type())
    );
    Err(refused(
        Format::Npz,
        column,
        reason,
        format!(
            "say what stands for it: {}",
            instead.replace("NAME", column)
        ),
    ))
}

fn numpy_word(of: &DataType) -> &'static str {
    match of {
        DataType::Boolean => "truth values",
        of if of.is_integer() => "integers",
        _ => "texts",
    }
}

fn truth(values: &BooleanArray) -> Vec<u8> {
    values.values().iter().map(u8::from).collect()
}

/// Texts, each after its length, as characters of four bytes, filled up with zeros.
fn widen(
    texts: &mut impl Read,
    n_texts: usize,
    width: usize,
    to: &mut impl Write,
) -> std::io::Result<()> {
    let mut page = Vec::with_capacity(PAGE_BYTES);
    let mut text = Vec::new();
    for _ in 0..n_texts {
        let mut length = [0; 8];
        texts.read_exact(&mut length)?;
        text.resize(u64::from_ne_bytes(length) as usize, 0);
        texts.read_exact(&mut text)?;
        let end = page.len() + 4 * width;
        let characters = std::str::from_utf8(&text)
            .map_err(std::io::Error::other)?
            .chars();
        page.extend(characters.flat_map(|character| u32::from(character).to_ne_bytes()));
        page.resize(end, 0);
        if page.len() >= PAGE_BYTES {
            to.write_all(&page)?;
            page.clear();
        }
    }
    to.write_all(&page)
}

/// What is in lists, one behind the other, and how long each is.
fn items<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> (ArrayRef, Vec<usize>) {
    let offsets = lists.value_offsets();
    let (first, last) = (offsets[0].as_usize(), offsets[lists.len()].as_usize());
    let inner = lists.values().slice(first, last - first);
    (inner, lists.offsets().lengths().collect())
}
