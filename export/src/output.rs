//! Bytes to a file or to an object of a store, which appears under its name when it is whole, or not at all.
//!
//! A file is written beside its place under a hidden name that ends with `.partial`, and renamed. An object is sent in parts,
//! and exists when the store has been told that they are all; a small one is put at once.

mod upload;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use crate::account::Account;
use crate::settings::Overwrite;
use crate::{Error, Result};

pub(crate) use upload::Upload;

/// How many bytes are collected before they go to a file.
const FILE_CHUNK_BYTES: usize = 1 << 20;

/// The longest part of a name that its hidden name repeats: with what is added, a name has at most 255 bytes.
const REPEATED_BYTES: usize = 200;

/// Where bytes go. Dropped before [`Output::commit`] it leaves nothing behind.
///
/// It is for the thread that writes: it blocks, and must not be used by a task.
pub(crate) struct Output {
    sink: Sink,
    buffer: Vec<u8>,
    account: Arc<Account>,
}

enum Sink {
    File(LocalFile),
    Object(Upload),
}

/// A file under its hidden name.
pub(crate) struct LocalFile {
    file: NamedTempFile,
    target: PathBuf,
    /// The file in words: a part of a folder that is still hidden has its name in the folder to come.
    place: String,
    overwrite: Overwrite,
}

impl Output {
    /// A file at `target`, whose folder is made. Errors call it `place`.
    ///
    /// # Errors
    /// [`Error::Write`] for a folder that takes no files.
    pub(crate) fn file(
        target: &Path,
        place: String,
        overwrite: Overwrite,
        account: Arc<Account>,
    ) -> Result<Self> {
        let folder = target.parent().unwrap_or(Path::new("/"));
        let made = fs::create_dir_all(folder).and_then(|()| {
            let prefix = hidden_prefix(target);
            let mut builder = tempfile::Builder::new();
            builder.prefix(&prefix).suffix(".partial");
            // As any other file: temporary files are otherwise for their owner alone.
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
            builder.tempfile_in(folder)
        });
        let file = LocalFile {
            file: made.map_err(Error::write(&place))?,
            target: target.to_owned(),
            place,
            overwrite,
        };
        Ok(Self::new(Sink::File(file), account))
    }

    /// An object of a store.
    pub(crate) fn object(upload: Upload, account: Arc<Account>) -> Self {
        Self::new(Sink::Object(upload), account)
    }

    fn new(sink: Sink, account: Arc<Account>) -> Self {
        Self {
            sink,
            buffer: Vec::new(),
            account,
        }
    }

    /// What is written, in words.
    pub(crate) fn place(&self) -> String {
        match &self.sink {
            Sink::File(file) => file.place.clone(),
            Sink::Object(upload) => upload.place().to_owned(),
        }
    }

