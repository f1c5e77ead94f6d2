//! A SQLite database of one table.
//!
//! The library writes a file by name. Where the output is a file it is that one; for an object of a store it is a temporary
//! one, which is sent when it is whole.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode};
use tempfile::NamedTempFile;

use super::{Encoder, refused};
use crate::format::Format;
use crate::output::Output;
use crate::{Error, Result, text};

/// Nobody else sees the file before it is whole, so that nothing in it has to survive a crash.
const PRAGMAS: &str =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;";

/// Rows of one transaction, by one prepared INSERT. NaN becomes NULL, which is SQLite's own way; infinity stays.
pub(super) struct SqliteEncoder {
    connection: Connection,
    insert: String,
    output: Output,
    temporary: Option<NamedTempFile>,
}

impl SqliteEncoder {
    pub(super) fn try_new(schema: &SchemaRef, table: &str, output: Output) -> Result<Self> {
        check_names(schema)?;
        let temporary = match output.path() {
            Some(_) => None,
            None => {
                let folder = std::env::temp_dir();
                Some(NamedTempFile::new().map_err(Error::write(folder.display()))?)
            }
        };
        let path = temporary.as_ref().map(NamedTempFile::path);
        let path = path.or(output.path()).unwrap_or(Path::new(""));
        let connection = Connection::open(path).map_err(failed(&output.place()))?;
        let columns = schema.fields().iter();
        let columns: Vec<String> = columns
            .map(|field| format!("{} {}", quoted(field.name()), declared(field.data_type())))
            .collect();
        let create = format!("CREATE TABLE {} ({})", quoted(table), columns.join(", "));
        connection
            .execute_batch(&format!("{PRAGMAS} BEGIN; {create};"))
            .map_err(failed(&output.place()))?;
        let places = vec!["?"; columns.len()].join(", ");
        Ok(Self {
            connection,
            insert: format!("INSERT INTO {} VALUES ({places})", quoted(table)),
            output,
            temporary,
        })
    }

    fn insert(&self, n_rows: usize, columns: &[ArrayRef]) -> rusqlite::Result<()> {
        let mut insert = self.connection.prepare(&self.insert)?;
        for row in 0..n_rows {
            for (place, column) in columns.iter().enumerate() {
                insert.raw_bind_parameter(place + 1, ToSqlOutput::Borrowed(value(column, row)))?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    }
}

impl Encoder for SqliteEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let columns = text::columns(rows).map_err(Error::encode(Format::Sqlite))?;
        let schema = rows.schema();
        let columns = schema.fields().iter().zip(columns);
        let columns = columns.map(|(field, column)| stored(field.name(), column));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let inserted = self.insert(rows.num_rows(), &columns);
        inserted.map_err(failed(&self.output.place()))
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        let place = self.output.place();
        self.connection
            .execute_batch("COMMIT")
            .map_err(failed(&place))?;
        let closed = self.connection.close();
        closed.map_err(|(_, error)| failed(&place)(error))?;
        if let Some(temporary) = self.temporary {
            File::open(temporary.path())
                .and_then(|mut file| io::copy(&mut file, &mut self.output))
                .map_err(Error::write(place))?;
        }
        Ok(self.output)
    }
}

/// Refuses names that SQLite takes for one.
fn check_names(schema: &SchemaRef) -> Result<()> {
    let mut names = BTreeSet::new();
    for field in schema.fields() {
        if !names.insert(field.name().to_ascii_lowercase()) {
            let reason = "another column's name differs only in the case of its letters";
            let hint = "give it another name: SELECT ... AS name";
            return Err(refused(Format::Sqlite, field.name(), reason, hint));
        }
    }
    Ok(())
}

/// The column in one of SQLite's own types: 64-bit integers, 64-bit floating-point numbers, text, bytes.
fn stored(name: &str, column: ArrayRef) -> Result<ArrayRef> {
    let wanted = match column.data_type() {
        DataType::Boolean => DataType::Int64,
        DataType::Float32 => DataType::Float64,
        DataType::UInt64 => {
            let signed = cast(&column, &DataType::Int64).map_err(Error::encode(Format::Sqlite))?;
            if signed.null_count() > column.null_count() {
                let hint = format!("write it as text: CAST(\"{name}\" AS VARCHAR)");
                return Err(refused(
                    Format::Sqlite,
                    name,
                    "a number is beyond its integers of 64 bits with sign",
                    hint,
                ));
            }
            return Ok(signed);
        }
        _ => return Ok(column),
    };
    cast(&column, &wanted).map_err(Error::encode(Format::Sqlite))
}

fn value(column: &ArrayRef, row: usize) -> ValueRef<'_> {
    if column.is_null(row) {
        return ValueRef::Null;
    }
    match column.data_type() {
        DataType::Int64 => ValueRef::Integer(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => ValueRef::Real(column.as_primitive::<Float64Type>().value(row)),
        DataType::Binary => ValueRef::Blob(column.as_binary::<i32>().value(row)),
        _ => ValueRef::Text(column.as_string::<i32>().value(row).as_bytes()),
    }
}

/// The type that a column is declared with, of those that other programs look for.
fn declared(of: &DataType) -> &'static str {
    match of {
        DataType::Boolean => "BOOLEAN",
        of if of.is_integer() => "INTEGER",
        of if of.is_floating() => "REAL",
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => "BLOB",
        _ => "TEXT",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What SQLite says of its file is told of the file; it has no more to say of what the system said.
fn failed(place: &str) -> impl FnOnce(rusqlite::Error) -> Error {
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::write(place)(io::ErrorKind::StorageFull.into()),
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            Error::write(place)(io::Error::other(error))
        }
        _ => Error::encode(Format::Sqlite)(error),
    }
}
