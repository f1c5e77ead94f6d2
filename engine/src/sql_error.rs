//! Errors of SQL that say where they are and what was probably meant.
//!
//! The planner knows what is wrong and often where; the nearest name is found here, by the same measure as everywhere in
//! this workspace, among the tables, columns and functions that the query could have used.

use std::collections::BTreeSet;
use std::fmt;

use datafusion::common::{SchemaError, Span};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::tokenizer::Token;
use engram_schemas::category::nearest;

use crate::hinted::Hinted;
use crate::{Error, statements};

/// A problem of one SQL text.
#[derive(Debug)]
pub struct SqlError {
    kind: Kind,
    problem: String,
    place: Option<Place>,
    hint: Option<String>,
}

/// What is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The text: it does not parse, or names what is not there.
    Text,
    /// The text would change something, where SQL only reads.
    Write,
    /// A limit of memory or temporary files, reached while rows were computed.
    Limit,
    /// What else happened while rows were computed: a value that a function does not take, a file that cannot be read.
    Running,
}

/// Where in a text a problem is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// In characters, at least one.
    width: usize,
    /// The line itself.
    text: String,
}

/// What a query could have named.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) tables: Vec<String>,
    pub(crate) functions: Vec<String>,
}

impl SqlError {
    /// Line and column, each from 1, where the problem is, if that is known.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.place.as_ref().map(|place| (place.line, place.column))
    }

    /// How many characters of that line are meant.
    pub fn width(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.width)
    }

    /// What is to blame.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The problem alone, without its place.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    pub(crate) fn without_position(problem: &str) -> Self {
        Self {
            kind: Kind::Text,
            problem: problem.to_owned(),
            place: None,
            hint: None,
        }
    }

    pub(crate) fn at(sql: &str, problem: &str, (line, column): (usize, usize)) -> Self {
        Self {
            kind: Kind::Text,
            problem: problem.to_owned(),
            place: Place::of(sql, line, column, None),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// What a planner's error means for the text that it planned.
    pub(crate) fn planning(sql: &str, error: DataFusionError, names: &Names) -> Self {
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        let root = error.find_root();
        if let DataFusionError::SQL(parser, _) = root {
            return Self::parsing(sql, &parser.to_string());
        }
        if let DataFusionError::SchemaError(schema, _) = root {
            if let SchemaError::FieldNotFound {
                field,
                valid_fields,
            } = schema.as_ref()
            {
                let tables: Vec<&str> = valid_fields
                    .iter()
                    .filter_map(|field| Some(field.relation.as_ref()?.table()))
                    .collect();
                if let Some(table) = field
                    .relation
                    .as_ref()
                    .map(|relation| relation.table().to_owned())
                    && !tables.contains(&table.as_str())
                {
                    let tables: Vec<&str> = BTreeSet::from_iter(tables).into_iter().collect();
                    // The span is that of table and column together.
                    return Self::unknown(sql, "table or alias", &table, None, &tables);
                }
                let known: Vec<&str> = valid_fields
                    .iter()
                    .map(|field| field.name.as_str())
                    .collect();
                return Self::unknown(sql, "column", &field.name, span, &known);
            }
            return Self {
                kind: Kind::Text,
                problem: schema.to_string(),
                place: Place::of_span(sql, span),
                hint: None,
            };
        }
        let message = root.strip_backtrace();
        let message = strip_kind(&message);
        if let Some(table) = between(message, "table '", "' not found") {
            let table = table.rsplit('.').next().unwrap_or(table);
            let known: Vec<&str> = names.tables.iter().map(String::as_str).collect();
            return Self::unknown(sql, "table", table, span, &known);
        }
        if let Some(function) = between(message, "table function '", "' not found") {
            let known: Vec<&str> = names.functions.iter().map(String::as_str).collect();
            return Self::unknown(sql, "table function", function, span, &known);
        }
        if let Some(function) = between(message, "Invalid function '", "'") {
            let known: Vec<&str> = names.functions.iter().map(String::as_str).collect();
            return Self::unknown(sql, "function", function, span, &known);
        }
        if let Some(call) = between(message, "the given name and argument types '", "'") {
            return Self::wrong_arguments(sql, call, message);
        }
        if let Some(what) = ["DDL", "DML", "Statement"].iter().find_map(|kind| {
            message
                .strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix(" not supported: "))
        }) {
            return Self {
                kind: Kind::Write,
                problem: format!("this SQL only reads; {what} would change something"),
                place: first_word(sql),
                hint: Some(
                    "answers are written to files by `engram export` and `engram sql --output`; `engram sql --allow-write` \
                    runs such statements"
                        .to_owned(),
                ),
            };
        }
        // Where the planner has words for users, they are better than its message for developers.
        let (problem, hint) = match error.diagnostic() {
            Some(diagnostic) if !diagnostic.helps.is_empty() => (
                diagnostic.message.as_str(),
                diagnostic.helps.first().map(|help| help.message.clone()),
            ),
            _ => (message, None),
        };
        Self {
            kind: Kind::Text,
            problem: problem.to_owned(),
            place: Place::of_span(sql, span),
            hint,
        }
    }

    /// What an error means that comes up while rows are computed.
    pub(crate) fn running(error: &DataFusionError) -> Self {
        let root = error.find_root();
        if let DataFusionError::ResourcesExhausted(reason) = root {
            return Self::exhausted(reason);
        }
        let message = root.strip_backtrace();
        Self {
            kind: Kind::Running,
            problem: format!("the query failed while it ran: {}", strip_kind(&message)),
            place: None,
            hint: match root {
                DataFusionError::External(error) => Hinted::hint_of(error.as_ref()),
                _ => None,
            },
        }
    }

    /// A query that reached a limit at a place where it cannot go on in files.
    fn exhausted(reason: &str) -> Self {
        let memory = !reason.contains("disk space");
        let (problem, hint) = if memory {
            (
                "the query needs more memory than it may use",
                "allow it more with `--memory-limit`, or ask for fewer rows or columns at once",
            )
        } else {
            (
                "the query needs more temporary files than it may use",
                "ask for fewer rows or columns at once",
            )
        };
        Self {
            kind: Kind::Limit,
            problem: format!("{problem}: {}", reason.trim()),
            place: None,
            hint: Some(hint.to_owned()),
        }
    }

    fn parsing(sql: &str, message: &str) -> Self {
        let message = strip_kind(message);
        let (problem, place) = match message.rsplit_once(" at Line: ") {
            Some((problem, position)) => {
                let mut numbers = position
                    .split(", Column: ")
                    .map(|number| number.trim().parse::<usize>());
                match (numbers.next(), numbers.next()) {
                    (Some(Ok(line)), Some(Ok(column))) => {
                        (problem, Place::of(sql, line, column, None))
                    }
                    _ => (message, None),
                }
            }
            // The parser gives no position to the end of the text.
            None => (message, end_of(sql)),
        };
        let problem = problem.strip_prefix("Expected: ").map_or_else(
            || problem.to_owned(),
            |rest| {
                format!(
                    "the SQL does not parse: expected {}",
                    rest.replacen(", found: ", ", found ", 1)
                )
            },
        );
        let problem = problem.replace("found EOF", "found the end");
        let hint = place.as_ref().and_then(|place| place.misspelt_keyword());
        Self {
            kind: Kind::Text,
            problem,
            place,
            hint,
        }
    }

    /// A function that is there but not for these arguments; `call` is its name with the types that it was given.
    fn wrong_arguments(sql: &str, call: &str, message: &str) -> Self {
        let name = call.split('(').next().unwrap_or(call);
        let takes = message
            .split_once("Candidate functions:")
            .map(|(_, candidates)| {
                candidates
                    .lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty())
                    .collect::<Vec<_>>()
                    .join(", ")
            });
        Self {
            kind: Kind::Text,
            problem: format!("there is no `{call}`: `{name}` takes other arguments"),
            place: occurrence(sql, name),
            hint: takes.map(|takes| format!("there are {takes}")),
        }
    }

    fn unknown(sql: &str, kind: &str, given: &str, span: Option<Span>, known: &[&str]) -> Self {
        let place = Place::of_span(sql, span)
            .filter(|place| place.covers(given))
            .or_else(|| occurrence(sql, given));
        let hint = match nearest(given, known.iter().copied()) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if known.is_empty() || known.len() > 24 => None,
            None => Some(format!("known are {}", known.join(", "))),
        };
        Self {
            kind: Kind::Text,
            problem: format!("there is no {kind} `{given}`"),
            place,
            hint,
        }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        let Some(place) = &self.place else {
            return Ok(());
        };
        write!(
            f,
            "\n  at line {}, column {}:\n    {}\n    {}{}",
            place.line,
            place.column,
            place.text,
            // A tab must stay one, or the caret stands elsewhere than what it points at.
            place
                .text
                .chars()
                .take(place.column - 1)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect::<String>(),
            "^".repeat(place.width),
        )
    }
}

