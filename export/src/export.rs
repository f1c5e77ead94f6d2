//! From a query to a place: the border between the asynchronous query and the thread that writes.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{Schema, SchemaRef};
use engram_engine::{Answer, Session};
use engram_schemas::DatasetLocation;
use futures::StreamExt;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::account::Account;
use crate::encoders::{Encoder, encoder, lr_identify};
use crate::format::Format;
use crate::partitions::{self, Partitions};
use crate::provenance::provenance;
use crate::settings::{ExportSettings, Form};
use crate::target::Target;
use crate::{Error, Result, plain};

/// Rows of a batch that goes to the writer, where there are so many.
const BATCH_ROWS: usize = 8192;

/// How many batches wait for the writer. A slow place slows the query.
const WAITING_BATCHES: usize = 2;

/// What is exported.
pub enum Asked<'a> {
    /// The answer to one SQL statement.
    Sql(&'a str),
    /// Rows that were made of an answer. They are written as they come, and to one file.
    Rows {
        /// The rows.
        answer: Answer,
        /// How they were made, as SQL: what the file says of itself.
        sql: &'a str,
    },
}

/// What an export came to.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The format.
    pub format: Format,
    /// How many rows.
    pub n_rows: u64,
    /// How many columns, those that name folders among them.
    pub n_columns: usize,
    /// How many files.
    pub n_files: u64,
    /// How many bytes they have.
    pub n_bytes: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Who watches an export.
pub struct Watch<'a, S> {
    /// Is told how many rows were computed and how many bytes were written, now and then.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
    /// Ends when the export is to stop.
    pub stop: S,
}

/// What goes to the thread that writes.
enum Message {
    Rows(RecordBatch),
    /// All rows have come. A channel that ends without it belongs to a query that failed.
    End,
}

/// Writes an answer to a place, where it appears when it is whole.
///
/// # Errors
/// Those of the query; [`Error::Settings`] and [`Error::Exists`] before anything is computed; [`Error::Column`] for what the
/// format has no place for, [`Error::Write`] and [`Error::Store`] for a place that takes no more, [`Error::Stopped`].
/// Nothing is left then.
pub async fn export<S: Future<Output = ()> + Send>(
    session: &Session,
    asked: Asked<'_>,
    to: &DatasetLocation,
    settings: &ExportSettings,
    watch: Watch<'_, S>,
) -> Result<Exported> {
    let begun = Instant::now();
    let form = settings.form(to.root().filename().unwrap_or_default())?;
    refuse_within(session, to)?;
    let by = settings.partition_by.clone();
    let target = match by.is_empty() {
        true => Target::file(to, settings.overwrite).await?,
        false => Target::folder(to, settings.overwrite).await?,
    };
    let (Asked::Sql(sql) | Asked::Rows { sql, .. }) = asked;
    let provenance = provenance(session, sql);
    let answer = match asked {
        Asked::Sql(sql) if form.format == Format::LrIdentify => {
            ask(session, &examples(session, sql).await?, &by).await?
        }
        Asked::Sql(sql) => ask(session, sql, &by).await?,
        Asked::Rows { .. } if form.format == Format::LrIdentify || !by.is_empty() => {
            return Err(Error::Settings {
                reason: "rows that were made of an answer go to one file as they come".to_owned(),
                hint: "ask for the rows in SQL".to_owned(),
            });
        }
        Asked::Rows { answer, .. } => answer,
    };
    let schema = plain::schema(&answer.schema, provenance);
    check(&schema)?;
    partitions::places(&schema, &by)?;

    let format = form.format;
    let n_columns = schema.fields().len();
    let account = Arc::clone(target.account());
    let (sender, receiver) = channel(WAITING_BATCHES);
    let mut writing = tokio::task::spawn_blocking(move || {
        let account = Arc::clone(target.account());
        let written = Writer::try_new(form, target, &schema, &by)
            .and_then(|writer| write(writer, receiver, &schema));
        written.map_err(|error| account.failure_or(error))
    });
    let mut stop = std::pin::pin!(watch.stop);
    let fed = tokio::select! {
        fed = feed(answer, sender, &account, watch.progress) => fed,
        () = &mut stop => {
            account.stop();
            Err(Error::Stopped)
        }
    };
    let written = tokio::select! {
        written = &mut writing => written,
        () = &mut stop, if fed.is_ok() => {
            account.stop();
            writing.await
        }
    };
    let n_rows = fed?;
    written??;
    Ok(Exported {
        format,
        n_rows,
        n_columns,
        n_files: account.n_files(),
        n_bytes: account.n_bytes(),
        elapsed: begun.elapsed(),
    })
}

