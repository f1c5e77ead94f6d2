//! Rows to the Hive folders of their values: `layer=conv1/depth=first/part-0.parquet`.
//!
//! Rows come sorted by the columns of the partition, so that one file is open at a time and memory is flat however many
//! folders there are. The other way, a file open for each folder, needs either the memory of as many writers as there are
//! values, or many small files where it closes some of them to open others; and the query engine's sort goes on in files when it has
//! no more memory.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::logical_expr::{Expr, LogicalPlan, Sort, SortExpr};
use datafusion::prelude::DataFrame;
use engram_schemas::category::nearest;

use crate::encoders::{Encoder, encoder};
use crate::settings::Form;
use crate::target::Folder;
use crate::{Error, Result};

/// The bytes after which a folder's next file begins.
const PART_BYTES: u64 = 512 << 20;

/// What Hive calls the folder of NULL.
const OF_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The query with its rows in the order that [`Partitions`] wants: by the columns of the partition, and within a partition
/// as the query has them, if it ends with ORDER BY.
pub(crate) fn sorted(query: DataFrame, columns: &[String]) -> Result<DataFrame> {
    let (state, plan) = query.into_parts();
    let plan = match plan {
        LogicalPlan::Sort(Sort {
            expr,
            input,
            fetch: None,
        }) => {
            let keys = keys(&input, columns)?;
            LogicalPlan::Sort(Sort {
                expr: keys.into_iter().chain(expr).collect(),
                input,
                fetch: None,
            })
        }
        plan => LogicalPlan::Sort(Sort {
            expr: keys(&plan, columns)?,
            input: plan.into(),
            fetch: None,
        }),
    };
    Ok(DataFrame::new(state, plan))
}

fn keys(plan: &LogicalPlan, columns: &[String]) -> Result<Vec<SortExpr>> {
    let schema = plan.schema();
    let key = |name: &String| {
        let place = schema
            .fields()
            .iter()
            .position(|field| field.name() == name);
        let place = place.ok_or_else(|| no_column(name, schema.as_arrow()))?;
        Ok(Expr::Column(schema.columns()[place].clone()).sort(true, true))
    };
    columns.iter().map(key).collect()
}

/// The error of a column that the answer does not have.
fn no_column(name: &str, schema: &Schema) -> Error {
    let fields = schema.fields().iter();
    let names: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    let near = nearest(name, names.iter().copied());
    Error::Partition {
        column: name.to_owned(),
        reason: match near {
            Some(_) => "the answer has no such column".to_owned(),
            None => format!("the answer has the columns {}", names.join(", ")),
        },
        near: near.map(str::to_owned),
    }
}

/// Writes sorted rows to folders.
pub(crate) struct Partitions {
    form: Form,
    folder: Folder,
    /// The places of the columns that name folders, and of those that go to files.
    by: Vec<usize>,
    kept: Vec<usize>,
    schema: SchemaRef,
    open: Option<Part>,
}

/// The file that rows go to.
struct Part {
    folder: String,
    number: usize,
    encoder: Box<dyn Encoder>,
    /// How many bytes had been written when it was begun.
    n_bytes_before: u64,
}

impl Partitions {
    /// # Errors
    /// [`Error::Partition`] for columns that are not there, or whose values name no folder.
    pub(crate) fn try_new(
        form: Form,
        folder: Folder,
        schema: &Schema,
        by: &[String],
    ) -> Result<Self> {
        let by = places(schema, by)?;
        let kept: Vec<usize> = (0..schema.fields().len())
            .filter(|place| !by.contains(place))
            .collect();
        let schema = schema.project(&kept).map_err(Error::encode(form.format))?;
        Ok(Self {
            form,
            folder,
            by,
            kept,
            schema: schema.into(),
            open: None,
        })
    }

    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let failed = |error| Error::encode(self.form.format)(error);
        let keys: Vec<ArrayRef> = self
            .by
            .iter()
            .map(|&place| ArrayRef::clone(rows.column(place)))
            .collect();
        let ranges = compute::partition(&keys).map_err(failed)?.ranges();
        let kept = rows.project(&self.kept).map_err(failed)?;
        for Range { start, end } in ranges {
            let folder = self.folder_of(rows, start)?;
            self.part(folder)?
                .encoder
                .write(&kept.slice(start, end - start))?;
        }
        Ok(())
    }

    /// Ends the last file and says that the folder is whole.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.close()?;
        self.folder.commit()
    }

    fn close(&mut self) -> Result<()> {
        match self.open.take() {
            Some(part) => part.encoder.finish()?.commit(),
            None => Ok(()),
        }
    }

    /// The file that rows of a folder go to now.
    fn part(&mut self, folder: String) -> Result<&mut Part> {
        let n_bytes = self.folder.account().n_bytes();
        let number = match &self.open {
            Some(part) if part.folder != folder => Some(0),
            Some(part) if n_bytes - part.n_bytes_before >= PART_BYTES => Some(part.number + 1),
            Some(_) => None,
            None => Some(0),
        };
        if let Some(number) = number {
            self.close()?;
            let ending = self.form.format.ending(self.form.compression);
            let output = self
                .folder
                .output(&format!("{folder}/part-{number}{ending}"))?;
            self.open = Some(Part {
                folder,
                number,
                encoder: encoder(&self.form, &self.schema, output)?,
                n_bytes_before: n_bytes,
            });
        }
        self.open.as_mut().ok_or(Error::Stopped)
    }

    /// The folder of a row.
    fn folder_of(&self, rows: &RecordBatch, row: usize) -> Result<String> {
        let options = FormatOptions::default();
        let level = |&place: &usize| {
            let column = rows.column(place);
            let name = encoded(rows.schema().field(place).name());
            if column.is_null(row) {
                return Ok(format!("{name}={OF_NULL}"));
            }
            let value = ArrayFormatter::try_new(column, &options)
                .and_then(|values| values.value(row).try_to_string())
                .map_err(Error::encode(self.form.format))?;
            Ok(format!("{name}={}", encoded(&value)))
        };
        let levels: Vec<String> = self.by.iter().map(level).collect::<Result<_>>()?;
        Ok(levels.join("/"))
    }
}

/// The places of the columns to partition by.
pub(crate) fn places(schema: &Schema, by: &[String]) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for column in by {
        let refused = |reason: &str| Error::Partition {
            column: column.clone(),
            reason: reason.to_owned(),
            near: None,
        };
        let (place, field) = schema
            .column_with_name(column)
            .ok_or_else(|| no_column(column, schema))?;
        if places.contains(&place) {
            return Err(refused("it is named twice"));
        }
        if field.data_type().is_nested()
            || matches!(field.data_type(), DataType::Binary | DataType::LargeBinary)
        {
            return Err(refused("its values name no folder"));
        }
        places.push(place);
    }
    match by.last() {
        Some(last) if places.len() == schema.fields().len() => Err(Error::Partition {
            column: last.clone(),
            reason: "no column would be left for the files".to_owned(),
            near: None,
        }),
        _ => Ok(places),
    }
}

/// A text as a part of a path: what is no letter, digit, `-`, `_` or `.` is percent-encoded, as readers of Hive folders
/// expect it.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