impl std::error::Error for SqlError {}

impl Error {
    /// The error of a query whose rows could not be computed.
    pub fn running(error: DataFusionError) -> Self {
        Self::Sql(Box::new(SqlError::running(&error)))
    }
}

impl Place {
    fn of(sql: &str, line: usize, column: usize, end: Option<usize>) -> Option<Self> {
        let text = sql.lines().nth(line.checked_sub(1)?)?.trim_end();
        let length = text.chars().count();
        if column == 0 || column > length + 1 {
            return None;
        }
        let word = text
            .chars()
            .skip(column - 1)
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .count();
        let width = end.and_then(|end| end.checked_sub(column)).unwrap_or(word);
        let width = width.clamp(1, (length + 1 - column).max(1));
        Some(Self {
            line,
            column,
            width,
            text: text.to_owned(),
        })
    }

    fn of_span(sql: &str, span: Option<Span>) -> Option<Self> {
        let span = span?;
        let end = (span.start.line == span.end.line).then_some(span.end.column as usize);
        Self::of(
            sql,
            span.start.line as usize,
            span.start.column as usize,
            end,
        )
    }

    fn pointed_at(&self) -> String {
        self.text
            .chars()
            .skip(self.column - 1)
            .take(self.width)
            .collect()
    }

    fn covers(&self, name: &str) -> bool {
        self.pointed_at()
            .to_lowercase()
            .contains(&name.to_lowercase())
    }

