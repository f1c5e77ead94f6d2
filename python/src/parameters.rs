//! A query's placeholders, `$1` or `$name`, and the Python values that stand for them.
//!
//! A value takes its placeholder's place in the text as a literal of SQL, and so may stand wherever a constant may: among the
//! arguments of table functions too, which are worked out before a plan has parameters. Nothing of a value becomes SQL.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::errors;

/// The text with values in their placeholders' places.
///
/// # Errors
/// For a placeholder without a value, a value without a placeholder, and a value that SQL has no literal for.
pub(crate) fn bind(sql: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let Some(given) = given else {
        return Ok(sql.to_owned());
    };
    let literals = literals(given)?;
    // A text that cannot be taken apart is refused, with its place, by whoever plans it.
    let tokens = Tokenizer::new(&DuckDbDialect {}, sql).tokenize_with_location();
    let Ok(tokens) = tokens else {
        return Ok(sql.to_owned());
    };
    let mut bound = String::with_capacity(sql.len());
    let (mut taken, mut used) = (0, BTreeSet::new());
    for token in &tokens {
        let Token::Placeholder(placeholder) = &token.token else {
            continue;
        };
        let name = placeholder.trim_start_matches('$');
        let Some((name, literal)) = literals.get_key_value(name) else {
            let known = listed(literals.keys());
            let hint = format!("{known}; placeholders are `$1`, `$2` or `$name`");
            let message = format!("there is no value for the placeholder `{placeholder}`");
            return Err(errors::argument(message, Some(hint)));
        };
        used.insert(name);
        bound.push_str(&sql[taken..offset(sql, token.span.start)]);
        bound.push_str(literal);
        taken = offset(sql, token.span.end);
    }
    bound.push_str(&sql[taken..]);
    match literals.keys().find(|name| !used.contains(name)) {
        None => Ok(bound),
        Some(name) => Err(errors::argument(
            format!("the query has no placeholder `${name}`"),
            None,
        )),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`${name}`")).collect();
    match names.is_empty() {
        true => "no values are given".to_owned(),
        false => format!("values are given for {}", names.join(", ")),
    }
}

/// The literals of a mapping by name, or of a sequence by place, from 1.
fn literals(given: &Bound<'_, PyAny>) -> PyResult<BTreeMap<String, String>> {
    if let Ok(by_name) = given.cast::<PyMapping>() {
        let items = by_name.items()?;
        let entry = |item: Bound<'_, PyAny>| {
            let (name, value): (String, Bound<'_, PyAny>) = item.extract()?;
            let literal = literal(&name, &value)?;
            Ok((name, literal))
        };
        return items.iter().map(entry).collect();
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let entry = |(place, value): (usize, PyResult<Bound<'_, PyAny>>)| {
            let name = (place + 1).to_string();
            let literal = literal(&name, &value?)?;
            Ok((name, literal))
        };
        return given.try_iter()?.enumerate().map(entry).collect();
    }
    let hint = "params={\"name\": value} for `$name`, params=[value] for `$1`".to_owned();
    let message = "parameters are a dictionary or a list".to_owned();
    Err(errors::argument(message, Some(hint)))
}

/// A value as SQL writes it.
fn literal(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_none() {
        return Ok("NULL".to_owned());
    }
    if value.is_instance_of::<PyBool>() {
        return Ok(value.extract::<bool>()?.to_string());
    }
    if value.is_instance_of::<PyInt>() {
        // By its value: what a subclass calls itself could be anything.
        let beyond = |_| {
            let message = format!("the parameter `{name}` is an integer beyond those of SQL");
            errors::argument(message, None)
        };
        let value: i128 = value.extract().map_err(beyond)?;
        return Ok(in_parentheses(&value.to_string()));
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(real(value.extract()?));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(quoted(&value.extract::<String>()?));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.map(|item| literal(name, &item?));
        return Ok(format!(
            "[{}]",
            items.collect::<PyResult<Vec<_>>>()?.join(", ")
        ));
    }
    // A number of NumPy's, or an array.
    if let Ok(plain) = value.call_method0("tolist")
        && plain.get_type().as_ptr() != value.get_type().as_ptr()
    {
        return literal(name, &plain);
    }
    let kind = value.get_type().name()?;
    let hint = "a parameter is None, a bool, an int, a float, a str, or a list of these".to_owned();
    let message = format!("the parameter `{name}` is of type {kind}, which SQL has no literal for");
    Err(errors::argument(message, Some(hint)))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn real(value: f64) -> String {
    match value.is_finite() {
        // Always with a point or an exponent, so that SQL takes it for a real number.
        true => in_parentheses(&format!("{value:?}")),
        false => format!("CAST('{value}' AS DOUBLE)"),
    }
}

/// A minus would run together with one before it to a comment.
fn in_parentheses(number: &str) -> String {
    match number.starts_with('-') {
        true => format!("({number})"),
        false => number.to_owned(),
    }
}

/// The byte at which a location lies; locations count characters.
fn offset(sql: &str, location: Location) -> usize {
    let before = |count: u64| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines = sql.split_inclusive('\n').take(before(location.line));
    let line_start: usize = lines.map(str::len).sum();
    let in_line = sql[line_start..].chars().take(before(location.column));
    line_start + in_line.map(char::len_utf8).sum::<usize>()
}

/// Keyword arguments as a named query's parameters take them: in words.
///
/// # Errors
/// For a value that cannot be put into words.
pub(crate) fn words(given: Option<&Bound<'_, PyDict>>) -> PyResult<BTreeMap<String, String>> {
    let Some(given) = given else {
        return Ok(BTreeMap::new());
    };
    let word = |value: &Bound<'_, PyAny>| -> PyResult<String> {
        match value.extract::<bool>() {
            Ok(truth) => Ok(truth.to_string()),
            Err(_) => Ok(value.str()?.to_str()?.to_owned()),
        }
    };
    let entry = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        Ok((name.extract::<String>()?, word(&value)?))
    };
    given.iter().map(entry).collect()
}
