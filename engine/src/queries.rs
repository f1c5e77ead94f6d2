//! The named queries: the SQL of every experiment, a file each in `queries/`, with parameters.
//!
//! A file's first lines are comments that say what it is:
//!
//! ```sql
//! -- title: Figure 4a: few observations, far apart
//! -- description: What its rows are, on as
//! --   many lines as it takes.
//! -- parameter: samples = 5: checkpoints of each trajectory
//! ```
//!
//! `$samples` in the text stands for the parameter, as a literal. Any SQL with such lines can be given parameters; the ones
//! that come with the program also have names.

use std::collections::BTreeMap;

use datafusion::sql::sqlparser::tokenizer::Token;
use engram_schemas::category::nearest;

use crate::{Error, Result, statements};

/// A query that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct NamedQuery {
    /// Its name: that of its file.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// Every query of the folder `queries/`, by name.
macro_rules! named {
    ($($name:literal),* $(,)?) => {
        &[$(NamedQuery {
            name: $name,
            text: include_str!(concat!("../../queries/", $name, ".sql")),
        }),*]
    };
}

/// The named queries, in the order of their names.
pub const ALL: &[NamedQuery] = named![
    "admissible_statistics",
    "features",
    "figure_2a",
    "figure_2b",
    "figure_2b_curriculum",
    "figure_2c",
    "figure_3",
    "figure_4a",
    "figure_4b",
    "figure_5",
    "figure_5_recorded",
    "figure_s1",
    "figure_s2a",
    "figure_s2b",
    "matched_performance",
    "observed",
    "recorded",
    "validation_accuracy",
];

/// What the first lines of a query say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// A line.
    pub title: String,
    /// What its rows are.
    pub description: String,
    /// What can be chosen.
    pub parameters: Vec<Parameter>,
}

/// A parameter of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, without the `$`.
    pub name: String,
    /// The literal that it stands for when nothing is given, as SQL writes it.
    pub default: String,
    /// What it is.
    pub meaning: String,
}

/// The named query of a name.
///
/// # Errors
/// [`Error::NoSuchQuery`] with the nearest name.
pub fn find(name: &str) -> Result<NamedQuery> {
    let found = ALL.iter().find(|query| query.name == name).copied();
    found.ok_or_else(|| Error::NoSuchQuery {
        name: name.to_owned(),
        near: nearest(name, ALL.iter().map(|query| query.name)).map(str::to_owned),
    })
}

impl Header {
    /// Reads the first lines of a query.
    pub fn of(text: &str) -> Self {
        let mut header = Self::default();
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines().map_while(|line| line.strip_prefix("--")) {
            let line = line.trim();
            match line.split_once(": ") {
                Some((field @ ("title" | "description" | "parameter"), rest)) => {
                    fields.push((field.to_owned(), rest.trim().to_owned()));
                }
                _ => {
                    if let Some((_, value)) = fields.last_mut() {
                        value.push(' ');
                        value.push_str(line);
                    }
                }
            }
        }
        for (field, value) in fields {
            match field.as_str() {
                "title" => header.title = value,
                "description" => header.description = value,
                _ => header.parameters.extend(Parameter::of(&value)),
            }
        }
        header
    }
}

impl Parameter {
    /// Reads `name = default: meaning`.
    fn of(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(" = ")?;
        let (default, meaning) = rest.split_once(": ")?;
        Some(Self {
            name: name.trim().to_owned(),
            default: default.trim().to_owned(),
            meaning: meaning.trim().to_owned(),
        })
    }

    /// A value that a user gave, as the literal that belongs in the query: of the kind of the default.
    fn literal(&self, given: &str) -> Result<String> {
        let wrong = |wanted: &'static str| Error::ParameterValue {
            parameter: self.name.clone(),
            value: given.to_owned(),
            wanted,
        };
        if self.default.starts_with('\'') {
            let bare = given
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .unwrap_or(given);
            return Ok(format!("'{}'", bare.replace('\'', "''")));
        }
        if self.default == "true" || self.default == "false" {
            return match given {
                "true" | "false" => Ok(given.to_owned()),
                _ => Err(wrong("true or false")),
            };
        }
        if self.default.contains('.') {
            return match given.parse::<f64>() {
                // Always with a point, so that SQL takes it for a real number.
                Ok(value) if value.is_finite() => Ok(format!("{value:?}")),
                _ => Err(wrong("a number")),
            };
        }
        match given.parse::<i64>() {
            Ok(value) => Ok(value.to_string()),
            Err(_) => Err(wrong("an integer")),
        }
    }
}