    /// The keyword that the word here, or the one before it, is close to without being it: a parser notices a misspelt
    /// word only at the one after it.
    fn misspelt_keyword(&self) -> Option<String> {
        const KEYWORDS: [&str; 12] = [
            "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "JOIN", "UNION",
            "WITH", "BETWEEN", "DISTINCT",
        ];
        let before: String = self.text.chars().take(self.column - 1).collect();
        let previous = before
            .split_whitespace()
            .last()
            .unwrap_or_default()
            .to_owned();
        [self.pointed_at(), previous].into_iter().find_map(|word| {
            let is_keyword = KEYWORDS
                .iter()
                .any(|keyword| keyword.eq_ignore_ascii_case(&word));
            let near =
                nearest(&word, KEYWORDS.into_iter()).filter(|_| !is_keyword && word.len() > 2)?;
            Some(format!("did you mean `{near}` instead of `{word}`?"))
        })
    }
}

/// The place of the first token that names `name`.
fn occurrence(sql: &str, name: &str) -> Option<Place> {
    let tokens = statements::tokens(sql).ok()?;
    let token = tokens.iter().find(
        |token| matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case(name)),
    )?;
    let (start, end) = (token.span.start, token.span.end);
    Place::of(
        sql,
        start.line as usize,
        start.column as usize,
        Some(end.column as usize),
    )
}

fn first_word(sql: &str) -> Option<Place> {
    let tokens = statements::tokens(sql).ok()?;
    let start = tokens
        .iter()
        .find(|token| matches!(token.token, Token::Word(_)))?
        .span
        .start;
    Place::of(sql, start.line as usize, start.column as usize, None)
}

fn end_of(sql: &str) -> Option<Place> {
    let text = sql.trim_end();
    let last = text.lines().last()?;
    Place::of(text, text.lines().count(), last.chars().count() + 1, None)
}

/// A message without the kinds of error that wrap it.
fn strip_kind(message: &str) -> &str {
    const KINDS: [&str; 7] = [
        "Error during planning: ",
        "SQL error: ",
        "sql parser error: ",
        "Execution error: ",
        "Schema error: ",
        "External error: ",
        "This feature is not implemented: ",
    ];
    KINDS
        .iter()
        .find_map(|kind| message.strip_prefix(kind))
        .map_or(message, strip_kind)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[cfg(test)]
mod tests;
