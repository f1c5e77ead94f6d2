//! Takes a text of several SQL statements apart.

use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::sql_error::SqlError;
use crate::{Error, Result};

/// The statements of `sql`, each behind as much empty space as puts it where it stands in `sql`.
pub(crate) fn split(sql: &str) -> Result<Vec<String>> {
    let tokens = tokens(sql)?;
    let mut statements = Vec::new();
    let mut first: Option<Location> = None;
    for TokenWithSpan { token, span } in &tokens {
        match token {
            Token::SemiColon => {
                if let Some(start) = first.take() {
                    statements.push(placed(sql, start, Some(span.start)));
                }
            }
            Token::Whitespace(_) | Token::EOF => {}
            _ => {
                first.get_or_insert(span.start);
            }
        }
    }
    if let Some(start) = first {
        statements.push(placed(sql, start, None));
    }
    Ok(statements)
}

/// Whether a text that is being typed ends a statement: its last token is a `;`, outside of quotes and comments.
pub fn is_complete(sql: &str) -> bool {
    tokens(sql).is_ok_and(|tokens| {
        tokens
            .iter()
            .rev()
            .find(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF))
            .is_some_and(|token| token.token == Token::SemiColon)
    })
}

/// The most operators and keywords of a statement.
///
/// What parses and plans a statement descends once for each of a chain such as `1 + 1 + ...`, on the stack of its thread. The
/// parser's own limit counts parentheses only. The time it takes grows with the square of the depth or faster.
const MOST_STEPS: usize = 4_000;

/// Refuses a statement that is too deep to be planned: one of very many operators and keywords. Names, numbers, texts and the
/// commas between them do not count, however many they are.
///
/// # Errors
/// [`Error::Sql`].
pub(crate) fn check_depth(sql: &str) -> Result<()> {
    let steps = tokens(sql)?.into_iter().filter(|token| match &token.token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::Placeholder(_)
        | Token::EOF => false,
        _ => true,
    });
    let n_steps = steps.count();
    if n_steps <= MOST_STEPS {
        return Ok(());
    }
    let problem = format!(
        "the statement has {n_steps} operators and keywords, and at most {MOST_STEPS} can be planned: a list, as in x IN (1, 2), may \
         be as long as it likes"
    );
    Err(Error::Sql(Box::new(SqlError::without_position(&problem))))
}

/// The tokens of `sql` with their places.
pub(crate) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>> {
    Tokenizer::new(&DuckDbDialect {}, sql)
        .tokenize_with_location()
        .map_err(|error| {
            let position = (error.location.line as usize, error.location.column as usize);
            let problem = format!("the SQL does not parse: {}", lower_first(&error.message));
            Error::Sql(Box::new(SqlError::at(sql, &problem, position)))
        })
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

fn placed(sql: &str, start: Location, end: Option<Location>) -> String {
    let (from, to) = (
        offset(sql, start),
        end.map_or(sql.len(), |end| offset(sql, end)),
    );
    let lines = "\n".repeat(start.line.saturating_sub(1) as usize);
    let columns = " ".repeat(start.column.saturating_sub(1) as usize);
    format!("{lines}{columns}{}", sql[from..to].trim_end())
}

/// The byte at which a location lies; locations count characters.
pub(crate) fn offset(sql: &str, location: Location) -> usize {
    let line_start: usize = sql
        .split_inclusive('\n')
        .take(location.line.saturating_sub(1) as usize)
        .map(str::len)
        .sum();
    let in_line: usize = sql[line_start..]
        .chars()
        .take(location.column.saturating_sub(1) as usize)
        .map(char::len_utf8)
        .sum();
    line_start + in_line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_keep_their_places() {
        let sql = "-- first\nSELECT 'a;b' AS é; SELECT 2 ;\n/* ; */\n\nSELECT\n 3\n";
        assert_eq!(
            split(sql).unwrap(),
            [
                "\nSELECT 'a;b' AS é",
                "\n                   SELECT 2",
                "\n\n\n\nSELECT\n 3"
            ]
        );
        assert!(split(" -- nothing\n;;").unwrap().is_empty());
    }

    #[test]
    fn an_open_quote_is_located() {
        let error = split("SELECT 1;\nSELECT 'abc").unwrap_err().to_string();
        assert!(error.contains("line 2, column 8"), "{error}");
    }

    #[test]
    fn a_statement_is_complete_at_its_semicolon() {
        assert!(is_complete("SELECT 1; -- done\n"));
        for open in [
            "SELECT 1",
            "SELECT ';",
            "SELECT 1 -- ;",
            "SELECT 1 /* ;",
            "",
        ] {
            assert!(!is_complete(open), "{open}");
        }
    }
}
