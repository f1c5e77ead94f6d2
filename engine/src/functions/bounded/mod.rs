//! DataFusion's functions whose results may be far larger than what they are given, within bounds.
//!
//! A limit on memory holds for operators, which can spill. What a function makes of one batch of rows is outside of it, and an
//! allocation that fails ends the process, with everybody else's queries. So these functions work out how large their result may
//! become before they make it. The bounds are far above what a question to a dataset needs.

mod calls;
mod concatenation;
mod sizes;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};
use datafusion::prelude::SessionContext;

use calls::BoundedCalls;
pub(crate) use concatenation::NAME as CONCATENATION;

/// The most bytes that a function makes of a batch of rows.
const MOST_BYTES: u128 = 256 << 20;

/// The most bytes of a value that is made of constants. Where it meets rows, a column of it is made for a whole batch, and what
/// passes the offsets of a column panics.
const MOST_BYTES_OF_CONSTANT: u128 = i32::MAX as u128 / ROWS_OF_A_BATCH;

/// DataFusion's own batches.
const ROWS_OF_A_BATCH: u128 = 8192;

/// The most steps that a function takes whose time is not in proportion to what it reads.
const MOST_STEPS: u128 = 4_000_000_000;

/// An upper bound of what a call makes, in bytes or in steps.
type Size = fn(&ScalarFunctionArgs) -> Result<u128>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Bytes,
    Steps,
}

const BOUNDED: [(&str, Unit, Size); 16] = [
    ("array_concat", Unit::Bytes, sizes::concat),
    ("array_repeat", Unit::Bytes, sizes::array_repeat),
    ("array_resize", Unit::Bytes, sizes::array_resize),
    ("array_to_string", Unit::Bytes, sizes::array_to_string),
    ("concat", Unit::Bytes, sizes::concat),
    ("concat_ws", Unit::Bytes, sizes::concat_ws),
    ("encode", Unit::Bytes, sizes::encode),
    ("generate_series", Unit::Bytes, sizes::range),
    ("levenshtein", Unit::Steps, sizes::levenshtein),
    ("lpad", Unit::Bytes, sizes::pad),
    ("overlay", Unit::Bytes, sizes::concat),
    ("range", Unit::Bytes, sizes::range),
    ("regexp_replace", Unit::Bytes, sizes::regexp_replace),
    ("repeat", Unit::Bytes, sizes::repeat),
    ("replace", Unit::Bytes, sizes::replace),
    ("rpad", Unit::Bytes, sizes::pad),
];

/// Puts the bounds around the functions that a context knows, and around `||`.
///
/// # Errors
/// For a function that the context does not know.
pub(crate) fn bound(context: &SessionContext) -> Result<()> {
    let mut bounded = HashMap::new();
    for (name, unit, size) in BOUNDED {
        let function = context.state().udf(name)?;
        let function = Arc::new(ScalarUDF::from(Bounded {
            function: ScalarUDF::clone(&function),
            unit,
            size,
        }));
        context.register_udf(ScalarUDF::clone(&function));
        bounded.insert(name, function);
    }
    // Plans that are sent to other machines name it.
    context.register_udf(ScalarUDF::clone(&concatenation::function()));
    context.add_analyzer_rule(Arc::new(BoundedCalls::new(bounded)));
    Ok(())
}

fn is_constant(args: &ScalarFunctionArgs) -> bool {
    let mut args = args.args.iter();
    args.all(|arg| matches!(arg, ColumnarValue::Scalar(_)))
}

/// A function that refuses to make more than so much.
#[derive(Debug)]
struct Bounded {
    function: ScalarUDF,
    unit: Unit,
    size: Size,
}

impl Bounded {
    fn check(&self, args: &ScalarFunctionArgs) -> Result<()> {
        let size = (self.size)(args)?;
        let (limit, what) = match self.unit {
            Unit::Steps => (MOST_STEPS, "steps"),
            Unit::Bytes if is_constant(args) => (MOST_BYTES_OF_CONSTANT, "bytes"),
            Unit::Bytes => (MOST_BYTES, "bytes"),
        };
        match size <= limit {
            true => Ok(()),
            false => Err(DataFusionError::ResourcesExhausted(format!(
                "{}() would take {size} {what} at once, and {limit} is the limit",
                self.function.name()
            ))),
        }
    }
}

