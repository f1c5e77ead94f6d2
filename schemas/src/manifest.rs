//! The manifest of a release: what is in it, so that a reader needs no listing and can check every byte.
//!
//! ```text
//! manifest.json                                                       written last: without it there is no release
//! footers.bin                                                         the ends of all parts, one behind the other
//! run_parts.parquet                                                   which parts have rows of a run
//! trajectories/task=T/architecture=A/part-00000-<hash>.parquet        many runs, sorted
//! recordings/task=T/architecture=A/part-00000-<hash>.parquet          the same for recordings, where there are some
//! <table>.parquet                                                     a further table, where there is one
//! plans/<sweep>.sweep.json                                            what was planned, with every configuration
//! README.md  LICENSE  CITATION.cff  croissant.json                    for people and for catalogues
//! ```
//!
//! A release is never changed. Its parts are named by their content, so that two writers of one release write the same.

use std::collections::BTreeMap;

use object_store::path::Path;
use serde::{Deserialize, Serialize};

use crate::{Architecture, Error, Result, Task, layout, recordings, run_parts, trajectories};

/// The manifest's name below the root of a release.
pub const FILE: &str = "manifest.json";

/// What says that a release is being written here: there is no manifest yet.
pub const CLAIM: &str = "publishing.json";

/// The ends of all parts, as one object: a Parquet reader begins at the end of a file, and a request for each would cost
/// more than the rows that many questions need.
pub const FOOTERS: &str = "footers.bin";

/// The form of the manifest itself. The number changes when an older reader would misread.
pub const FORMAT: &str = "engram-release/1";

/// A release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// What the release is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SPDX name of its licence.
    pub license: String,
    /// Version of the tables' columns.
    pub schema_version: String,
    /// Version of the program that wrote it.
    pub code_version: String,
    /// Hash of what it was made from, and how: equal for two writers of the same release.
    pub content: String,
    /// Runs in it.
    pub n_runs: u64,
    /// Runs that its plans name.
    pub n_planned: u64,
    /// Runs that its plans name and it lacks, sorted. None in a complete release.
    pub missing: Vec<String>,
    /// Its tables.
    pub tables: Vec<Table>,
    /// The other files.
    pub files: Vec<File>,
}

/// A table of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The name in SQL and of the folder.
    pub name: String,
    /// Rows.
    pub n_rows: u64,
    /// The parts, by architecture and task, in the order of their rows.
    pub parts: Vec<Part>,
}

/// A Parquet file of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Where it is below the root.
    #[serde(flatten)]
    pub file: File,
    /// Rows.
    pub n_rows: u64,
    /// Runs.
    pub n_runs: u64,
    /// Where its end begins in [`FOOTERS`], in bytes.
    pub footer_offset: u64,
    /// How long its end is there: footer and page index.
    pub footer_bytes: u64,
    /// The least and the greatest value of the columns that its rows are sorted by.
    pub bounds: BTreeMap<String, Bounds>,
}

/// The least and the greatest value of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The least.
    pub min: serde_json::Value,
    /// The greatest.
    pub max: serde_json::Value,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Where it is below the root, with `/` between folders.
    pub path: String,
    /// Its length.
    pub size_bytes: u64,
    /// SHA-256 of its content, as hexadecimal digits.
    pub sha256: String,
}

/// The place of a part, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartFile {
    /// `trajectories` or `recordings`.
    pub table: &'static str,
    /// Task, the outer partition.
    pub task: Task,
    /// Architecture, the inner partition.
    pub architecture: Architecture,
    /// Number in the partition, from 0.
    pub number: usize,
    /// The first digits of the content's hash.
    pub hash: String,
}

/// The file of a further table, below the root.
pub fn table_file(table: &str) -> String {
    format!("{table}.{}", layout::PARQUET)
}

