//! Words about functions, kept beside them: `SHOW FUNCTIONS` prints them, `docs/functions.md` is made of them, and a test
//! runs their examples.

/// The section that every function of this project is listed in.
pub(crate) const SECTION: &str = "Engram";

/// A function's documentation: description, syntax, an example over a dataset's tables, and its arguments.
macro_rules! documentation {
    ($description:expr, $syntax:expr, $example:expr $(, $argument:expr => $meaning:expr)* $(,)?) => {{
        static DOCUMENTATION: std::sync::LazyLock<datafusion::logical_expr::Documentation> =
            std::sync::LazyLock::new(|| {
                datafusion::logical_expr::Documentation::builder(
                    datafusion::logical_expr::DocSection {
                        include: true,
                        label: $crate::functions::SECTION,
                        description: None,
                    },
                    $description,
                    $syntax,
                )
                .with_sql_example($example)
                $(.with_argument($argument, $meaning))*
                .build()
            });
        Some(&*DOCUMENTATION)
    }};
}

pub(crate) use documentation;
