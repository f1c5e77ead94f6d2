//! The rule that sees to it that calls are those of bounded functions, however they came about: by name, by an operator, or by
//! another rule.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{ExprSchema, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion::optimizer::AnalyzerRule;

use super::{Bounded, concatenation};

/// Puts bounded functions in the place of others, and of `||`. Types are known to agree by then.
#[derive(Debug)]
pub(super) struct BoundedCalls {
    functions: HashMap<&'static str, Arc<ScalarUDF>>,
    concatenation: Arc<ScalarUDF>,
}

impl BoundedCalls {
    pub(super) fn new(functions: HashMap<&'static str, Arc<ScalarUDF>>) -> Self {
        Self {
            functions,
            concatenation: concatenation::function(),
        }
    }

    fn call(&self, expression: Expr, schema: &dyn ExprSchema) -> Result<Transformed<Expr>> {
        match expression {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::StringConcat,
                right,
            }) if left.get_type(schema).is_ok_and(|kind| is_text(&kind)) => {
                let call = self.concatenation.call(vec![*left, *right]);
                Ok(Transformed::yes(call))
            }
            Expr::ScalarFunction(ScalarFunction { func, args })
                if !func.inner().is::<Bounded>() && self.functions.contains_key(func.name()) =>
            {
                let func = Arc::clone(&self.functions[func.name()]);
                let call = Expr::ScalarFunction(ScalarFunction { func, args });
                Ok(Transformed::yes(call))
            }
            expression => Ok(Transformed::no(expression)),
        }
    }
}

impl AnalyzerRule for BoundedCalls {
    fn name(&self) -> &str {
        "bounded_calls"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| {
            let schema = merge_schema(&plan.inputs());
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expression| {
                // Its columns have the names of what is in it, which no name of the whole could keep.
                if matches!(expression, Expr::GroupingSet(_)) {
                    return Ok(Transformed::no(expression));
                }
                let name = names.save(&expression);
                let written =
                    expression.transform_up(|expression| self.call(expression, &schema))?;
                Ok(written.update_data(|expression| name.restore(expression)))
            })
        })
        .data()
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}
