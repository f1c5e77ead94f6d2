//! Where answers go, batch by batch.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder as CsvBuilder;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use arrow::json::WriterBuilder as JsonBuilder;
use arrow::json::writer::JsonArray;
use engram_engine::{Answer, flat};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::Format;
use super::progress::{Cleared, Progress};
use super::table::{Room, Table};

/// Standard output, or a file that appears under its name when it is complete.
pub(super) enum Destination {
    Stdout,
    File(PathBuf),
}

impl Destination {
    pub(super) fn of(output: Option<PathBuf>) -> Self {
        output.map_or(Self::Stdout, Self::File)
    }

    /// Refuses to fill a terminal with bytes that are not text.
    pub(super) fn accepts(&self, format: Format) -> anyhow::Result<()> {
        if matches!(self, Self::Stdout) && format.is_binary() && io::stdout().is_terminal() {
            bail!(
                "this format is not text: name a file with --output, or send the output to a program or file"
            );
        }
        Ok(())
    }
}

/// Whether anybody still reads what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Open,
    /// As after `| head`: no error, but no reason to go on either.
    Closed,
}

impl Reader {
    pub(super) fn is_closed(self) -> bool {
        self == Self::Closed
    }
}

/// Writes answers in one format to one destination.
pub(super) struct Sink {
    format: Format,
    output: Output,
    /// For lines of a table.
    room: Room,
    temporary: Option<Temporary>,
    progress: Arc<Progress>,
    n_answers: usize,
}

/// The writer under every format. It notes that its reader went away, since the formats' own errors hide it.
#[derive(Clone)]
struct Output {
    inner: Arc<std::sync::Mutex<Box<dyn Write + Send>>>,
    closed: Arc<AtomicBool>,
}

/// A file that is being written and goes away unless it is kept.
struct Temporary {
    path: PathBuf,
    target: PathBuf,
}

impl Sink {
    pub(super) fn open(
        destination: Destination,
        format: Format,
        progress: Arc<Progress>,
    ) -> anyhow::Result<Self> {
        let mut room = Room::Unlimited;
        let (inner, temporary): (Box<dyn Write + Send>, _) = match destination {
            Destination::Stdout if io::stdout().is_terminal() => {
                if let Some((width, _)) = terminal_size::terminal_size_of(io::stdout()) {
                    room = Room::Width(usize::from(width.0));
                }
                let terminal = Cleared {
                    terminal: io::stdout(),
                    progress: Arc::clone(&progress),
                };
                (Box::new(BufWriter::new(terminal)), None)
            }
            Destination::Stdout => (Box::new(BufWriter::new(io::stdout())), None),
            Destination::File(target) => {
                let temporary = Temporary::beside(target);
                let file = File::create_new(&temporary.path)
                    .with_context(|| format!("cannot write {}", temporary.target.display()))?;
                (Box::new(BufWriter::new(file)), Some(temporary))
            }
        };
        let output = Output {
            inner: Arc::new(std::sync::Mutex::new(inner)),
            closed: Arc::default(),
        };
        Ok(Self {
            format,
            output,
            room,
            temporary,
            progress,
            n_answers: 0,
        })
    }

    /// Writes one answer as its batches come.
    pub(super) async fn write(&mut self, answer: Answer) -> anyhow::Result<Reader> {
        if self.n_answers > 0 && self.separate().is_err() {
            return self.reader_or(Ok(()));
        }
        self.n_answers += 1;
        let mut batches = answer.batches;
        let output = self.output.clone();
        let mut writer = match FormatWriter::new(self.format, answer.schema, self.room, output) {
            Ok(writer) => writer,
            Err(error) => return self.reader_or(Err(error)),
        };
        while let Some(batch) = batches.next().await {
            // A query's own failure is an error even when nobody reads any more.
            let batch = batch?;
            self.progress.add_rows(batch.num_rows());
            if let Err(error) = writer.write(&batch) {
                return self.reader_or(Err(error));
            }
        }
        let finished = writer.finish().and_then(|()| Ok(self.output.flush()?));
        self.progress.end();
        self.reader_or(finished)
    }

