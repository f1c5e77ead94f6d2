//! Text in columns, for people to read.

use std::io::{self, Write};

/// Which side of its column a text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// The names, sides and widths of a table's columns.
pub(crate) struct Columns {
    names: Vec<&'static str>,
    sides: Vec<Align>,
    widths: Vec<usize>,
}

impl Columns {
    /// Columns that are as wide as their names.
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            names: columns.iter().map(|(name, _)| *name).collect(),
            sides: columns.iter().map(|(_, side)| *side).collect(),
            widths: columns.iter().map(|(name, _)| name.len()).collect(),
        }
    }

    /// Makes the columns wide enough for a row.
    pub(crate) fn fit(&mut self, cells: &[String]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.chars().count());
        }
    }

    /// Writes the names with a rule below.
    pub(crate) fn write_head(&self, output: &mut dyn Write) -> io::Result<()> {
        self.write_line(output, &self.names, &[])?;
        let rules: Vec<String> = self
            .widths
            .iter()
            .map(|width| "-".repeat(width + 2))
            .collect();
        writeln!(output, "{}", rules.join("+"))
    }

    /// Writes a row.
    pub(crate) fn write_row(&self, output: &mut dyn Write, cells: &[String]) -> io::Result<()> {
        self.write_line(output, cells, &self.sides)
    }

    fn write_line<T: AsRef<str>>(
        &self,
        output: &mut dyn Write,
        cells: &[T],
        sides: &[Align],
    ) -> io::Result<()> {
        let mut line = String::new();
        for (place, (cell, &width)) in cells.iter().zip(&self.widths).enumerate() {
            if place > 0 {
                line.push('|');
            }
            let cell = cell.as_ref();
            match sides.get(place) {
                Some(Align::Right) => line.push_str(&format!(" {cell:>width$} ")),
                _ => line.push_str(&format!(" {cell:<width$} ")),
            }
        }
        writeln!(output, "{}", line.trim_end())
    }
}
