//! Subqueries that stand for one value, on nodes.
//!
//! `datafusion-distributed` knows such a subquery as a join alone, which gives a row for every row of it. Where nothing says that there is
//! one at most, the query is refused: without nodes a second row is an error when it comes, and with nodes it would be more rows.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

/// Refuses a subquery that may have several rows where one value is asked for.
#[derive(Debug)]
pub(crate) struct ScalarSubqueries;

impl AnalyzerRule for ScalarSubqueries {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.apply_with_subqueries(|plan| {
            plan.apply_expressions(|expression| expression.apply(check))
        })?;
        Ok(plan)
    }

    fn name(&self) -> &str {
        "scalar_subqueries"
    }
}

fn check(expression: &Expr) -> Result<TreeNodeRecursion> {
    if let Expr::ScalarSubquery(subquery) = expression
        && subquery.outer_ref_columns.is_empty()
        && subquery.subquery.max_rows().is_none_or(|n| n > 1)
    {
        return plan_err!(
            "with --nodes a subquery that stands for a value has to give one row: add LIMIT 1, or an aggregate such as max"
        );
    }
    Ok(TreeNodeRecursion::Continue)
}
