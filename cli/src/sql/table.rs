//! Rows in columns for people to read.
//!
//! Widths follow from the first rows, so that any number of rows passes through without being kept. On a terminal the
//! columns are made to fit its width ([`layout`]); elsewhere everything is written in full.

mod layout;

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use layout::{Column, Layout, Slot};

pub(super) use layout::Room;

/// How many rows are kept to choose the columns' widths.
const ROWS_FOR_WIDTHS: usize = 2_000;

pub(super) struct Table<W: Write> {
    output: W,
    room: Room,
    names: Vec<String>,
    is_number: Vec<bool>,
    /// The first rows, until the layout is chosen.
    waiting: Vec<Vec<String>>,
    layout: Option<Layout>,
    n_rows: usize,
}

impl<W: Write> Table<W> {
    pub(super) fn new(schema: SchemaRef, room: Room, output: W) -> Self {
        let fields = schema.fields();
        Self {
            output,
            room,
            names: fields
                .iter()
                .map(|field| visible(field.name()).replace('\n', "\\n"))
                .collect(),
            is_number: fields
                .iter()
                .map(|field| field.data_type().is_numeric())
                .collect(),
            waiting: Vec::new(),
            layout: None,
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
                .map(|column| Ok(visible(&column.value(row).try_to_string()?)))
                .collect::<Result<Vec<_>, ArrowError>>()?;
            self.n_rows += 1;
            match &self.layout {
                Some(layout) => write_row(&mut self.output, &cells, layout, &self.is_number)?,
                None => self.waiting.push(cells),
            }
            if self.waiting.len() >= ROWS_FOR_WIDTHS {
                self.begin()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let left_out = self.begin()?.n_left_out;
        let rows = if self.n_rows == 1 { "row" } else { "rows" };
        write!(self.output, "({} {rows}", self.n_rows)?;
        if left_out > 0 {
            let n_columns = self.names.len();
            let shown = n_columns - left_out;
            write!(
                self.output,
                "; {shown} of {n_columns} columns fit: name those you want, or use --format csv"
            )?;
        }
        writeln!(self.output, ")")
    }

    fn begin(&mut self) -> io::Result<&Layout> {
        let layout = match self.layout.take() {
            Some(layout) => layout,
            None => {
                let layout = self.choose();
                let left = vec![false; self.names.len()];
                write_row(&mut self.output, &self.names, &layout, &left)?;
                let rules: Vec<String> = layout
                    .slots
                    .iter()
                    .map(|slot| "-".repeat(slot.width() + 2))
                    .collect();
                writeln!(self.output, "{}", rules.join("+"))?;
                for row in std::mem::take(&mut self.waiting) {
                    write_row(&mut self.output, &row, &layout, &self.is_number)?;
                }
                layout
            }
        };
        Ok(self.layout.insert(layout))
    }

    fn choose(&self) -> Layout {
        let mut columns: Vec<Column> = self
            .names
            .iter()
            .zip(&self.is_number)
            .map(|(name, &is_number)| Column {
                name: name.chars().count(),
                widest: name.chars().count(),
                is_number,
            })
            .collect();
        for row in &self.waiting {
            for (column, cell) in columns.iter_mut().zip(row) {
                let widest = cell.split('\n').map(|line| line.chars().count()).max();
                column.widest = column.widest.max(widest.unwrap_or(0));
            }
        }
        Layout::of(&columns, self.room)
    }
}

/// Writes a row on as many lines as its cells have.
fn write_row(
    output: &mut impl Write,
    cells: &[String],
    layout: &Layout,
    right: &[bool],
) -> io::Result<()> {
    let parts: Vec<Vec<String>> = layout
        .slots
        .iter()
        .map(|slot| match slot {
            Slot::Column { place, width } => lines(&cells[*place], *width, layout.room),
            Slot::LeftOut => vec!["…".to_owned()],
        })
        .collect();
    let n_lines = parts.iter().map(Vec::len).max().unwrap_or(1);
    for at in 0..n_lines {
        let mut line = String::new();
        for (slot, part) in layout.slots.iter().zip(&parts) {
            if !line.is_empty() {
                line.push('|');
            }
            let cell = part.get(at).map_or("", String::as_str);
            let width = slot.width();
            match slot {
                Slot::Column { place, .. } if right[*place] => {
                    line.push_str(&format!(" {cell:>width$} "))
                }
                _ => line.push_str(&format!(" {cell:<width$} ")),
            }
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A cell's lines. On a terminal a text of one line is cut where its column ends. One of several lines, as a plan is, goes
/// on below: it is read for its details.
fn lines(cell: &str, width: usize, room: Room) -> Vec<String> {
    let fits = |line: &str| room == Room::Unlimited || line.chars().count() <= width;
    if !cell.contains('\n') {
        return vec![if fits(cell) {
            cell.to_owned()
        } else {
            let kept = width.saturating_sub(1);
            cell.chars().take(kept).chain(['…']).collect()
        }];
    }
    cell.lines()
        .flat_map(|line| {
            if fits(line) {
                return vec![line.to_owned()];
            }
            let characters: Vec<char> = line.chars().collect();
            let parts = characters.chunks(width.max(1));
            parts.map(|part| part.iter().collect()).collect()
        })
        .collect()
}

/// A cell's text in which what would move the cursor is visible, apart from the ends of its lines.
fn visible(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if !text.chars().any(|c| c.is_control() && c != '\n') {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            if c.is_control() && c != '\n' {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