    /// Puts a complete file under its name.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.output.flush().context("cannot write the answer")?;
        match self.temporary.take() {
            Some(temporary) => temporary.keep(),
            None => Ok(()),
        }
    }

    fn separate(&mut self) -> io::Result<()> {
        self.output.write_all(b"\n")
    }

    fn reader_or(&self, written: anyhow::Result<()>) -> anyhow::Result<Reader> {
        if self.output.closed.load(Ordering::Relaxed) {
            return Ok(Reader::Closed);
        }
        written
            .map(|()| Reader::Open)
            .with_context(|| match &self.temporary {
                Some(temporary) => format!("cannot write {}", temporary.target.display()),
                None => "cannot write to standard output".to_owned(),
            })
    }
}

enum FormatWriter {
    Table(Table<Output>),
    Csv(Box<arrow::csv::Writer<Output>>),
    Json(Box<arrow::json::writer::Writer<Output, JsonArray>>),
    Arrow(Box<StreamWriter<Output>>),
    Parquet(Box<ArrowWriter<Output>>),
}

impl FormatWriter {
    fn new(format: Format, schema: SchemaRef, room: Room, output: Output) -> anyhow::Result<Self> {
        Ok(match format {
            Format::Table => Self::Table(Table::new(schema, room, output)),
            Format::Csv => {
                let mut writer = CsvBuilder::new().with_header(true).build(output);
                // The header stands even above no rows.
                writer.write(&RecordBatch::new_empty(flat::schema(&schema)))?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => Self::Json(Box::new(
                JsonBuilder::new()
                    .with_explicit_nulls(true)
                    .build::<_, JsonArray>(output),
            )),
            Format::Arrow => Self::Arrow(Box::new(StreamWriter::try_new(output, &schema)?)),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                    .build();
                Self::Parquet(Box::new(ArrowWriter::try_new(
                    output,
                    schema,
                    Some(properties),
                )?))
            }
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Self::Table(writer) => writer.write(batch)?,
            Self::Csv(writer) => writer.write(&flat::batch(batch)?)?,
            Self::Json(writer) => writer.write(batch)?,
            Self::Arrow(writer) => writer.write(batch)?,
            Self::Parquet(writer) => writer.write(batch)?,
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Table(writer) => writer.finish()?,
            Self::Csv(_) => {}
            Self::Json(mut writer) => {
                writer.finish()?;
                writer.into_inner().write_all(b"\n")?;
            }
            Self::Arrow(mut writer) => writer.finish()?,
            Self::Parquet(writer) => drop(writer.close()?),
        }
        Ok(())
    }
}

impl Output {
    fn note(&self, result: io::Result<usize>) -> io::Result<usize> {
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            self.closed.store(true, Ordering::Relaxed);
        }
        result
    }

    fn with<R>(&self, act: impl FnOnce(&mut dyn Write) -> io::Result<R>) -> io::Result<R> {
        let mut inner = self
            .inner
            .lock()
            .map_err(|_| io::Error::other("the output is gone"))?;
        act(inner.as_mut())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.note(self.with(|inner| inner.write(bytes)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.note(self.with(|inner| inner.flush().map(|()| 0)))
            .map(drop)
    }
}

impl Temporary {
    fn beside(target: PathBuf) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        Self { path, target }
    }

    fn keep(self) -> anyhow::Result<()> {
        let failed = |target: &Path| format!("cannot write {}", target.display());
        File::open(&self.path)
            .and_then(|file| file.sync_all())
            .with_context(|| failed(&self.target))?;
        std::fs::rename(&self.path, &self.target).with_context(|| failed(&self.target))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After `keep` there is nothing to remove; otherwise what is left is of no use to anybody.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests;
