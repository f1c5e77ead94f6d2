//! Rows in columns for people to read.
//!
//! Widths follow from the first rows, so that any number of rows passes through without being kept.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// How many rows are kept to choose the columns' widths.
const ROWS_FOR_WIDTHS: usize = 2_000;

pub(super) struct Table<W: Write> {
    output: W,
    names: Vec<String>,
    is_number: Vec<bool>,
    /// The first rows, until the widths are chosen.
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    n_rows: usize,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: SchemaRef, output: W) -> Self {
        let is_number = |data_type: &DataType| data_type.is_numeric();
        Self {
            output,
            names: schema
                .fields()
                .iter()
                .map(|field| one_line(field.name()))
                .collect(),
            is_number: schema
                .fields()
                .iter()
                .map(|field| is_number(field.data_type()))
                .collect(),
            waiting: Vec::new(),
            widths: None,
            n_rows: 0,
        }
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let options = FormatOptions::default().with_null("NULL");
        let columns = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns
                .iter()
                .map(|column| Ok(one_line(&column.value(row).try_to_string()?)))
                .collect::<Result<Vec<_>, ArrowError>>()?;
            self.n_rows += 1;
            match &self.widths {
                Some(widths) => write_row(&mut self.output, &cells, widths, &self.is_number)?,
                None => self.waiting.push(cells),
            }
            if self.waiting.len() >= ROWS_FOR_WIDTHS {
                self.begin()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.begin()?;
        let rows = if self.n_rows == 1 { "row" } else { "rows" };
        writeln!(self.output, "({} {rows})", self.n_rows)
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.widths.is_some() {
            return Ok(());
        }
        let mut widths: Vec<usize> = self.names.iter().map(|name| name.chars().count()).collect();
        for row in &self.waiting {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        write_row(
            &mut self.output,
            &self.names,
            &widths,
            &vec![false; widths.len()],
        )?;
        let rules: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        writeln!(self.output, "{}", rules.join("+"))?;
        for row in std::mem::take(&mut self.waiting) {
            write_row(&mut self.output, &row, &widths, &self.is_number)?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

fn write_row(
    output: &mut impl Write,
    cells: &[String],
    widths: &[usize],
    right: &[bool],
) -> io::Result<()> {
    let mut line = String::new();
    for ((cell, width), right) in cells.iter().zip(widths).zip(right) {
        if !line.is_empty() {
            line.push('|');
        }
        match right {
            true => line.push_str(&format!(" {cell:>width$} ")),
            false => line.push_str(&format!(" {cell:<width$} ")),
        }
    }
    writeln!(output, "{}", line.trim_end())
}

/// A cell's text on one line, with what would move the cursor made visible.
fn one_line(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, StringArray};

    fn printed(rows: &[(Option<&str>, f64)], batches: usize) -> String {
        let batch = RecordBatch::try_from_iter([
            (
                "name",
                Arc::new(StringArray::from_iter(rows.iter().map(|row| row.0))) as ArrayRef,
            ),
            (
                "value",
                Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1))) as ArrayRef,
            ),
        ])
        .unwrap();
        let mut bytes = Vec::new();
        let mut table = Table::new(batch.schema(), &mut bytes);
        (0..batches).for_each(|_| table.write(&batch).unwrap());
        table.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn rows_stand_in_columns() {
        let table = printed(&[(Some("é\n"), 1.5), (None, f64::NAN)], 1);
        assert_eq!(
            table,
            " name | value\n------+-------\n é\\n  |   1.5\n NULL |   NaN\n(2 rows)\n"
        );
        assert_eq!(printed(&[], 1), " name | value\n------+-------\n(0 rows)\n");
    }

    #[test]
    fn more_rows_than_are_kept_have_one_header() {
        let table = printed(&[(Some("a"), 1.0)], ROWS_FOR_WIDTHS + 5);
        assert_eq!(table.lines().count(), ROWS_FOR_WIDTHS + 5 + 3);
        assert_eq!(table.matches("name").count(), 1);
    }
}
