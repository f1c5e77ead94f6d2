//! `POST /api/download`: a whole answer as a file, written as its rows are computed.
//!
//! A batch is asked for when the one before it was taken, so that a slow client slows its query and memory stays flat. A client
//! that goes away drops the answer, which ends its query. An error after the first row breaks the connection off: half a file
//! must not look like a whole one.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use arrow::json::LineDelimitedWriter;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engram_export::CsvWriter;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::request::Asking;
use crate::{Client, Question, Rows, Service};

/// The type of an Arrow stream.
pub(super) const ARROW: &str = "application/vnd.apache.arrow.stream";
/// The type of a Parquet file.
pub(super) const PARQUET: &str = "application/vnd.apache.parquet";

/// Rows of a Parquet file that are held before they are written, in bytes.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// The forms of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Ndjson,
    Arrow,
    Parquet,
}

impl Format {
    const ALL: [Self; 4] = [Self::Csv, Self::Ndjson, Self::Arrow, Self::Parquet];

    fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Ndjson => "JSON lines",
            Self::Arrow => "Arrow",
            Self::Parquet => "Parquet",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Arrow => "arrows",
            other => other.name(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Arrow => ARROW,
            Self::Parquet => PARQUET,
        }
    }

    /// All of them, for whoever chooses.
    pub(super) fn described() -> Vec<Value> {
        let described = |format: Self| json!({ "name": format.name(), "extension": format.extension(), "title": format.title() });
        Self::ALL.map(described).to_vec()
    }

    fn named(name: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Refusal::request(
                format!("there is no format `{name}`"),
                format!("there are {names}"),
            )
        })
    }
}

pub(super) async fn download(
    State(service): State<Service>,
    Extension(client): Extension<Client>,
    asking: Asking,
) -> Result<Response, Refusal> {
    let format = Format::named(asking.format.as_deref().unwrap_or("csv"))?;
    let rows = asking.max_rows.map_or(Rows::All, Rows::AtMost);
    let mut response = answer(&service, asking.question(&service, client, rows), format).await?;
    let name = format!("attachment; filename=\"answer.{}\"", format.extension());
    if let Ok(name) = name.parse() {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// An answer in one of the forms.
///
/// # Errors
/// What is known before the first row: of the statement, its planning, and its first batch.
pub(super) async fn answer(
    service: &Service,
    question: Question,
    format: Format,
) -> Result<Response, Refusal> {
    let asked = service.asker.ask(question).await?;
    let mut batches = asked.batches.fuse();
    // Much that can go wrong does so before the first row, where it can still be told.
    let first = batches.next().await.transpose()?;
    let (encoder, head) = Encoder::try_new(format, asked.schema).map_err(|error| {
        let hint = "choose another format, or CAST the column";
        Refusal::request(
            format!(
                "the answer cannot be written as {}: {error}",
                format.title()
            ),
            hint,
        )
    })?;
    let batches = stream::iter(first.map(Ok))
        .chain(batches)
        .map_err(io::Error::other);
    let pieces = stream::iter([Ok(head)]).chain(pieces(encoder, batches.boxed()));
    let pieces = pieces.try_filter(|piece| std::future::ready(!piece.is_empty()));
    let kind = [(header::CONTENT_TYPE, format.kind())];
    Ok((kind, Body::from_stream(pieces)).into_response())
}

/// The file, a piece for each batch and one for its end.
fn pieces(
    encoder: Encoder,
    batches: BoxStream<'static, io::Result<RecordBatch>>,
) -> impl futures::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(Some((encoder, batches)), async |state| {
        let Some((mut encoder, mut batches)) = state else {
            return Ok(None);
        };
        let batch = batches.try_next().await.inspect_err(|error| {
            tracing::warn!(%error, "a download breaks off");
        })?;
        // Others are to be answered while a batch is compressed.
        let written = tokio::task::spawn_blocking(move || match batch {
            Some(batch) => {
                let piece = encoder.write(&batch)?;
                Ok::<_, io::Error>((piece, Some(encoder)))
            }
            None => Ok((encoder.finish()?, None)),
        });
        let (piece, encoder) = written.await.map_err(io::Error::other)??;
        Ok::<_, io::Error>(Some((piece, encoder.map(|encoder| (encoder, batches)))))
    })
}

/// What a format's writer has written since it was last asked.
#[derive(Clone, Default)]
struct Piece(Arc<Mutex<Vec<u8>>>);

impl Piece {
    fn take(&self) -> Bytes {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *written).into()
    }
}

impl Write for Piece {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Rows into the bytes of a file.
struct Encoder {
    writer: Writer,
    piece: Piece,
}

enum Writer {
    Csv(Box<CsvWriter<Piece>>),
    Ndjson(Box<LineDelimitedWriter<Piece>>),
    Arrow(Box<StreamWriter<Piece>>),
    Parquet(Box<ArrowWriter<Piece>>),
}

impl Encoder {
    /// With what stands before the first row.
    fn try_new(format: Format, schema: SchemaRef) -> Result<(Self, Bytes), ParquetError> {
        let piece = Piece::default();
        let output = piece.clone();
        let writer = match format {
            Format::Csv => {
                let writer = CsvWriter::try_new(&schema, output);
                Writer::Csv(Box::new(writer.map_err(io::Error::other)?))
            }
            Format::Ndjson => {
                let writer = arrow::json::WriterBuilder::new().with_explicit_nulls(true);
                Writer::Ndjson(Box::new(writer.build(output)))
            }
            Format::Arrow => Writer::Arrow(Box::new(StreamWriter::try_new(output, &schema)?)),
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                    .build();
                Writer::Parquet(Box::new(ArrowWriter::try_new(
                    output,
                    schema,
                    Some(properties),
                )?))
            }
        };
        let head = piece.take();
        Ok((Self { writer, piece }, head))
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<Bytes> {
        match &mut self.writer {
            Writer::Csv(writer) => writer.write(batch).map_err(io::Error::other)?,
            Writer::Ndjson(writer) => writer.write(batch).map_err(io::Error::other)?,
            Writer::Arrow(writer) => writer.write(batch).map_err(io::Error::other)?,
            Writer::Parquet(writer) => {
                writer.write(batch).map_err(io::Error::other)?;
                if writer.in_progress_size() > ROW_GROUP_BYTES {
                    writer.flush().map_err(io::Error::other)?;
                }
            }
        }
        Ok(self.piece.take())
    }

    fn finish(self) -> io::Result<Bytes> {
        match self.writer {
            Writer::Csv(writer) => drop(writer),
            Writer::Ndjson(mut writer) => writer.finish().map_err(io::Error::other)?,
            Writer::Arrow(mut writer) => writer.finish().map_err(io::Error::other)?,
            Writer::Parquet(writer) => drop(writer.close().map_err(io::Error::other)?),
        }
        Ok(self.piece.take())
    }
}
