//! What a tar archive holds, found by its headers: contents are stepped over, and read later by their offsets.

use std::path::Path;

use tar::Archive;

use crate::section::Section;
use crate::{Error, Result};

/// Archives are written in blocks of this many bytes.
const BLOCK: u64 = 512;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its path in the archive.
    pub(crate) name: String,
    /// Offset of its contents in the archive.
    pub(crate) start: u64,
    /// In bytes.
    pub(crate) size: u64,
}

/// The files in an archive, in order. Folders and links are left out.
///
/// # Errors
/// When it is no tar archive, or one that was cut: in a member, or before the mark of its end.
pub(crate) fn members(archive: &Section) -> Result<Vec<Member>> {
    let damaged = |error: &dyn std::fmt::Display| {
        let reason = format!("it is not a whole tar archive: {error}");
        unusable(archive.name(), reason)
    };
    let mut reader = Archive::new(archive.reader());
    let (mut members, mut end) = (Vec::new(), 0);
    for entry in reader
        .entries_with_seek()
        .map_err(|error| damaged(&error))?
    {
        let entry = entry.map_err(|error| damaged(&error))?;
        let (start, size) = (entry.raw_file_position(), entry.size());
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        end = start.saturating_add(size);
        if end > archive.len() {
            let reason = format!("it was cut in the middle of its member `{name}`");
            return Err(unusable(archive.name(), reason));
        }
        if entry.header().entry_type().is_file() {
            members.push(Member { name, start, size });
        }
    }
    if end.next_multiple_of(BLOCK) + BLOCK > archive.len() {
        let reason = match members.last() {
            Some(last) => format!(
                "the mark of a tar archive's end is missing: it was cut after its member `{}`",
                last.name
            ),
            None => "it is not a tar archive".to_owned(),
        };
        return Err(unusable(archive.name(), reason));
    }
    Ok(members)
}

fn unusable(path: &Path, reason: String) -> Error {
    Error::unusable(
        path,
        reason,
        "fetch the archive again, and compare its size and checksum",
    )
}

#[cfg(test)]
mod tests;