/// Refuses a place within the dataset: what is written there would be taken for a part of it, or replace one.
fn refuse_within(session: &Session, to: &DatasetLocation) -> Result<()> {
    let dataset = session.location();
    let is_same_store = dataset.store_url() == to.store_url();
    match is_same_store && to.root().prefix_matches(dataset.root()) {
        true => Err(Error::Settings {
            reason: format!("{to} lies within the dataset {dataset}"),
            hint: "choose a place outside of it".to_owned(),
        }),
        false => Ok(()),
    }
}

/// The query for the examples whose rows `sql` gives.
async fn examples(session: &Session, sql: &str) -> Result<String> {
    let rows = session.sql(sql).await?;
    lr_identify::query(
        sql.trim_end().trim_end_matches(';'),
        rows.schema().as_arrow(),
    )
}

async fn ask(session: &Session, sql: &str, by: &[String]) -> Result<Answer> {
    if by.is_empty() {
        return Ok(session.stream(sql).await?);
    }
    let query = partitions::sorted(session.sql(sql).await?, by)?;
    let schema = Arc::clone(query.schema().inner());
    let batches = query
        .execute_stream()
        .await
        .map_err(engram_engine::Error::running)?;
    let batches = batches.map(|batch| batch.map_err(engram_engine::Error::running));
    Ok(Answer {
        schema,
        batches: batches.boxed(),
    })
}

/// Refuses columns that a reader could not tell apart.
fn check(schema: &Schema) -> Result<()> {
    if schema.fields().is_empty() {
        return Err(Error::NoColumns);
    }
    let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
    let twice = names
        .iter()
        .enumerate()
        .find(|(place, name)| names[..*place].contains(name));
    match twice {
        Some((_, name)) => Err(Error::TwoColumns {
            name: (*name).clone(),
        }),
        None => Ok(()),
    }
}

/// Hands the rows over, and says how many there were. A writer that has gone says itself why.
async fn feed(
    mut answer: Answer,
    sender: Sender<Message>,
    account: &Account,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<u64> {
    let mut n_rows = 0;
    // Datasets of many files answer in many small batches, which cost their readers more than the rows in them.
    let mut batches = BatchCoalescer::new(Arc::clone(&answer.schema), BATCH_ROWS);
    loop {
        let rows = answer.batches.next().await.transpose()?;
        let is_last = rows.is_none();
        match rows {
            Some(rows) => batches.push_batch(rows),
            None => batches.finish_buffered_batch(),
        }
        .map_err(|error| engram_engine::Error::running(error.into()))?;
        while let Some(rows) = batches.next_completed_batch() {
            n_rows += rows.num_rows() as u64;
            if sender.send(Message::Rows(rows)).await.is_err() {
                return Ok(n_rows);
            }
            progress(n_rows, account.n_bytes());
        }
        if is_last {
            break;
        }
    }
    let _ = sender.send(Message::End).await;
    Ok(n_rows)
}

/// Writes what comes, and puts it under its name when all has come.
fn write(mut writer: Writer, mut receiver: Receiver<Message>, schema: &SchemaRef) -> Result<()> {
    let format = writer.format();
    loop {
        match receiver.blocking_recv() {
            Some(Message::Rows(rows)) => {
                writer.write(&plain::batch(&rows, schema).map_err(Error::encode(format))?)?;
            }
            Some(Message::End) => return writer.finish(),
            None => return Err(Error::Stopped),
        }
    }
}

/// One file, or a folder of them.
enum Writer {
    File(Format, Box<dyn Encoder>),
    Folder(Format, Box<Partitions>),
}

impl Writer {
    fn try_new(form: Form, target: Target, schema: &SchemaRef, by: &[String]) -> Result<Self> {
        let format = form.format;
        Ok(match by {
            [] => Self::File(format, encoder(&form, schema, target.output()?)?),
            by => Self::Folder(
                format,
                Box::new(Partitions::try_new(form, target.begin()?, schema, by)?),
            ),
        })
    }

    fn format(&self) -> Format {
        match self {
            Self::File(format, _) | Self::Folder(format, _) => *format,
        }
    }

    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        match self {
            Self::File(_, encoder) => encoder.write(rows),
            Self::Folder(_, partitions) => partitions.write(rows),
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::File(_, encoder) => encoder.finish()?.commit(),
            Self::Folder(_, partitions) => partitions.finish(),
        }
    }
}
