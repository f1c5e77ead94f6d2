//! What the prompt offers when a word is begun: tables, their columns, functions, SQL's keywords and the prompt's commands.
//!
//! What fits follows from the words before the cursor, and not from a parser: what is being typed does not parse yet. A
//! column of the tables that the statement names so far comes first; of all tables when it names none. Nothing is offered
//! in quotes and comments, and nothing unasked for where no word is begun, save where only a table or a column of known
//! tables can stand.

use std::collections::BTreeMap;

use engram_engine::Session;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

/// The commands of the prompt.
pub(super) const COMMANDS: [&str; 4] = ["\\?", "\\d", "\\q", "\\timing"];

/// The words of SQL that questions are made of.
const KEYWORDS: [&str; 70] = [
    "ALL",
    "ANALYZE",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CROSS",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXCLUDE",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FILTER",
    "FIRST",
    "FOLLOWING",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LAST",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PRECEDING",
    "QUALIFY",
    "RECURSIVE",
    "RIGHT",
    "ROWS",
    "SELECT",
    "SHOW",
    "TABLES",
    "THEN",
    "TRUE",
    "TRY_CAST",
    "UNBOUNDED",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

/// Keywords after which tables are named, in a list or alone.
const BEFORE_TABLES: [&str; 4] = ["FROM", "JOIN", "DESCRIBE", "INTO"];

/// Keywords that end a list of tables.
const AFTER_TABLES: [&str; 15] = [
    "SELECT",
    "WHERE",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "ON",
    "USING",
    "UNION",
    "WINDOW",
    "QUALIFY",
    "EXCEPT",
    "INTERSECT",
    "SET",
    "VALUES",
];

/// What can be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Vocabulary {
    /// Tables and views with their columns.
    pub(super) tables: BTreeMap<String, Vec<String>>,
    /// Functions, sorted.
    pub(super) functions: Vec<String>,
}

impl Vocabulary {
    /// What a session knows now.
    pub(super) async fn of(session: &Session) -> Self {
        let mut tables = BTreeMap::new();
        for table in session.tables() {
            // A table that went away meanwhile is none to offer.
            if let Ok(provider) = session.context().table_provider(table.as_str()).await {
                let schema = provider.schema();
                let columns = schema.fields().iter().map(|field| field.name().clone());
                tables.insert(table, columns.collect());
            }
        }
        let is_name = |name: &String| name.chars().all(is_of_word);
        let mut functions: Vec<String> = session.functions().into_iter().filter(is_name).collect();
        functions.sort();
        functions.dedup();
        Self { tables, functions }
    }
}

/// Completes what is typed at the prompt.
#[derive(Debug, Default)]
pub(super) struct Completion {
    pub(super) vocabulary: Vocabulary,
    /// The lines of the statement before the one that is being typed.
    pub(super) before: String,
}

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A name or keyword; quoted names without their quotes.
    Word(String),
    Sign(char),
    /// A text in quotes or a comment that is not closed: the rest of what was typed is in it.
    Open,
}

impl Completion {
    /// Where the word at the cursor begins in `line`, and what it could become.
    fn candidates(&self, line: &str, cursor: usize) -> (usize, Vec<Pair>) {
        let typed = line.get(..cursor).unwrap_or(line);
        if self.before.trim().is_empty() && typed.trim_start().starts_with('\\') {
            return self.commands(typed);
        }
        let word = last_word(typed);
        let start = typed.len() - word.len();
        let left = tokens(&format!("{}\n{}", self.before, &typed[..start]));
        if left.contains(&Token::Open) {
            return (start, Vec::new());
        }
        let rest = tokens(line.get(cursor..).unwrap_or_default());
        let left = this_statement(&left);
        let named: Vec<Token> = left.iter().chain(&rest).cloned().collect();
        let mut pairs = Pairs::of(word);
        match left {
            [.., Token::Word(table), Token::Sign('.')] => {
                let table = table_of(&named, table);
                pairs.add(self.columns(&[table]), |column| column.to_owned());
            }
            left if takes_table(left) => {
                pairs.add(self.vocabulary.tables.keys(), |table| table.to_owned());
            }
            _ => {
                let tables = self.tables_in(&named);
                if word.is_empty() {
                    pairs.add(self.columns(&tables), |column| column.to_owned());
                    return (start, pairs.found);
                }
                let all: Vec<&str> = self.vocabulary.tables.keys().map(String::as_str).collect();
                let of = if tables.is_empty() { &all } else { &tables };
                pairs.add(self.columns(of), |column| column.to_owned());
                pairs.add(tables, |table| table.to_owned());
                pairs.add(&self.vocabulary.functions, |function| {
                    format!("{function}(")
                });
                // Who types small letters goes on in them.
                let small = word.chars().all(|c| !c.is_uppercase());
                pairs.add(KEYWORDS, |keyword| match small {
                    true => keyword.to_lowercase(),
                    false => keyword.to_owned(),
                });
            }
        }
        (start, pairs.found)
    }

    fn commands(&self, typed: &str) -> (usize, Vec<Pair>) {
        let command = typed.trim_start();
        if let Some(table) = command.strip_prefix("\\d ") {
            let table = table.trim_start();
            let mut pairs = Pairs::of(table);
            pairs.add(self.vocabulary.tables.keys(), |table| table.to_owned());
            return (typed.len() - table.len(), pairs.found);
        }
        let mut pairs = Pairs::of(command);
        pairs.add(COMMANDS, |command| command.to_owned());
        (typed.len() - command.len(), pairs.found)
    }