impl Manifest {
    /// Reads a manifest and checks what a reader relies on: its form, and that no path leaves the release.
    ///
    /// # Errors
    /// [`Error::Manifest`] with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let wrong = |reason: String| Error::Manifest { reason };
        #[derive(Deserialize)]
        struct Form {
            format: String,
        }
        let form: Form = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        if form.format != FORMAT {
            let found = &form.format;
            return Err(wrong(format!(
                "its format is `{found}`, and this program reads `{FORMAT}`: a newer version of Engram may read it"
            )));
        }
        let manifest: Self =
            serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        let root = Path::default();
        for table in &manifest.tables {
            for part in &table.parts {
                let found = PartFile::parse(&part.file.path(&root)?, &root)?;
                if found.table != table.name {
                    let (path, table) = (&part.file.path, &table.name);
                    return Err(wrong(format!("{path} is no part of the table `{table}`")));
                }
                if part.footer_bytes > part.file.size_bytes {
                    let path = &part.file.path;
                    return Err(wrong(format!("the end of {path} is longer than the file")));
                }
            }
        }
        for file in &manifest.files {
            file.path(&root)?;
        }
        manifest.check_sums()?;
        Ok(manifest)
    }

    /// Checks that readers can add its numbers up.
    fn check_sums(&self) -> Result<()> {
        let wrong = |what: &str| Error::Manifest {
            reason: format!(
                "its {what} are more than any release has: it was damaged, fetch it again"
            ),
        };
        let check = |what: &str, numbers: &mut dyn Iterator<Item = u64>| {
            let mut sum = 0_u64;
            for number in numbers {
                sum = sum.checked_add(number).ok_or_else(|| wrong(what))?;
            }
            Ok(())
        };
        check("rows", &mut self.parts().map(|part| part.n_rows))?;
        check("runs", &mut self.parts().map(|part| part.n_runs))?;
        let files = self.parts().map(|part| &part.file).chain(&self.files);
        check("bytes", &mut files.map(|file| file.size_bytes))?;
        for part in self.parts() {
            let mut end = [part.footer_offset, part.footer_bytes].into_iter();
            check("bytes of ends", &mut end)?;
        }
        Ok(())
    }

    /// The tables beside those of every release, each a file: name and file.
    pub fn further_tables(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().filter_map(|file| {
            let name = file.path.strip_suffix(layout::PARQUET)?.strip_suffix('.')?;
            let is_one = !name.is_empty() && !name.contains('/') && file.path != run_parts::FILE;
            is_one.then_some((name, file))
        })
    }

    /// The index of runs. Releases of earlier versions have none.
    pub fn run_parts(&self) -> Option<&File> {
        self.files.iter().find(|file| file.path == run_parts::FILE)
    }

    /// The manifest as it is written.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them have a form in JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A table by its name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Every part of every table.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.tables.iter().flat_map(|table| &table.parts)
    }
}

impl File {
    /// The path below `root`.
    ///
    /// # Errors
    /// [`Error::Manifest`] for a path that is none, or that leaves the root.
    pub fn path(&self, root: &Path) -> Result<Path> {
        // A path that is written otherwise than it is read may mean another file to another reader: with `..`, with two
        // slashes, with encoded characters.
        let below = Path::from(self.path.as_str());
        if below.as_ref() != self.path || self.path.is_empty() {
            return Err(Error::Manifest {
                reason: format!("`{}` is no path of a file in it", self.path),
            });
        }
        Ok(root.parts().chain(below.parts()).collect())
    }
}

impl PartFile {
    /// The path below the root of a release.
    pub fn path(&self, root: &Path) -> Path {
        let [task, architecture] = trajectories::PARTITION_COLUMNS;
        root.clone()
            .join(self.table)
            .join(format!("{task}={}", self.task))
            .join(format!("{architecture}={}", self.architecture))
            .join(format!(
                "{PART}{:05}-{}.{}",
                self.number,
                self.hash,
                layout::PARQUET
            ))
    }

