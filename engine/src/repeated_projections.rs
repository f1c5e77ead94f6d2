//! Keeps a computation that is repeated on its own result: `SELECT x + x AS x FROM (SELECT x + x AS x FROM t)`.
//!
//! DataFusion (`merge_consecutive_projections`, as of 55.2) drops a projection that reads as the one below it, whatever it computes,
//! and would double once here. So the lower one of two that read alike is made to read otherwise: by a note in the metadata of a column
//! that the upper one computes anew.

use std::collections::BTreeMap;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TransformedResult};
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::optimizer::AnalyzerRule;

/// The key of the note.
const NOTE: &str = "engram.repeated";

/// The rule.
#[derive(Debug)]
pub(crate) struct RepeatedProjections;

impl AnalyzerRule for RepeatedProjections {
    fn name(&self) -> &str {
        "repeated_projections"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_down_with_subqueries(|plan| match plan {
            LogicalPlan::Projection(upper) => match noted(&upper.expr, &upper.input)? {
                Some(lower) => Projection::try_new(upper.expr, lower.into())
                    .map(|upper| Transformed::yes(LogicalPlan::Projection(upper))),
                None => Ok(Transformed::no(LogicalPlan::Projection(upper))),
            },
            plan => Ok(Transformed::no(plan)),
        })
        .data()
    }
}

/// The plan with a note in the first projection that is met, if it is of the same expressions. What lies between may be moved away.
fn noted(upper: &[Expr], plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    if let LogicalPlan::Projection(lower) = plan {
        let computed = upper.iter().position(is_computed);
        let Some(computed) = computed.filter(|_| lower.expr == upper) else {
            return Ok(None);
        };
        let mut expressions = lower.expr.clone();
        if let Some(Expr::Alias(alias)) = expressions.get_mut(computed) {
            let note = BTreeMap::from([(NOTE.to_owned(), String::new())]);
            alias.metadata = Some(FieldMetadata::new(note));
        }
        let lower = Projection::try_new(expressions, lower.input.clone())?;
        return Ok(Some(LogicalPlan::Projection(lower)));
    }
    let [input] = plan.inputs()[..] else {
        return Ok(None);
    };
    match noted(upper, input)? {
        Some(input) => plan
            .with_new_exprs(plan.expressions(), vec![input])
            .map(Some),
        None => Ok(None),
    }
}

/// Whether it is a column that is computed, under a name that may be that of what it is computed of.
fn is_computed(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => !matches!(alias.expr.as_ref(), Expr::Column(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use datafusion::prelude::SessionContext;

    use super::*;

    #[tokio::test]
    async fn what_is_computed_again_is_computed_again() {
        let context = SessionContext::new();
        context.add_analyzer_rule(Arc::new(RepeatedProjections));
        for between in ["", " WHERE x > 0", " ORDER BY x LIMIT 1"] {
            let mut sql = "SELECT value AS x FROM generate_series(1, 1)".to_owned();
            for _ in 0..5 {
                sql = format!("SELECT x + x AS x FROM ({sql}){between}");
            }
            let rows = context.sql(&sql).await.unwrap().collect().await.unwrap();
            assert_eq!(
                rows[0].column(0).as_primitive::<Int64Type>().value(0),
                32,
                "{sql}"
            );
        }
    }
}
