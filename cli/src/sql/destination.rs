//! Where answers go: printed in one form, or written to a file in another.
//!
//! Files are `engram-export`'s, whichever command they are asked of. What is printed is for people and for programs that read
//! along: any number of answers, one after the other, with nothing to be put under a name at the end.

use std::fmt;
use std::io::{self, IsTerminal};

use anyhow::bail;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use engram_export::{Compression, ExportSettings, Overwrite};
use engram_schemas::DatasetLocation;

use crate::export;
use crate::failure::Failure;

/// The arguments.
#[derive(Clone, Debug, Args)]
pub(crate) struct DestinationArguments {
    /// The form of the answer: printed as table, csv, json or arrow; in a file by default what its ending tells
    ///
    /// A table is for people, and the default. json is an array of objects; NaN and infinity, which JSON does not have, become
    /// null. arrow is a stream where it is printed, and a file in a file. The others are for files alone.
    #[arg(long, value_parser = form())]
    format: Option<Form>,

    /// Write the answer to a file or an object of a store, which appears when it is whole; its ending tells the format
    ///
    /// As `engram export --to` has them: .parquet, .csv, .csv.gz, .csv.zst, .ndjson and .jsonl (also .gz and .zst), .arrow and
    /// .feather, .npz, .avro, .sqlite and .db, .pkl for lr-identify. Of several statements it is the answer to the last one, and
    /// those before it have none.
    #[arg(short, long, value_name = "PATH_OR_URL")]
    output: Option<String>,

    /// The compression of the file; by default what its ending says, or that of `engram export`
    #[arg(long, requires = "output", value_parser = export::compression())]
    compression: Option<Compression>,

    /// Replace a file that is there already
    #[arg(long, requires = "output")]
    overwrite: bool,
}

/// What `--format` names: a form that is printed, one that is written, or either.
#[derive(Clone, Copy, Debug)]
struct Form {
    name: &'static str,
    printed: Option<Printed>,
    written: Option<engram_export::Format>,
}

/// The forms that are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// Columns for people to read.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects.
    Json,
    /// An Arrow IPC stream.
    Arrow,
}

/// Where answers go.
pub(super) enum Destination {
    /// To standard output.
    Printed(Printed),
    /// To a file or an object of a store.
    File(Box<File>),
}

/// A file to write.
pub(super) struct File {
    pub(super) to: DatasetLocation,
    /// The place in the user's words.
    pub(super) given: String,
    pub(super) settings: ExportSettings,
}

impl DestinationArguments {
    /// What the arguments come to.
    ///
    /// # Errors
    /// For a form that is only printed or only written, and a place that is none.
    pub(super) fn resolve(&self) -> anyhow::Result<Destination> {
        let Some(output) = &self.output else {
            return match self.format {
                None => Ok(Destination::Printed(Printed::Table)),
                Some(Form {
                    printed: Some(printed),
                    ..
                }) => Ok(Destination::Printed(printed)),
                Some(Form { name, .. }) => Err(Failure::Request {
                    message: format!("{name} is written to files, and cannot be printed"),
                    hint: "name a file with --output".to_owned(),
                }
                .into()),
            };
        };
        let only_printed = match self.format {
            None => Printed::of_file(output),
            Some(form) => form.printed.filter(|_| form.written.is_none()),
        };
        if let Some(printed) = only_printed {
            return Err(Failure::Request {
                message: format!("{printed} is printed, and no file is written in it"),
                hint: match printed {
                    Printed::Json => "write an object a line, to a name that ends with .ndjson; or send what is printed to a \
                                      file: `--format json > FILE`"
                        .to_owned(),
                    printed => format!(
                        "name a file that ends with .csv, .parquet or as `engram export --help` lists; or send what is printed \
                         to a file: `--format {printed} > FILE`"
                    ),
                },
            }
            .into());
        }
        Ok(Destination::File(Box::new(File {
            to: DatasetLocation::open_to_write(output)?,
            given: output.clone(),
            settings: ExportSettings {
                format: self.format.and_then(|form| form.written),
                compression: self.compression,
                overwrite: match self.overwrite {
                    true => Overwrite::Replace,
                    false => Overwrite::Refuse,
                },
                ..ExportSettings::default()
            },
        })))
    }
}

