//! A SQLite database of one table.
//!
//! The library writes a file by name. Where the output is a file it is that one; for an object of a store it is a temporary
//! one, which is sent when it is whole.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
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
        let mut names = BTreeSet::new();
        for field in schema.fields() {
            if !names.insert(field.name().to_ascii_lowercase()) {
                let reason = "another column's name differs only in the case of its letters";
                return Err(refused(
                    Format::Sqlite,
                    field.name(),
                    reason,
                    "give it another name: SELECT ... AS name",
                ));
            }
        }
        let temporary = match output.path() {
            Some(_) => None,
            None => Some(
                NamedTempFile::new()
                    .map_err(|error| temporary_failed(&std::env::temp_dir(), error))?,
            ),
        };
        let path: PathBuf = match (&temporary, output.path()) {
            (Some(temporary), _) => temporary.path().to_owned(),
            (None, path) => path.unwrap_or(Path::new("")).to_owned(),
        };
        let connection = Connection::open(path).map_err(failed)?;
        let columns = schema.fields().iter();
        let columns: Vec<String> = columns
            .map(|field| format!("{} {}", quoted(field.name()), declared(field.data_type())))
            .collect();
        let create = format!("CREATE TABLE {} ({})", quoted(table), columns.join(", "));
        connection
            .execute_batch(&format!("{PRAGMAS} BEGIN; {create};"))
            .map_err(failed)?;
        let places = vec!["?"; columns.len()].join(", ");
        Ok(Self {
            connection,
            insert: format!("INSERT INTO {} VALUES ({places})", quoted(table)),
            output,
            temporary,
        })
    }
}

impl Encoder for SqliteEncoder {
    fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let columns = text::columns(rows).map_err(Error::encode(Format::Sqlite))?;
        let schema = rows.schema();
        let columns = schema.fields().iter().zip(columns);
        let columns = columns.map(|(field, column)| stored(field.name(), column));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut insert = self.connection.prepare(&self.insert).map_err(failed)?;
        for row in 0..rows.num_rows() {
            for (place, column) in columns.iter().enumerate() {
                let value = ToSqlOutput::Borrowed(value(column, row));
                insert
                    .raw_bind_parameter(place + 1, value)
                    .map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Output> {
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        self.connection
            .close()
            .map_err(|(_, error)| failed(error))?;
        if let Some(temporary) = self.temporary {
            let mut file = File::open(temporary.path())
                .map_err(|error| temporary_failed(temporary.path(), error))?;
            io::copy(&mut file, &mut self.output).map_err(Error::encode(Format::Sqlite))?;
        }
        Ok(self.output)
    }
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

fn failed(error: rusqlite::Error) -> Error {
    Error::encode(Format::Sqlite)(error)
}

fn temporary_failed(path: &Path, error: io::Error) -> Error {
    Error::write(path.display())(error)
}