/// The text of a query with its parameters filled in: each from `given`, or else its default. Placeholders that are no
/// parameter's stay.
///
/// # Errors
/// [`Error::NoSuchParameter`] for one that the query does not have, [`Error::ParameterValue`] for a value of another kind
/// than the default, [`Error::Sql`] for a text that cannot be taken apart.
pub fn bind(text: &str, given: &BTreeMap<String, String>) -> Result<String> {
    let parameters = Header::of(text).parameters;
    let names = || parameters.iter().map(|parameter| parameter.name.as_str());
    if let Some(name) = given
        .keys()
        .find(|name| !names().any(|known| known == **name))
    {
        return Err(Error::NoSuchParameter {
            name: name.clone(),
            known: names().map(str::to_owned).collect(),
        });
    }
    let mut bound = String::with_capacity(text.len());
    let mut taken = 0;
    for token in statements::tokens(text)? {
        let Token::Placeholder(placeholder) = &token.token else {
            continue;
        };
        let name = placeholder.trim_start_matches('$');
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            continue;
        };
        let literal = match given.get(name) {
            Some(value) => parameter.literal(value)?,
            None => parameter.default.clone(),
        };
        bound.push_str(&text[taken..statements::offset(text, token.span.start)]);
        bound.push_str(&literal);
        taken = statements::offset(text, token.span.end);
    }
    bound.push_str(&text[taken..]);
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
-- title: Some
-- description: What it is, on
--   two lines.
-- parameter: n = 5: how many
-- parameter: share = 0.5: how much
-- parameter: rule = 'sgdm': which

-- parameter: not = 1: in the header
SELECT $n, $share, $rule, '$n', $other";

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_header_is_read() {
        let header = Header::of(TEXT);
        assert_eq!(header.title, "Some");
        assert_eq!(header.description, "What it is, on two lines.");
        let names: Vec<&str> = header
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_str())
            .collect();
        assert_eq!(names, ["n", "share", "rule"]);
        assert_eq!(header.parameters[2].default, "'sgdm'");
        assert_eq!(header.parameters[2].meaning, "which");
    }

    #[test]
    fn parameters_become_literals_of_their_kind() {
        let bound = bind(TEXT, &given(&[])).unwrap();
        assert!(
            bound.ends_with("SELECT 5, 0.5, 'sgdm', '$n', $other"),
            "{bound}"
        );
        let bound = bind(
            TEXT,
            &given(&[("n", "-3"), ("share", "1"), ("rule", "it's")]),
        )
        .unwrap();
        assert!(
            bound.ends_with("SELECT -3, 1.0, 'it''s', '$n', $other"),
            "{bound}"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |pairs: &[(&str, &str)]| bind(TEXT, &given(pairs)).unwrap_err().to_string();
        assert_eq!(
            refused(&[("n", "1.5")]),
            "the parameter `n` is `1.5`, not an integer"
        );
        assert_eq!(
            refused(&[("share", "1; DROP TABLE runs")]),
            "the parameter `share` is `1; DROP TABLE runs`, not a number"
        );
        assert_eq!(
            refused(&[("m", "1")]),
            "the query has no parameter `m`; it has n, share, rule"
        );
    }

    #[test]
    fn every_named_query_says_what_it_is() {
        for query in ALL {
            let header = Header::of(query.text);
            assert!(
                !header.title.is_empty() && !header.description.is_empty(),
                "{}",
                query.name
            );
            for parameter in &header.parameters {
                let placeholder = format!("${}", parameter.name);
                assert!(
                    query.text.contains(&placeholder),
                    "{}: {placeholder}",
                    query.name
                );
            }
            let bound = bind(query.text, &BTreeMap::new()).unwrap();
            let left = statements::tokens(&bound).unwrap();
            let left = left
                .iter()
                .find(|token| matches!(token.token, Token::Placeholder(_)));
            assert!(left.is_none(), "{}: {left:?}", query.name);
        }
        assert!(ALL.is_sorted_by_key(|query| query.name));
    }

    #[test]
    fn a_misspelt_name_is_corrected() {
        let error = find("figur_4a").unwrap_err();
        assert_eq!(error.to_string(), "there is no query `figur_4a`");
        assert!(crate::hint(&error).unwrap().contains("`figure_4a`"));
    }

    proptest::proptest! {
        /// Whatever is given for a parameter is one literal: nothing of it becomes SQL.
        #[test]
        fn what_is_given_stays_a_value(text in ".*", integer in ".*", header in "(-- [a-z]+: .*\n)*.*") {
            let query = "-- parameter: rule = 'sgdm': which\nSELECT $rule AS rule";
            let bound = bind(query, &given(&[("rule", &text)])).unwrap();
            let tokens = statements::tokens(&bound).unwrap();
            let is_literal = |token: &&_| matches!(token, Token::SingleQuotedString(_));
            let words = tokens.iter().map(|token| &token.token);
            let significant: Vec<_> = words.filter(|token| !matches!(token, Token::Whitespace(_))).collect();
            proptest::prop_assert_eq!(significant.len(), 4, "{}", bound);
            proptest::prop_assert_eq!(significant.iter().copied().filter(|token| is_literal(token)).count(), 1);
            let query = "-- parameter: n = 5: how many\nSELECT $n";
            let is_integer = integer.parse::<i64>().is_ok();
            proptest::prop_assert_eq!(bind(query, &given(&[("n", &integer)])).is_ok(), is_integer);
            // A query file of any content ends in a text or in words.
            let _ = bind(&header, &BTreeMap::new());
        }
    }
}
