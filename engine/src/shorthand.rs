//! Short forms that DataFusion's dialect has and its planner does not know, written out.
//!
//! `FROM runs` is `SELECT * FROM runs`; DataFusion would take it for a query without columns.
//!
//! `ORDER BY ALL` over computed columns, which DataFusion refuses, becomes the places of the columns. A wildcard's columns cannot be
//! counted before planning; over these DataFusion orders by itself, if nothing is computed beside them.

use std::ops::ControlFlow;

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr as LogicalExpr, LogicalPlan};
use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem, SetExpr, Value,
    VisitMut, VisitorMut, WildcardAdditionalOptions,
};
use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// Writes out every short form of a statement.
pub(crate) fn write_out(statement: &mut Statement) {
    match statement {
        Statement::Statement(statement) => {
            let _ = statement.visit(&mut WriteOut);
        }
        Statement::Explain(explained) => write_out(&mut explained.statement),
        Statement::CopyTo(copy) => {
            if let CopyToSource::Query(query) = &mut copy.source {
                let _ = query.visit(&mut WriteOut);
            }
        }
        Statement::CreateExternalTable(_) | Statement::Reset(_) => {}
    }
}

/// The statement with a name for every subquery behind ANY and ALL; none where there is no such subquery.
///
/// DataFusion (`rewrite_set_comparison`, as of 55.2) takes a column of the rows around such a subquery for the subquery's own where both
/// read the same table: `WHERE x >= ALL (SELECT x FROM t)` would compare every x with itself.
pub(crate) fn told_apart(statement: &Statement) -> Option<Statement> {
    let mut statement = statement.clone();
    let mut sets = Sets { n: 0 };
    let mut inner = &mut statement;
    while let Statement::Explain(explained) = inner {
        inner = &mut explained.statement;
    }
    let Statement::Statement(told) = inner else {
        return None;
    };
    let _ = told.visit(&mut sets);
    (sets.n > 0).then_some(statement)
}

/// Whether a subquery behind ANY or ALL reads the rows around it, which it could not under another name.
pub(crate) fn compares_with_rows_around(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let LogicalExpr::SetComparison(comparison) = expression {
                    found |= !comparison.subquery.outer_ref_columns.is_empty();
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Names the subqueries behind ANY and ALL.
struct Sets {
    n: usize,
}

impl VisitorMut for Sets {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let (Expr::AnyOp { right, .. } | Expr::AllOp { right, .. }) = expression else {
            return ControlFlow::Continue(());
        };
        if let Expr::Subquery(query) = &mut **right {
            self.n += 1;
            let named = format!("SELECT * FROM ({query}) AS \"subquery {}\"", self.n);
            if let Ok(named) = parsed(&named) {
                **query = named;
            }
        }
        ControlFlow::Continue(())
    }
}

fn parsed(query: &str) -> std::result::Result<Query, ParserError> {
    Parser::new(&DuckDbDialect {})
        .try_with_sql(query)?
        .parse_query()
        .map(|query| *query)
}

struct WriteOut;

impl VisitorMut for WriteOut {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if select.flavor == SelectFlavor::FromFirstNoSelect {
            select.flavor = SelectFlavor::FromFirst;
            select.projection = vec![SelectItem::Wildcard(WildcardAdditionalOptions::default())];
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let n_columns = n_columns(&query.body);
        let (Some(order_by), Some(n_columns)) = (&mut query.order_by, n_columns) else {
            return ControlFlow::Continue(());
        };
        if let OrderByKind::All(options) = order_by.kind {
            let places = (1..=n_columns).map(|place| OrderByExpr {
                expr: Expr::value(Value::Number(place.to_string(), false)),
                options,
                with_fill: None,
            });
            order_by.kind = OrderByKind::Expressions(places.collect());
        }
        ControlFlow::Continue(())
    }
}

/// How many columns a query gives, unless a wildcard hides it.
fn n_columns(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Select(select) => {
            let is_one = |item: &SelectItem| {
                matches!(
                    item,
                    SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                )
            };
            let items = &select.projection;
            items.iter().all(is_one).then_some(items.len())
        }
        SetExpr::SetOperation { left, .. } => n_columns(left),
        SetExpr::Query(query) => n_columns(&query.body),
        _ => None,
    }
}
