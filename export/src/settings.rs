//! What an export may be asked for, and what runs once it is checked.

use crate::format::{Compression, Format};
use crate::{Error, Result};

/// What an export is asked for.
#[derive(Clone, Debug, Default)]
pub struct ExportSettings {
    /// The format; without it the ending of the place's name tells it, and for a partitioned export it is Parquet.
    pub format: Option<Format>,
    /// The compression; without it the ending of the name tells it, or it is the format's default.
    pub compression: Option<Compression>,
    /// Columns whose values become the folders that rows go to; none for a single file.
    pub partition_by: Vec<String>,
    /// What becomes of an export that is there already.
    pub overwrite: Overwrite,
    /// The table of a SQLite database, [`TABLE_NAME`] unless it is given; other formats have none.
    pub table_name: Option<String>,
}

/// The table of a SQLite database that is not told another name.
pub const TABLE_NAME: &str = "answer";

/// What becomes of an export that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and nothing is written.
    #[default]
    Refuse,
    /// It is replaced.
    Replace,
}

/// How rows become bytes: what settings come to for one place.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) format: Format,
    pub(crate) compression: Compression,
    pub(crate) table_name: String,
}

impl ExportSettings {
    /// How an answer is written to a place of this name.
    ///
    /// # Errors
    /// [`Error::Settings`] for a name that tells no format where none is given, for one that would mislead its readers, and
    /// for what a format does not have.
    pub(crate) fn form(&self, name: &str) -> Result<Form> {
        let is_partitioned = !self.partition_by.is_empty();
        let told = Format::of_file(name);
        let default = is_partitioned.then_some(Format::Parquet);
        let format = self.format.or(told.map(|(format, _)| format)).or(default);
        let Some(format) = format else {
            let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
            return Err(Error::Settings {
                reason: format!("the name `{name}` does not tell the format"),
                hint: format!(
                    "give --format, one of {}, or a name that ends like .parquet or .csv.gz",
                    names.join(", ")
                ),
            });
        };
        if let Some((told, _)) = told.filter(|&(told, _)| told != format) {
            return Err(Error::Settings {
                reason: format!(
                    "`{name}` would hold {format}, and its readers go by its ending, which says {told}"
                ),
                hint: format!("leave out --format {format}, or let the name end otherwise"),
            });
        }
        if self.table_name.is_some() && format != Format::Sqlite {
            return Err(Error::Settings {
                reason: format!("{format} has no tables that could be named"),
                hint: "leave out --table-name, or choose sqlite".to_owned(),
            });
        }
        let told = told.filter(|_| !is_partitioned);
        let told = told.and_then(|(_, compression)| compression);
        let compression = format.compression(self.compression.or(told))?;
        if let Some(told) = told.filter(|&told| told != compression) {
            return Err(Error::Settings {
                reason: format!(
                    "`{name}` would be compressed by {compression}, and its readers go by its ending, which says {told}"
                ),
                hint: format!("let the name end with {}", format.ending(compression)),
            });
        }
        if is_partitioned && !format.has_partitions() {
            return Err(Error::Settings {
                reason: format!("{format} is one file, and has no partitions"),
                hint: "leave out --partition-by, or choose parquet, csv, ndjson, arrow or avro"
                    .to_owned(),
            });
        }
        Ok(Form {
            format,
            compression,
            table_name: self.table_name.as_deref().unwrap_or(TABLE_NAME).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(name: &str, settings: &ExportSettings) -> (Format, Compression) {
        let form = settings.form(name).unwrap();
        (form.format, form.compression)
    }

    #[test]
    fn what_is_asked_for_goes_before_what_a_name_tells() {
        let told = ExportSettings::default();
        assert_eq!(form("a.csv.gz", &told), (Format::Csv, Compression::Gzip));
        assert_eq!(
            form("a.parquet", &told),
            (Format::Parquet, Compression::Zstd)
        );
        let asked = ExportSettings {
            format: Some(Format::Avro),
            compression: Some(Compression::None),
            ..told.clone()
        };
        assert_eq!(form("a.dat", &asked), (Format::Avro, Compression::None));
        let parted = ExportSettings {
            partition_by: vec!["layer".to_owned()],
            ..told
        };
        assert_eq!(
            form("folder", &parted),
            (Format::Parquet, Compression::Zstd)
        );
    }

    #[test]
    fn names_that_tell_nothing_or_the_wrong_thing_are_refused() {
        let settings = ExportSettings::default();
        let error = settings.form("answer").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the name `answer` does not tell the format"
        );
        let settings = ExportSettings {
            compression: Some(Compression::Zstd),
            ..settings
        };
        let error = settings.form("a.csv").unwrap_err();
        assert_eq!(
            crate::hint(&error).unwrap(),
            "let the name end with .csv.zst"
        );
        let settings = ExportSettings {
            format: Some(Format::Csv),
            ..ExportSettings::default()
        };
        let error = settings.form("a.parquet").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a.parquet` would hold csv, and its readers go by its ending, which says parquet"
        );
        let settings = ExportSettings {
            table_name: Some("rows".to_owned()),
            ..ExportSettings::default()
        };
        assert!(settings.form("a.sqlite").is_ok());
        let error = settings.form("a.csv").unwrap_err();
        assert_eq!(error.to_string(), "csv has no tables that could be named");
        let parted = ExportSettings {
            partition_by: vec!["layer".to_owned()],
            format: Some(Format::Npz),
            ..ExportSettings::default()
        };
        assert!(parted.form("folder").is_err());
    }
}
