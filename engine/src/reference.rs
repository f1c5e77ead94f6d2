//! The reference of this project's SQL, in Markdown, made of the words that stand beside each function and query.

use std::fmt::Write;

use datafusion::logical_expr::Documentation;

use crate::queries::{self, Header};
use crate::{aggregates, functions, relations};

/// A function as the reference shows it.
#[derive(Clone, Debug)]
pub struct FunctionEntry {
    /// How it is called.
    pub syntax: String,
    /// What it does.
    pub description: String,
    /// Its arguments and their meaning.
    pub arguments: Vec<(String, String)>,
    /// A query over a dataset's tables.
    pub example: String,
}

/// The functions of one kind.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What its functions have in common.
    pub introduction: &'static str,
    /// The functions.
    pub functions: Vec<FunctionEntry>,
}

/// Every function of this project's SQL, by kind.
pub fn sections() -> Vec<Section> {
    let of = |documentation: Option<&Documentation>| documentation.map(FunctionEntry::of);
    vec![
        Section {
            title: "Table functions",
            introduction: "Virtual experiments as relations, for FROM. Their arguments are constants, by place or by name \
                (`seed => 1`). Each works on another relation, `input => ...`: a table, a view, a common table expression, another \
                table function, or a query in parentheses. A call is planned to ordinary operators: what a query does not use is \
                not read.",
            functions: relations::functions::ALL
                .iter()
                .map(|function| FunctionEntry::of_relation(function.documentation()))
                .collect(),
        },
        Section {
            title: "Aggregates",
            introduction: "The study's statistics over groups. Real numbers in single or double precision, and integers; the \
                result is in double precision.",
            functions: aggregates::all()
                .iter()
                .filter_map(|function| of(function.documentation()))
                .collect(),
        },
        Section {
            title: "Functions of a row",
            introduction: "What a function draws depends on its seed and key alone: it is the same on any number of threads, for \
                any batch size, in any order of files. The draws are those of a ChaCha8 stream whose key is the SHA-256 of the \
                function's name, the seed and the key.",
            functions: functions::all()
                .iter()
                .filter_map(|function| of(function.documentation()))
                .collect(),
        },
    ]
}

impl FunctionEntry {
    fn of(documentation: &Documentation) -> Self {
        Self {
            syntax: documentation.syntax_example.clone(),
            description: documentation.description.clone(),
            arguments: documentation.arguments.clone().unwrap_or_default(),
            example: documentation.sql_example.clone().unwrap_or_default(),
        }
    }

    fn of_relation(documentation: &relations::functions::Documentation) -> Self {
        let owned = |&(name, meaning): &(&str, &str)| (name.to_owned(), meaning.to_owned());
        Self {
            syntax: documentation.syntax.to_owned(),
            description: documentation.description.to_owned(),
            arguments: documentation.arguments.iter().map(owned).collect(),
            example: documentation.example.to_owned(),
        }
    }
}

/// `docs/functions.md`.
pub fn functions_in_markdown() -> String {
    let mut text = String::from(
        "# Functions\n\n\
         The SQL is that of [DataFusion](https://datafusion.apache.org/user-guide/sql/) in DuckDB's dialect, with what follows. Beside\n\
         functions there are `TABLESAMPLE (10 PERCENT) REPEATABLE (1)` and `(100 ROWS)`, which choose the same rows every time, and\n\
         `PIVOT` and `UNPIVOT`. Made from the words in the code; every example is run by a test.\n",
    );
    for section in sections() {
        let _ = write!(text, "\n## {}\n\n{}\n", section.title, section.introduction);
        for function in section.functions {
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\n",
                function.syntax, function.description
            );
            for (name, meaning) in function.arguments {
                let _ = writeln!(text, "* `{name}`: {meaning}");
            }
            let _ = write!(text, "\n```sql\n{}\n```\n", function.example);
        }
    }
    text
}

/// `queries/README.md`.
pub fn queries_in_markdown() -> String {
    let mut text = String::from(
        "# Queries\n\n\
         The SQL of every experiment, a file each. `engram query NAME --at URL` runs one, `--param name=value` sets a parameter,\n\
         `engram query --list` lists them. Each runs as it stands with `engram sql --file` too, with the parameters' defaults.\n\
         Made from the first lines of the files.\n",
    );
    for query in queries::ALL {
        let header = Header::of(query.text);
        let _ = write!(
            text,
            "\n## [{name}]({name}.sql)\n\n**{}.** {}\n",
            header.title,
            header.description,
            name = query.name
        );
        if header.parameters.is_empty() {
            continue;
        }
        text.push_str("\n| parameter | default | meaning |\n|---|---|---|\n");
        for parameter in header.parameters {
            let _ = writeln!(
                text,
                "| `{}` | `{}` | {} |",
                parameter.name, parameter.default, parameter.meaning
            );
        }
    }
    text
}
