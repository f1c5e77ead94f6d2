//! Parts of files, read by offset.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, Result};

/// A part of an open file that threads share.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    file: Arc<Mutex<File>>,
    /// What errors call it: a path, with the member's name where it lies in an archive.
    name: PathBuf,
    start: u64,
    length: u64,
}

impl Section {
    /// All of the file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::read(path, source))?;
        Self::of(file, path)
    }

    /// All of `file`, which errors call `name`.
    pub(crate) fn of(file: File, name: &Path) -> Result<Self> {
        let length = file
            .metadata()
            .map_err(|source| Error::read(name, source))?
            .len();
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
            name: name.to_owned(),
            start: 0,
            length,
        })
    }

    /// `length` bytes from `start` on, which errors call `name`.
    pub(crate) fn part(&self, name: PathBuf, start: u64, length: u64) -> Self {
        Self {
            file: Arc::clone(&self.file),
            name,
            start: self.start + start,
            length: length.min(self.length.saturating_sub(start)),
        }
    }

    /// What errors call it.
    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// In bytes.
    pub(crate) fn len(&self) -> u64 {
        self.length
    }

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// When the file cannot be read, or is shorter by now.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut reader = self.reader();
        reader
            .seek(SeekFrom::Start(offset))
            .and_then(|_| reader.read_exact(buffer))
            .map_err(|source| Error::read(&self.name, source))
    }

    /// A reader with a place of its own.
    pub(crate) fn reader(&self) -> SectionReader<'_> {
        SectionReader {
            section: self,
            place: 0,
        }
    }
}

/// Reads a section from its start on.
#[derive(Debug)]
pub(crate) struct SectionReader<'a> {
    section: &'a Section,
    place: u64,
}

impl Read for SectionReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.section.length.saturating_sub(self.place);
        let wanted = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        // A thread that died with the file has left it whole: the place is sought anew each time.
        let mut file = self
            .section
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.section.start + self.place))?;
        let n_read = file.read(&mut buffer[..wanted])?;
        self.place += n_read as u64;
        Ok(n_read)
    }
}

impl Seek for SectionReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.section.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
        };
        self.place = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.place)
    }
}