    /// The file, where the output is one: for formats whose library writes files by name. What is written so is counted by
    /// [`Output::commit`].
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.sink {
            Sink::File(file) => Some(file.file.path()),
            Sink::Object(_) => None,
        }
    }

    /// Puts what was written under its name.
    ///
    /// # Errors
    /// [`Error::Write`] and [`Error::Store`]; [`Error::Exists`] when somebody else has put something there meanwhile, and it
    /// is not to be replaced.
    pub(crate) fn commit(mut self) -> Result<()> {
        if self.account.has_failed() {
            return Err(self.account.failure_or(Error::Stopped));
        }
        let last = std::mem::take(&mut self.buffer);
        match self.sink {
            Sink::File(file) => file.commit(&last, &self.account),
            Sink::Object(upload) => upload.commit(last),
        }?;
        self.account.add_file();
        Ok(())
    }

    fn chunk_bytes(&self) -> usize {
        match &self.sink {
            Sink::File(_) => FILE_CHUNK_BYTES,
            Sink::Object(upload) => upload.part_bytes(),
        }
    }

    fn pour(&mut self) -> Result<()> {
        match &mut self.sink {
            Sink::File(file) => {
                let written = file.file.as_file_mut().write_all(&self.buffer);
                self.buffer.clear();
                written.map_err(Error::write(&file.place))
            }
            Sink::Object(upload) => upload.put(std::mem::take(&mut self.buffer)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Libraries try to end their files well when they are dropped after a failure. It is of no use to anybody.
        if self.account.has_failed() {
            return Ok(bytes.len());
        }
        let room = self.chunk_bytes().saturating_sub(self.buffer.len()).max(1);
        let taken = &bytes[..bytes.len().min(room)];
        self.buffer.extend_from_slice(taken);
        self.account.add_bytes(taken.len() as u64);
        if self.buffer.len() >= self.chunk_bytes() {
            let poured = match self.account.is_stopped() {
                true => Err(Error::Stopped),
                false => self.pour(),
            };
            if let Err(error) = poured {
                let told = io::Error::other(error.to_string());
                self.account.fail(error);
                return Err(told);
            }
        }
        Ok(taken.len())
    }

    /// Bytes go on their way when there are enough of them.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl LocalFile {
    fn commit(mut self, last: &[u8], account: &Account) -> Result<()> {
        let failed = |source| Error::write(&self.place)(source);
        let file = self.file.as_file_mut();
        file.write_all(last).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if account.n_bytes() == 0 {
            let written = file.metadata().map_err(failed)?.len();
            account.add_bytes(written);
        }
        match self.overwrite {
            Overwrite::Replace => self.file.persist(&self.target).map(drop),
            Overwrite::Refuse => self.file.persist_noclobber(&self.target).map(drop),
        }
        .map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists {
                place: self.place.clone(),
            },
            _ => failed(error.error),
        })
    }
}

/// The beginning of the hidden name of what is to be `target`.
pub(crate) fn hidden_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut end = name.len().min(REPEATED_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!(".{}.", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        entries.map(name).collect()
    }

    #[test]
    fn a_file_appears_when_it_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a/b.csv");
        let account = Arc::<Account>::default();
        let mut output = Output::file(
            &target,
            "b".to_owned(),
            Overwrite::Refuse,
            Arc::clone(&account),
        )
        .unwrap();
        output.write_all(&vec![b'x'; 3 << 20]).unwrap();
        output.write_all(b"end").unwrap();
        let hidden = names(target.parent().unwrap());
        assert!(
            hidden.len() == 1
                && hidden[0].starts_with(".b.csv.")
                && hidden[0].ends_with(".partial")
        );
        output.commit().unwrap();
        assert_eq!(names(target.parent().unwrap()), ["b.csv"]);
        assert_eq!(fs::metadata(&target).unwrap().len(), (3 << 20) + 3);
        assert_eq!((account.n_bytes(), account.n_files()), ((3 << 20) + 3, 1));
    }

    #[test]
    fn a_file_that_is_not_committed_was_never_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("b.csv");
        let mut output =
            Output::file(&target, "b".to_owned(), Overwrite::Refuse, Arc::default()).unwrap();
        output.write_all(b"text").unwrap();
        drop(output);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_came_meanwhile_stays_unless_it_is_to_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("b.csv");
        for (overwrite, expected) in [(Overwrite::Refuse, "theirs"), (Overwrite::Replace, "ours")] {
            let mut output =
                Output::file(&target, "b".to_owned(), overwrite, Arc::default()).unwrap();
            fs::write(&target, "theirs").unwrap();
            output.write_all(b"ours").unwrap();
            let committed = output.commit();
            assert_eq!(committed.is_ok(), overwrite == Overwrite::Replace);
            assert_eq!(fs::read_to_string(&target).unwrap(), expected);
            assert_eq!(names(folder.path()), ["b.csv"]);
        }
    }

    #[test]
    fn a_stopped_output_takes_no_more_than_its_buffer() {
        let folder = tempfile::tempdir().unwrap();
        let account = Arc::<Account>::default();
        let target = folder.path().join("b.csv");
        let mut output = Output::file(
            &target,
            "b".to_owned(),
            Overwrite::Refuse,
            Arc::clone(&account),
        )
        .unwrap();
        account.stop();
        assert!(output.write_all(&vec![0; 2 << 20]).is_err());
        assert!(matches!(output.commit(), Err(Error::Stopped)));
        assert!(names(folder.path()).is_empty());
    }
}
