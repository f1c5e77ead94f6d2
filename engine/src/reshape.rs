//! Long tables to wide ones, for people to read.
//!
//! SQL answers in rows; a table that is read across (accuracy by rule and architecture) wants one of
//! the answer's columns spread over the page. DataFusion has no PIVOT; polars does this, and dependably.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use futures::{StreamExt, TryStreamExt};
use polars::frame::PivotColumnNaming;
use polars::prelude::{IntoLazy, Selector, by_name, element};

use crate::polars_bridge::{from_polars, to_polars};
use crate::{Answer, Error, Result};

/// Spreads a long table: a row for each combination of the columns `index`, a column for each value of the text column
/// `on`, and in each cell the one value of `value` that belongs there, or NULL where there is none.
///
/// Rows and columns stand in the order in which they first occur in the long table, so an ORDER BY of the query that made
/// it decides.
///
/// # Errors
/// [`Error::Reshape`] for a column that is not there, and for a cell that two rows claim: aggregating is the query's work.
pub fn wide(batches: &[RecordBatch], index: &[&str], on: &str, value: &str) -> Result<RecordBatch> {
    let reshape = |error: polars::prelude::PolarsError| Error::Reshape {
        reason: error.to_string(),
    };
    let batches = batches
        .iter()
        .map(as_plain_text)
        .collect::<Result<Vec<_>>>()?;
    let table = to_polars(&batches)?;
    let spread = table
        .column(on)
        .map_err(reshape)?
        .unique_stable()
        .map_err(reshape)?;
    let on_columns =
        polars::prelude::DataFrame::new(spread.len(), vec![spread]).map_err(reshape)?;
    let names = |names: &[&str]| -> Selector { by_name(names.iter().copied(), true, false) };
    let wide = table.lazy().pivot(
        names(&[on]),
        Arc::new(on_columns),
        names(index),
        names(&[value]),
        element().item(true),
        true,
        "_".into(),
        PivotColumnNaming::Auto,
    );
    // Polars may block the thread that collects, which a worker of an asynchronous runtime refuses.
    let wide = std::thread::scope(|scope| scope.spawn(|| wide.collect()).join())
        .map_err(|_| Error::Reshape {
            reason: "polars panicked".to_owned(),
        })?
        .map_err(reshape)?;
    as_plain_text(&from_polars(&wide)?)
}

/// Spreads the column `on` of a whole answer: its last column fills the cells, the others name the rows.
///
/// # Errors
/// [`Error::Reshape`] as for [`wide`], and when `on` is the answer's last column or not among its columns; whatever the
/// query fails with.
pub async fn pivot(answer: Answer, on: &str) -> Result<Answer> {
    let columns: Vec<String> = answer
        .schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let known = columns.iter().any(|column| column == on);
    let Some((value, index)) = columns
        .split_last()
        .filter(|(value, _)| known && *value != on)
    else {
        let reason = format!(
            "`{on}` is to be spread, and the last of the columns {} fills the cells",
            columns.join(", ")
        );
        return Err(Error::Reshape { reason });
    };
    let index: Vec<&str> = index
        .iter()
        .map(String::as_str)
        .filter(|column| *column != on)
        .collect();
    let batches: Vec<RecordBatch> = answer.batches.try_collect().await?;
    let table = wide(&batches, &index, on, value)?;
    Ok(Answer {
        schema: table.schema(),
        batches: futures::stream::iter([Ok(table)]).boxed(),
    })
}

/// The batch with every text column as plain `Utf8`: dictionaries and views are the storage's business.
fn as_plain_text(batch: &RecordBatch) -> Result<RecordBatch> {
    let reshape = |error: arrow::error::ArrowError| Error::Reshape {
        reason: error.to_string(),
    };
    let is_text =
        |data_type: &DataType| matches!(data_type, DataType::Utf8View | DataType::LargeUtf8);
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let text = match field.data_type() {
            DataType::Dictionary(_, item) => is_text(item) || **item == DataType::Utf8,
            other => is_text(other),
        };
        if text {
            columns.push(cast(column, &DataType::Utf8).map_err(reshape)?);
            fields.push(Field::new(field.name(), DataType::Utf8, true));
        } else {
            columns.push(Arc::clone(column));
            fields.push(field.as_ref().clone().with_nullable(true));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(reshape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::StringArray;
    use arrow::util::pretty::pretty_format_batches;

    fn long(rows: &[(&str, &str, f64)]) -> RecordBatch {
        let column = |pick: fn(&(&str, &str, f64)) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows.iter().map(pick)))
        };
        let values = arrow::array::Float64Array::from_iter_values(rows.iter().map(|row| row.2));
        RecordBatch::try_from_iter([
            ("rule", column(|row| row.0.to_owned())),
            ("architecture", column(|row| row.1.to_owned())),
            ("accuracy", Arc::new(values) as ArrayRef),
        ])
        .unwrap()
    }

    #[test]
    fn rows_and_columns_keep_their_order() {
        let long = long(&[
            ("sgdm", "knet5", 0.5),
            ("sgdm", "knet4", 0.75),
            ("adam", "knet4", 1.0),
        ]);
        let table = wide(&[long], &["rule"], "architecture", "accuracy").unwrap();
        let expected = "\
+------+-------+-------+
| rule | knet5 | knet4 |
+------+-------+-------+
| sgdm | 0.5   | 0.75  |
| adam |       | 1.0   |
+------+-------+-------+";
        assert_eq!(
            pretty_format_batches(&[table]).unwrap().to_string(),
            expected
        );
    }

    #[test]
    fn a_cell_with_two_values_is_refused() {
        let long = long(&[("sgdm", "knet5", 0.5), ("sgdm", "knet5", 0.75)]);
        assert!(wide(&[long], &["rule"], "architecture", "accuracy").is_err());
    }
}
