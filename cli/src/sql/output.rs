//! Answers on standard output, batch by batch.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use arrow::json::WriterBuilder as JsonBuilder;
use arrow::json::writer::JsonArray;
use engram_engine::Answer;
use engram_export::CsvWriter;
use futures::StreamExt;

use super::destination::Printed;
use super::progress::{Cleared, Progress};
use super::table::{Room, Table};

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

/// Prints answers in one form.
pub(super) struct Sink {
    format: Printed,
    output: Output,
    /// For lines of a table.
    room: Room,
    progress: Arc<Progress>,
    n_answers: usize,
    n_rows: u64,
}

/// The writer under every form. It notes that its reader went away, since the forms' own errors hide it.
#[derive(Clone)]
struct Output {
    inner: Arc<std::sync::Mutex<Box<dyn Write + Send>>>,
    closed: Arc<AtomicBool>,
}

impl Sink {
    pub(super) fn open(format: Printed, progress: Arc<Progress>) -> Self {
        if !io::stdout().is_terminal() {
            return Self::over(Box::new(io::stdout()), Room::Unlimited, format, progress);
        }
        let size = terminal_size::terminal_size_of(io::stdout());
        let room = size.map_or(Room::Unlimited, |(width, _)| {
            Room::Width(usize::from(width.0))
        });
        let terminal = Cleared {
            terminal: io::stdout(),
            progress: Arc::clone(&progress),
        };
        Self::over(Box::new(terminal), room, format, progress)
    }

    fn over(
        output: Box<dyn Write + Send>,
        room: Room,
        format: Printed,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            format,
            output: Output {
                inner: Arc::new(std::sync::Mutex::new(Box::new(BufWriter::new(output)))),
                closed: Arc::default(),
            },
            room,
            progress,
            n_answers: 0,
            n_rows: 0,
        }
    }

    /// Prints one answer as its batches come.
    pub(super) async fn write(&mut self, answer: Answer) -> anyhow::Result<Reader> {
        if self.n_answers > 0 && self.output.write_all(b"\n").is_err() {
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
            self.n_rows += batch.num_rows() as u64;
            self.progress.add_rows(batch.num_rows());
            if let Err(error) = writer.write(&batch) {
                return self.reader_or(Err(error));
            }
        }
        let finished = writer.finish().and_then(|()| Ok(self.output.flush()?));
        self.progress.end();
        self.reader_or(finished)
    }

    /// How many rows the answers had so far.
    pub(super) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Prints what is left, and says how many rows there were.
    pub(super) fn finish(mut self) -> anyhow::Result<u64> {
        let flushed = self.output.flush().map_err(anyhow::Error::from);
        self.reader_or(flushed)?;
        Ok(self.n_rows)
    }

    fn reader_or(&self, written: anyhow::Result<()>) -> anyhow::Result<Reader> {
        if self.output.closed.load(Ordering::Relaxed) {
            return Ok(Reader::Closed);
        }
        let written = written.map(|()| Reader::Open);
        match written {
            // A column that has no place in the form is told by itself.
            Err(error) if error.is::<engram_export::Error>() => Err(error),
            written => written.context("cannot write to standard output"),
        }
    }
}

enum FormatWriter {
    Table(Table<Output>),
    Csv(CsvWriter<Output>),
    Json(Box<arrow::json::writer::Writer<Output, JsonArray>>),
    Arrow(Box<StreamWriter<Output>>),
}

impl FormatWriter {
    fn new(format: Printed, schema: SchemaRef, room: Room, output: Output) -> anyhow::Result<Self> {
        Ok(match format {
            Printed::Table => Self::Table(Table::new(schema, room, output)),
            Printed::Csv => Self::Csv(CsvWriter::try_new(&schema, output)?),
            Printed::Json => Self::Json(Box::new(
                JsonBuilder::new()
                    .with_explicit_nulls(true)
                    .build::<_, JsonArray>(output),
            )),
            Printed::Arrow => Self::Arrow(Box::new(StreamWriter::try_new(output, &schema)?)),
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Self::Table(writer) => writer.write(batch)?,
            Self::Csv(writer) => writer.write(batch)?,
            Self::Json(writer) => writer.write(batch)?,
            Self::Arrow(writer) => writer.write(batch)?,
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

#[cfg(test)]
mod tests;
