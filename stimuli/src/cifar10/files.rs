//! Where CIFAR-10's files are: in a folder, in its subfolder of the published name, or in the published archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use super::HINT;
use crate::section::Section;
use crate::{Error, Result, archive};

/// What the files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// A byte for the label and 3,072 for the pixels, image after image.
    Binary,
    /// Pickled dictionaries.
    Python,
}

impl Version {
    /// Names of the files: five to train on, then the one to validate with.
    fn files(self) -> [&'static str; 6] {
        match self {
            Self::Binary => [
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin",
            ],
            Self::Python => [
                "data_batch_1",
                "data_batch_2",
                "data_batch_3",
                "data_batch_4",
                "data_batch_5",
                "test_batch",
            ],
        }
    }

    /// The folder that the published archive has them in.
    fn folder(self) -> &'static str {
        match self {
            Self::Binary => "cifar-10-batches-bin",
            Self::Python => "cifar-10-batches-py",
        }
    }
}

const VERSIONS: [Version; 2] = [Version::Binary, Version::Python];

/// Names of archives that are looked for in a folder.
const ARCHIVES: [&str; 2] = ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"];

/// Finds the six files, the one to validate with last.
pub(super) fn find(data: &Path) -> Result<(Version, Vec<Section>)> {
    if data.is_file() {
        return in_archive(data);
    }
    // A folder that cannot be read is said to be so, rather than to lack the files.
    std::fs::read_dir(data).map_err(|source| Error::read(data, source))?;
    for version in VERSIONS {
        for folder in [data.to_owned(), data.join(version.folder())] {
            let paths = version.files().map(|name| folder.join(name));
            let Some(missing) = paths.iter().find(|path| !path.is_file()) else {
                let sections = paths.iter().map(|path| Section::open(path));
                return Ok((version, sections.collect::<Result<_>>()?));
            };
            if paths.iter().any(|path| path.is_file()) {
                let reason = "it is missing, and other files of CIFAR-10 are beside it";
                return Err(Error::unusable(missing, reason, HINT));
            }
        }
    }
    for archive in ARCHIVES.map(|name| data.join(name)) {
        if archive.is_file() {
            return in_archive(&archive);
        }
    }
    Err(Error::unusable(
        data,
        "it has neither data_batch_1.bin nor data_batch_1, cifar-10-batches-bin, cifar-10-batches-py or their archives",
        "name the folder of CIFAR-10's files, or the archive cifar-10-python.tar.gz or cifar-10-binary.tar.gz",
    ))
}

fn in_archive(path: &Path) -> Result<(Version, Vec<Section>)> {
    let mut file = File::open(path).map_err(|source| Error::read(path, source))?;
    let mut magic = [0; 2];
    let compressed = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let all = match compressed {
        true => Section::of(unpacked(path)?, path)?,
        false => Section::open(path)?,
    };
    let members = archive::members(&all)?;
    let section = |name: &str| {
        let member = members
            .iter()
            .find(|member| member.name.rsplit('/').next() == Some(name))?;
        Some(all.part(path.join(&member.name), member.start, member.size))
    };
    let mut missing = String::new();
    for version in VERSIONS {
        let mut sections = Vec::new();
        for name in version.files() {
            match section(name) {
                Some(section) => sections.push(section),
                None => name.clone_into(&mut missing),
            }
        }
        match sections.len() {
            6 => return Ok((version, sections)),
            0 => {}
            _ => break,
        }
    }
    let reason = format!("it has no member `{missing}`");
    Err(Error::unusable(path, reason, HINT))
}

/// A temporary file without a name, which is gone when it is closed.
fn unpacked(path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|source| Error::read(path, source))?;
    let mut copy =
        tempfile::tempfile().map_err(|source| Error::read(&std::env::temp_dir(), source))?;
    let mut archive = GzDecoder::new(io::BufReader::with_capacity(1 << 16, file));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n_read = archive.read(&mut buffer).map_err(|error| {
            let reason = format!("it cannot be decompressed to its end: {error}");
            Error::unusable(path, reason, HINT)
        })?;
        if n_read == 0 {
            return Ok(copy);
        }
        io::Write::write_all(&mut copy, &buffer[..n_read])
            .map_err(|source| Error::read(&std::env::temp_dir(), source))?;
    }
}
