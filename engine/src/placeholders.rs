//! What stands in a statement for values that come later: `?`, `$1` and `$name`.
//!
//! DataFusion knows `$1` and `$name`. A `?`, which is what JDBC, ODBC and Python's DB-API send, is numbered here: in the parsed
//! statement and not in its text, so that the places that errors name stay those of the text.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Expr, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::tokenizer::{Location, Token};

use crate::sql_error::SqlError;
use crate::{Error, Result, statements};

/// Values for the placeholders of a statement.
#[derive(Clone, Debug)]
pub enum Parameters {
    /// One for each of [`Prepared::parameters`](crate::session::Prepared), in that order.
    InOrder(Vec<ScalarValue>),
    /// By the name behind the `$`; for `?` and `$1` that is the number.
    ByName(HashMap<String, ScalarValue>),
}

impl Parameters {
    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &ScalarValue> {
        let (in_order, by_name) = match self {
            Self::InOrder(values) => (Some(values), None),
            Self::ByName(values) => (None, Some(values.values())),
        };
        in_order
            .into_iter()
            .flatten()
            .chain(by_name.into_iter().flatten())
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::InOrder(Vec::new())
    }
}

/// The placeholders of one statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Placeholders {
    /// The names without `$`, each once: numbers in their order, from 1; other names as they come up.
    pub(crate) names: Vec<String>,
    /// Where each `?` stands.
    marks: Vec<Location>,
    are_numbered: bool,
}

impl Placeholders {
    /// Finds the placeholders of `sql`, outside of quotes and comments.
    ///
    /// # Errors
    /// [`Error::Sql`] for a text with several kinds of them, or one that cannot be taken apart.
    pub(crate) fn of(sql: &str) -> Result<Self> {
        let tokens = statements::tokens(sql)?;
        let mut marks = Vec::new();
        let mut names: Vec<String> = Vec::new();
        let mut highest = 0;
        for token in &tokens {
            let Token::Placeholder(placeholder) = &token.token else {
                continue;
            };
            let name = placeholder.trim_start_matches(['$', '?']);
            let start = (
                token.span.start.line as usize,
                token.span.start.column as usize,
            );
            let refused = |problem: &str| {
                Err(Error::Sql(Box::new(
                    SqlError::at(sql, problem, start)
                        .with_hint("write ? for each value, or $1, $2, or names as in $layer"),
                )))
            };
            match name.parse::<usize>() {
                _ if placeholder == "?" => marks.push(token.span.start),
                Ok(number @ 1..=MOST) if placeholder.starts_with('$') => {
                    highest = highest.max(number);
                }
                Err(_) if placeholder.starts_with('$') && !name.is_empty() => {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
                _ => return refused(&format!("`{placeholder}` cannot stand for a value")),
            }
            if [!marks.is_empty(), highest > 0, !names.is_empty()]
                .into_iter()
                .filter(|&is_used| is_used)
                .count()
                > 1
            {
                return refused("there are several kinds of placeholders in one statement");
            }
        }
        let n_numbers = highest.max(marks.len());
        if n_numbers > 0 {
            names = (1..=n_numbers).map(|number| number.to_string()).collect();
        }
        Ok(Self {
            names,
            marks,
            are_numbered: n_numbers > 0,
        })
    }

    /// Writes every `?` of the parsed statement as `$1`, `$2` and so on, in the order of the text.
    pub(crate) fn number(&self, statement: &mut Statement) {
        if self.marks.is_empty() {
            return;
        }
        match statement {
            Statement::Statement(statement) => {
                let _ = statement.visit(&mut Numbering(&self.marks));
            }
            Statement::Explain(explained) => self.number(&mut explained.statement),
            _ => {}
        }
    }

    /// The values in DataFusion's form, each placeholder's among them.
    ///
    /// # Errors
    /// [`Error::Sql`] when there is a placeholder without a value, or a value without a placeholder.
    pub(crate) fn bound(&self, parameters: &Parameters) -> Result<ParamValues> {
        let values: Vec<ScalarValue> = match parameters {
            Parameters::InOrder(values) if values.len() == self.names.len() => values.clone(),
            Parameters::InOrder(values) => return Err(self.mismatch(values.len())),
            Parameters::ByName(values) => {
                if let Some(name) = values.keys().find(|name| !self.names.contains(name)) {
                    return Err(refused(&format!("the statement has no parameter `{name}`")));
                }
                let value_of = |name: &String| {
                    let value = values.get(name).cloned();
                    value.ok_or_else(|| refused(&format!("the parameter `{name}` has no value")))
                };
                self.names.iter().map(value_of).collect::<Result<_>>()?
            }
        };
        let values = values.into_iter().map(ScalarAndMetadata::from);
        Ok(if self.are_numbered {
            ParamValues::List(values.collect())
        } else {
            ParamValues::Map(self.names.iter().cloned().zip(values).collect())
        })
    }

    fn mismatch(&self, n_values: usize) -> Error {
        let n_parameters = self.names.len();
        refused(&format!(
            "the statement has {n_parameters} parameter(s), and {n_values} value(s) were given"
        ))
    }
}

/// More placeholders than any statement of sense has; a vector of their names must not be what brings the process down.
const MOST: usize = 4096;

fn refused(problem: &str) -> Error {
    Error::Sql(Box::new(SqlError::without_position(problem)))
}

struct Numbering<'a>(&'a [Location]);

impl VisitorMut for Numbering<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::Value(value) = expression
            && let Value::Placeholder(mark) = &mut value.value
            && mark == "?"
            && let Some(place) = self.0.iter().position(|at| *at == value.span.start)
        {
            *mark = format!("${}", place + 1);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        Placeholders::of(sql).unwrap().names
    }

    #[test]
    fn placeholders_are_found_outside_of_quotes_and_comments() {
        assert_eq!(names("SELECT '?', \"?\", ? -- ?\n/* $3 */ , ?"), ["1", "2"]);
        assert_eq!(names("SELECT $2, $2"), ["1", "2"]);
        assert_eq!(names("SELECT $layer, $rule, $layer"), ["layer", "rule"]);
        assert!(names("SELECT '$1'").is_empty());
    }

    #[test]
    fn kinds_do_not_mix() {
        for sql in [
            "SELECT ?, $1",
            "SELECT $1, $name",
            "SELECT $0",
            "SELECT $4097",
        ] {
            assert!(Placeholders::of(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn values_must_fit() {
        let placeholders = Placeholders::of("SELECT ?, ?").unwrap();
        let one = Parameters::InOrder(vec![ScalarValue::from(1_i64)]);
        let error = placeholders.bound(&one).unwrap_err().to_string();
        assert_eq!(
            error,
            "the statement has 2 parameter(s), and 1 value(s) were given"
        );
        let named = Placeholders::of("SELECT $layer").unwrap();
        let values = HashMap::from([("rule".to_owned(), ScalarValue::from("sgdm"))]);
        let error = named.bound(&Parameters::ByName(values)).unwrap_err();
        assert_eq!(error.to_string(), "the statement has no parameter `rule`");
    }
}