impl ScalarUDFImpl for Bounded {
    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.check(&args)?;
        self.function.invoke_with_args(args)
    }

    // The rest is the function's own, but that it does not become another one: what `simplify` makes has no bounds.

    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.function.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.function.return_field_from_args(args)
    }

    fn is_strict(&self) -> bool {
        self.function.is_strict()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.function.coerce_types(arg_types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.function == other.function
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::util::pretty::pretty_format_batches;

    fn context() -> SessionContext {
        let context = SessionContext::new();
        context.add_analyzer_rule(Arc::new(crate::repeated_projections::RepeatedProjections));
        bound(&context).unwrap();
        context
    }

    async fn answer(sql: &str) -> std::result::Result<String, String> {
        let context = context();
        let answer = async { context.sql(sql).await?.collect().await };
        match answer.await {
            Ok(batches) => Ok(pretty_format_batches(&batches).unwrap().to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn what_would_fill_the_memory_is_refused() {
        let rows = "(SELECT 'abc' || value AS x, value AS n FROM generate_series(1, 8000))";
        for call in [
            "repeat('x', 2000000000)",
            "repeat(x, 1000000)",
            "lpad(x, 2000000000)",
            "rpad(x, n * 1000000, 'ab')",
            "array_repeat(x, 2000000000)",
            "list_repeat(n, 1000000000)",
            "array_resize([1], 2000000000 + n, 0)",
            "range(9000000000000000000)",
            "generate_series(n, 9000000000000000000, 2)",
            "range(TIMESTAMP '1970-01-01', TIMESTAMP '2200-01-01', INTERVAL '1 microsecond')",
            "replace(repeat(x, 5000), 'a', repeat(x, 5000))",
            "regexp_replace(repeat(x, 5000), '', repeat(x, 5000), 'g')",
            "regexp_replace(repeat(x, 500), '(.*)', repeat('\\1', 5000))",
            "encode(encode(repeat(x, 5000), 'hex'), 'hex')",
            "array_concat(range(n, n + 4000), range(n, n + 4000))",
            "range(n, n + 4000) || range(n, n + 4000)",
            "array_to_string(range(1000 + n), repeat(x, 5000))",
            "concat(repeat(x, 5000), repeat(x, 5000), repeat(x, 5000))",
            "concat_ws(repeat(x, 5000), 'a', 'b', 'c')",
            "repeat(x, 5000) || repeat(x, 5000)",
            "levenshtein(repeat(x, 5000), repeat('b', 50000))",
        ] {
            let refused = answer(&format!("SELECT sum(length(({call})::text)) FROM {rows}")).await;
            let refused = refused.unwrap_err();
            assert!(refused.contains("is the limit"), "{call}: {refused}");
        }
    }

    #[tokio::test]
    async fn doubling_comes_to_an_end() {
        let mut sql = "SELECT 'abc' || value AS x FROM generate_series(1, 8000)".to_owned();
        for _ in 0..20 {
            sql = format!("SELECT x || x AS x FROM ({sql})");
        }
        let refused = answer(&sql).await.unwrap_err();
        assert!(refused.contains("is the limit"), "{refused}");
    }

    #[tokio::test]
    async fn groups_of_concatenations_are_groups() {
        let sql = "SELECT x || 'a' AS k, count(*) FROM (VALUES ('p'), ('q')) AS t(x) GROUP BY ROLLUP(x || 'a') ORDER BY k";
        let rolled = answer(sql).await.unwrap();
        assert!(
            rolled.contains("| pa | 1 ") && rolled.contains("|    | 2 "),
            "{rolled}"
        );
        let grouped = "SELECT x || 'a', count(*) FROM (VALUES ('p'), ('q')) AS t(x) GROUP BY x || 'a' HAVING x || 'a' > 'p'";
        assert!(answer(grouped).await.unwrap().contains("| qa "));
    }

    #[tokio::test]
    async fn functions_do_what_they_did() {
        let calls = [
            "repeat(s, 2)",
            "lpad(s, 5, 'x')",
            "rpad(s, 5)",
            "array_repeat(s, 2)",
            "list_repeat(n, 2)",
            "array_resize([n], 2, 0)",
            "range(n)",
            "range(0, 5, 2)",
            "generate_series(DATE '2026-01-01', DATE '2026-01-03', INTERVAL '1 day')",
            "replace(s, 'a', 'bc')",
            "regexp_replace(s, '(a)', '\\1\\1')",
            "array_to_string([s, 'x'], '-')",
            "concat(s, n, NULL, 'x')",
            "concat_ws('-', s, 'x')",
            "s || n || 'x'",
            "s || NULL",
            "encode(s, 'hex')",
            "array_concat([n], [4])",
            "[n] || 4",
            "overlay(s placing 'xy' from 1 for 1)",
            "levenshtein(s, 'abcd')",
        ];
        let sql = format!(
            "SELECT {} FROM (VALUES ('abc', 1), (NULL, 2), ('aä', NULL)) AS t(s, n)",
            calls.join(", ")
        );
        let plain = SessionContext::new();
        let expected = plain.sql(&sql).await.unwrap().collect().await.unwrap();
        let expected = pretty_format_batches(&expected).unwrap().to_string();
        assert_eq!(answer(&sql).await.unwrap(), expected);
    }
}