    /// The columns of tables, each once, in the tables' order.
    fn columns(&self, tables: &[&str]) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        for table in tables {
            let known = self.vocabulary.tables.iter();
            let known = known.filter(|(name, _)| name.eq_ignore_ascii_case(table));
            for column in known.flat_map(|(_, columns)| columns) {
                if !columns.contains(&column.as_str()) {
                    columns.push(column);
                }
            }
        }
        columns
    }

    /// The known tables that words name.
    fn tables_in(&self, words: &[Token]) -> Vec<&str> {
        let is_named = |table: &&str| {
            words
                .iter()
                .any(|word| matches!(word, Token::Word(word) if word.eq_ignore_ascii_case(table)))
        };
        let tables = self.vocabulary.tables.keys().map(String::as_str);
        tables.filter(is_named).collect()
    }
}

/// Candidates for one word.
struct Pairs<'a> {
    word: &'a str,
    found: Vec<Pair>,
}

impl<'a> Pairs<'a> {
    fn of(word: &'a str) -> Self {
        Self {
            word,
            found: Vec::new(),
        }
    }

    /// Adds the names that begin like the word, in any case of letters.
    fn add<T: AsRef<str>>(
        &mut self,
        names: impl IntoIterator<Item = T>,
        written: impl Fn(&str) -> String,
    ) {
        for name in names {
            let name = name.as_ref();
            let begins = name
                .get(..self.word.len())
                .is_some_and(|beginning| beginning.eq_ignore_ascii_case(self.word));
            let is_new = || self.found.iter().all(|pair| pair.display != name);
            if begins && is_new() {
                self.found.push(Pair {
                    display: name.to_owned(),
                    replacement: written(name),
                });
            }
        }
    }
}

/// Whether the next word is a table.
fn takes_table(left: &[Token]) -> bool {
    let is_one_of = |word: &str, list: &[&str]| {
        list.iter()
            .any(|keyword| keyword.eq_ignore_ascii_case(word))
    };
    match left.last() {
        Some(Token::Word(word)) => is_one_of(word, &BEFORE_TABLES),
        // A further one of a list, outside of the brackets that came in between.
        Some(Token::Sign(',')) => {
            let mut depth = 0;
            for token in left.iter().rev() {
                match token {
                    Token::Sign(')') => depth += 1,
                    Token::Sign('(') if depth == 0 => return false,
                    Token::Sign('(') => depth -= 1,
                    Token::Word(word) if depth == 0 && is_one_of(word, &BEFORE_TABLES) => {
                        return true;
                    }
                    Token::Word(word) if depth == 0 && is_one_of(word, &AFTER_TABLES) => {
                        return false;
                    }
                    _ => {}
                }
            }
            false
        }
        _ => false,
    }
}

/// The table that a name in front of a dot means: itself, or what it is an alias of.
fn table_of<'a>(words: &'a [Token], name: &'a str) -> &'a str {
    let table_at = |at: usize| match words.get(at)? {
        Token::Word(word)
            if !KEYWORDS
                .iter()
                .any(|keyword| keyword.eq_ignore_ascii_case(word)) =>
        {
            Some(word.as_str())
        }
        _ => None,
    };
    let is_alias = |at: usize| {
        let is_it = matches!(&words[at], Token::Word(word) if word.eq_ignore_ascii_case(name));
        is_it && words.get(at + 1) != Some(&Token::Sign('.'))
    };
    let aliased = (1..words.len())
        .filter(|&at| is_alias(at))
        .find_map(|at| match &words[at - 1] {
            Token::Word(word) if word.eq_ignore_ascii_case("AS") => table_at(at.checked_sub(2)?),
            _ => table_at(at - 1),
        });
    aliased.unwrap_or(name)
}

/// What comes after the last `;`.
fn this_statement(tokens: &[Token]) -> &[Token] {
    let end = tokens.iter().rposition(|token| *token == Token::Sign(';'));
    end.map_or(tokens, |end| &tokens[end + 1..])
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that a text ends in, empty where it ends in something else.
fn last_word(text: &str) -> &str {
    text.rfind(|c| !is_of_word(c)).map_or(text, |before| {
        let after = before + text[before..].chars().next().map_or(0, char::len_utf8);
        &text[after..]
    })
}

/// The pieces of a text that may end anywhere.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else if first == '\'' || first == '"' {
            rest[1..].find(first).map(|end| end + 2)
        } else if is_of_word(first) {
            Some(rest.find(|c| !is_of_word(c)).unwrap_or(rest.len()))
        } else {
            Some(first.len_utf8())
        };
        let Some(length) = length else {
            tokens.push(Token::Open);
            break;
        };
        let piece = &rest[..length];
        if first == '"' {
            tokens.push(Token::Word(piece.trim_matches('"').to_owned()));
        } else if is_of_word(first) {
            tokens.push(Token::Word(piece.to_owned()));
        } else if !first.is_whitespace() && length == first.len_utf8() {
            tokens.push(Token::Sign(first));
        }
        rest = &rest[length..];
    }
    tokens
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.candidates(line, cursor))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests;