impl Printed {
    const ALL: [Self; 4] = [Self::Table, Self::Csv, Self::Json, Self::Arrow];

    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Arrow => "arrow",
        }
    }

    /// The form that a file's name promises, where no file is written in it.
    fn of_file(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let endings = [(".json", Self::Json), (".txt", Self::Table)];
        let told = endings.iter().find(|(ending, _)| name.ends_with(ending));
        told.map(|(_, printed)| *printed)
    }

    /// Whether it is for programs only and holds one answer.
    pub(super) fn is_binary(self) -> bool {
        self == Self::Arrow
    }

    /// Refuses to fill a terminal with bytes that are not text, and a stream of one answer with several.
    ///
    /// # Errors
    /// In these cases.
    pub(super) fn accepts(self, n_statements: usize) -> anyhow::Result<()> {
        if self.is_binary() && n_statements > 1 {
            bail!(
                "{n_statements} statements give {n_statements} answers, but a stream of this format holds one"
            );
        }
        if self.is_binary() && io::stdout().is_terminal() {
            bail!(
                "this format is not text: name a file with --output, or send the output to a program or file"
            );
        }
        Ok(())
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The forms by their names.
fn form() -> impl TypedValueParser<Value = Form> {
    let printed = Printed::ALL.map(Printed::name).into_iter();
    let written = engram_export::Format::ALL.map(engram_export::Format::name);
    let written = written
        .into_iter()
        .filter(|name| Printed::ALL.iter().all(|printed| printed.name() != *name));
    let names: Vec<&'static str> = printed.chain(written).collect();
    let forms = names.clone();
    PossibleValuesParser::new(names).try_map(move |given| {
        let name = forms.iter().find(|name| **name == given);
        let name = name.copied().ok_or("there is no such format")?;
        Ok::<_, &str>(Form {
            name,
            printed: Printed::ALL
                .into_iter()
                .find(|printed| printed.name() == name),
            written: engram_export::Format::of_name(name),
        })
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        destination: DestinationArguments,
    }

    fn resolve(arguments: &[&str]) -> anyhow::Result<Destination> {
        let arguments = ["command"].iter().chain(arguments);
        Command::try_parse_from(arguments)?.destination.resolve()
    }

    fn printed(arguments: &[&str]) -> Printed {
        match resolve(arguments).unwrap() {
            Destination::Printed(printed) => printed,
            Destination::File(_) => panic!("{arguments:?} name no file"),
        }
    }

    #[test]
    fn what_is_not_written_is_printed() {
        assert_eq!(printed(&[]), Printed::Table);
        for form in Printed::ALL {
            assert_eq!(printed(&["--format", form.name()]), form);
        }
    }

    #[test]
    fn a_file_takes_what_is_asked_for_or_what_its_name_tells() {
        for (arguments, expected) in [
            (&["--output", "a.csv"] as &[&str], None),
            (
                &["--output", "a.dat", "--format", "arrow"],
                Some(engram_export::Format::Arrow),
            ),
        ] {
            match resolve(arguments).unwrap() {
                Destination::File(file) => assert_eq!(file.settings.format, expected),
                Destination::Printed(_) => panic!("{arguments:?} name a file"),
            }
        }
    }

    #[test]
    fn forms_have_their_place() {
        for (arguments, wanted) in [
            (
                &["--format", "parquet"] as &[&str],
                "parquet is written to files",
            ),
            (&["--output", "a.json"], "json is printed"),
            (&["--output", "a.TXT"], "table is printed"),
            (
                &["--output", "a.csv", "--format", "table"],
                "table is printed",
            ),
            (&["--overwrite"], "--output"),
        ] {
            let refused = resolve(arguments).err().map(|error| error.to_string());
            assert!(
                refused.is_some_and(|refused| refused.contains(wanted)),
                "{arguments:?}"
            );
        }
    }
}
