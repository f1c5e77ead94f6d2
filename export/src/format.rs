//! The formats of an export: their names, the endings of their files, and how they are compressed.

use std::fmt;

use crate::{Error, Result};

/// A format that an answer can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// An Arrow IPC file, also called Feather.
    Arrow,
    /// NumPy's archive of an array a column.
    Npz,
    /// An Avro object container.
    Avro,
    /// A SQLite database of one table.
    Sqlite,
    /// The study's published form: a pickle of NumPy arrays.
    LrIdentify,
}

/// How bytes are made fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// DEFLATE in the form that the format has for it: gzip, Avro's and the zip archive's `deflate`.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// The endings of files, longest first where one ends another.
const ENDINGS: [(&str, Format, Option<Compression>); 18] = [
    (".csv.gz", Format::Csv, Some(Compression::Gzip)),
    (".csv.zst", Format::Csv, Some(Compression::Zstd)),
    (".csv", Format::Csv, Some(Compression::None)),
    (".ndjson.gz", Format::Ndjson, Some(Compression::Gzip)),
    (".ndjson.zst", Format::Ndjson, Some(Compression::Zstd)),
    (".ndjson", Format::Ndjson, Some(Compression::None)),
    (".jsonl.gz", Format::Ndjson, Some(Compression::Gzip)),
    (".jsonl.zst", Format::Ndjson, Some(Compression::Zstd)),
    (".jsonl", Format::Ndjson, Some(Compression::None)),
    (".parquet", Format::Parquet, None),
    (".arrow", Format::Arrow, None),
    (".feather", Format::Arrow, None),
    (".npz", Format::Npz, None),
    (".pkl", Format::LrIdentify, None),
    (".avro", Format::Avro, None),
    (".sqlite3", Format::Sqlite, None),
    (".sqlite", Format::Sqlite, None),
    (".db", Format::Sqlite, None),
];

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Parquet,
        Self::Csv,
        Self::Ndjson,
        Self::Arrow,
        Self::Npz,
        Self::Avro,
        Self::Sqlite,
        Self::LrIdentify,
    ];

    /// The one that `--format` calls so.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name, as `--format` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
            Self::Npz => "npz",
            Self::Avro => "avro",
            Self::Sqlite => "sqlite",
            Self::LrIdentify => "lr-identify",
        }
    }

    /// The format of a file of this name, and the compression where the name tells it: readers of CSV and NDJSON go by it.
    pub fn of_file(name: &str) -> Option<(Self, Option<Compression>)> {
        let name = name.to_ascii_lowercase();
        let known = ENDINGS.iter().find(|(ending, ..)| name.ends_with(ending));
        known.map(|&(_, format, compression)| (format, compression))
    }

    /// The ending of a file, which also tells a compression of the file as a whole.
    pub(crate) fn ending(self, compression: Compression) -> &'static str {
        let wanted = |(_, format, told): &&(&str, Self, Option<Compression>)| {
            *format == self && told.is_none_or(|told| told == compression)
        };
        ENDINGS
            .iter()
            .find(wanted)
            .map_or("", |(ending, ..)| ending)
    }

    /// What the format can be compressed by; the first is the default, chosen so that every reader of the format opens it.
    pub fn compressions(self) -> &'static [Compression] {
        use Compression::{Gzip, None, Zstd};
        match self {
            Self::Parquet => &[Zstd, Gzip, None],
            Self::Csv | Self::Ndjson => &[None, Gzip, Zstd],
            Self::Arrow => &[None, Zstd],
            Self::Npz => &[None, Gzip],
            Self::Avro => &[Gzip, Zstd, None],
            Self::Sqlite | Self::LrIdentify => &[None],
        }
    }

    /// Whether a table may be many files of the format.
    pub(crate) fn has_partitions(self) -> bool {
        !matches!(self, Self::Npz | Self::Sqlite | Self::LrIdentify)
    }

    /// The compression that is asked for, or the default.
    ///
    /// # Errors
    /// [`Error::Settings`] for one that the format does not have.
    pub(crate) fn compression(self, asked: Option<Compression>) -> Result<Compression> {
        let known = self.compressions();
        match asked {
            None => Ok(known.first().copied().unwrap_or(Compression::None)),
            Some(asked) if known.contains(&asked) => Ok(asked),
            Some(asked) => {
                let names: Vec<&str> = known.iter().map(|one| one.name()).collect();
                Err(Error::Settings {
                    reason: format!("{self} has no compression {asked}"),
                    hint: match names.as_slice() {
                        [_] => "compress the file when it is written, or choose another format"
                            .to_owned(),
                        names => format!("it has {}", names.join(", ")),
                    },
                })
            }
        }
    }
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Gzip, Self::Zstd];

    /// The one that `--compression` calls so.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|compression| compression.name() == name)
    }

    /// The name, as `--compression` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_format_and_compression() {
        let told = |name| Format::of_file(name);
        assert_eq!(
            told("a/b.CSV.gz"),
            Some((Format::Csv, Some(Compression::Gzip)))
        );
        assert_eq!(
            told("x.jsonl"),
            Some((Format::Ndjson, Some(Compression::None)))
        );
        assert_eq!(told("x.parquet"), Some((Format::Parquet, None)));
        assert_eq!(told("x.sqlite3"), Some((Format::Sqlite, None)));
        assert_eq!(told("folder"), None);
    }

    #[test]
    fn a_file_is_named_as_it_is_read() {
        for format in Format::ALL {
            for &compression in format.compressions() {
                let (told, by_name) =
                    Format::of_file(&format!("x{}", format.ending(compression))).unwrap();
                assert_eq!(told, format);
                assert!(by_name.is_none_or(|by_name| by_name == compression));
            }
        }
        assert_eq!(Format::Csv.ending(Compression::Zstd), ".csv.zst");
    }

    #[test]
    fn a_compression_that_a_format_lacks_is_refused() {
        let error = Format::Arrow
            .compression(Some(Compression::Gzip))
            .unwrap_err();
        assert_eq!(error.to_string(), "arrow has no compression gzip");
        assert_eq!(crate::hint(&error).unwrap(), "it has none, zstd");
        assert!(Format::Sqlite.compression(Some(Compression::Zstd)).is_err());
        assert_eq!(
            Format::Parquet.compression(None).unwrap(),
            Compression::Zstd
        );
    }
}