    /// Reads a path below `root` back.
    ///
    /// # Errors
    /// [`Error::Manifest`] when the path is not one that [`PartFile::path`] makes.
    pub fn parse(path: &Path, root: &Path) -> Result<Self> {
        let wrong = || Error::Manifest {
            reason: format!(
                "`{path}` does not lie in TABLE/task=.../architecture=.../part-<number>-<hash>.parquet"
            ),
        };
        let parts: Vec<String> = path
            .prefix_match(root)
            .ok_or_else(wrong)?
            .map(|part| part.as_ref().to_owned())
            .collect();
        let [table, task, architecture, name] = parts.as_slice() else {
            return Err(wrong());
        };
        let [task_column, architecture_column] = trajectories::PARTITION_COLUMNS;
        let value = |part: &str, column: &str| {
            let rest = part.strip_prefix(column)?.strip_prefix('=')?;
            Some(rest.to_owned())
        };
        let table = [trajectories::TABLE, recordings::TABLE]
            .into_iter()
            .find(|known| known == table)
            .ok_or_else(wrong)?;
        let task = value(task, task_column).ok_or_else(wrong)?.parse()?;
        let architecture = value(architecture, architecture_column)
            .ok_or_else(wrong)?
            .parse()?;
        let (number, hash) = name
            .strip_prefix(PART)
            .and_then(|rest| rest.strip_suffix(layout::PARQUET)?.strip_suffix('.'))
            .and_then(|rest| rest.split_once('-'))
            .ok_or_else(wrong)?;
        let part = Self {
            table,
            task,
            architecture,
            number: number.parse().map_err(|_| wrong())?,
            hash: hash.to_owned(),
        };
        let is_hash = !hash.is_empty() && hash.chars().all(|digit| digit.is_ascii_hexdigit());
        (is_hash && part.path(root) == *path)
            .then_some(part)
            .ok_or_else(wrong)
    }
}

/// What the names of parts begin with.
pub(crate) const PART: &str = "part-";

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT.to_owned(),
            name: "digits".to_owned(),
            version: "1.0.0".to_owned(),
            license: "CC-BY-4.0".to_owned(),
            schema_version: crate::SCHEMA_VERSION.to_owned(),
            code_version: "0.1.0".to_owned(),
            content: String::new(),
            n_runs: 1,
            n_planned: 1,
            missing: Vec::new(),
            tables: vec![Table {
                name: trajectories::TABLE.to_owned(),
                n_rows: 4,
                parts: vec![Part {
                    file: File {
                        path: part().path(&Path::default()).to_string(),
                        size_bytes: 100,
                        sha256: "00".repeat(32),
                    },
                    n_rows: 4,
                    n_runs: 1,
                    footer_offset: 0,
                    footer_bytes: 10,
                    bounds: BTreeMap::new(),
                }],
            }],
            files: Vec::new(),
        }
    }

    fn part() -> PartFile {
        PartFile {
            table: trajectories::TABLE,
            task: Task::Digits,
            architecture: Architecture::Knet4,
            number: 3,
            hash: "0123456789ab".to_owned(),
        }
    }

    #[test]
    fn manifests_and_parts_round_trip() {
        let manifest = manifest();
        let text = manifest.to_json();
        assert_eq!(Manifest::from_json(text.as_bytes()).unwrap(), manifest);
        let root = Path::from("a/b");
        let path = part().path(&root);
        assert_eq!(
            path.as_ref(),
            "a/b/trajectories/task=digits/architecture=knet4/part-00003-0123456789ab.parquet"
        );
        assert_eq!(PartFile::parse(&path, &root).unwrap(), part());
    }

    #[test]
    fn a_path_that_leaves_the_release_is_refused() {
        for path in [
            "../secret.parquet",
            "trajectories/../../secret",
            "/etc/passwd",
            "trajectories//task=digits/architecture=knet4/part-00003-0123456789ab.parquet",
            "trajectories/task=digits/architecture=knet4/a.parquet",
            "trajectories/task=digits/architecture=knet4/part-3-0123456789ab.parquet",
            "trajectories/task=digits/architecture=knet4/part-00003-.parquet",
            "recordings/task=digits/architecture=knet4/part-00003-0123456789ab.parquet",
            "",
        ] {
            let mut manifest = manifest();
            manifest.tables[0].parts[0].file.path = path.to_owned();
            let read = Manifest::from_json(manifest.to_json().as_bytes());
            assert!(read.is_err(), "{path}");
            let mut manifest = self::manifest();
            manifest.files.push(File {
                path: path.to_owned(),
                size_bytes: 0,
                sha256: String::new(),
            });
            let read = Manifest::from_json(manifest.to_json().as_bytes());
            assert_eq!(
                read.is_err(),
                path.contains("..")
                    || path.starts_with('/')
                    || path.contains("//")
                    || path.is_empty(),
                "{path}"
            );
        }
    }

    #[test]
    fn another_format_is_refused_with_what_to_do() {
        let text = manifest().to_json().replace(FORMAT, "engram-release/2");
        let error = Manifest::from_json(text.as_bytes()).unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("engram-release/2") && words.contains("newer version"),
            "{words}"
        );
    }
}
