//! `held_out(column, value)`: tests on what was never seen.

use datafusion::common::Result;

use super::{Arguments, Documentation, SIDE, TableFunction, all_but, identifier};
use crate::relations::refused;

/// The study's figure 2b: all examples of one architecture, one curriculum or one task are for testing.
#[derive(Debug)]
pub(super) struct HeldOut;

impl TableFunction for HeldOut {
    fn name(&self) -> &'static str {
        "held_out"
    }

    fn default_input(&self) -> &'static str {
        "examples"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &[]
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let known: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut conditions = Vec::new();
        let mut positional = arguments.positional().iter();
        while let Some(column) = positional.next() {
            let name = column.text("column")?;
            if !known.contains(&name) {
                return Err(arguments.unknown(name, column, &known));
            }
            let value = arguments.required("value", positional.next())?;
            conditions.push((identifier(name), value.to_sql(name)?));
        }
        for (name, value) in arguments.named() {
            if !known.contains(&name.as_str()) {
                return Err(arguments.unknown(name, value, &known));
            }
            conditions.push((identifier(name), value.to_sql(name)?));
        }
        if conditions.is_empty() {
            let problem = "held_out needs a column and the value that is held out";
            return Err(refused(problem, arguments.span));
        }
        let conditions: Vec<String> = conditions
            .into_iter()
            .map(|(column, value)| format!("input.{column} = {value}"))
            .collect();
        let (rest, conditions) = (all_but(columns, SIDE, "input"), conditions.join(" AND "));
        Ok(format!(
            "SELECT {rest}, CASE WHEN {conditions} THEN 'test' ELSE 'train' END AS {SIDE} FROM input"
        ))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "held_out(column, value) or held_out(column => value, ...)",
            description: "The rows of the input with `side`: 'test' where the column has the value, or every named column its \
                value, and 'train' elsewhere.",
            arguments: &[
                (
                    "column",
                    "A column of the input, such as 'architecture', 'task' or 'batch_size'.",
                ),
                ("value", "The value of the examples to test on."),
                ("input", "Any relation; `examples` is the default."),
            ],
            example: "SELECT side, count(*) FROM held_out(batch_size => 32, dataset_seed => 0) GROUP BY side",
        }
    }
}
