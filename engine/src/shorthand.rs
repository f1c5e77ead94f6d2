//! Short forms that DataFusion's dialect has and its planner does not know, written out.
//!
//! `FROM runs` is `SELECT * FROM runs`; DataFusion would take it for a query without columns.
//!
//! `ORDER BY ALL` over computed columns, which DataFusion refuses, becomes the places of the columns. A wildcard's columns cannot be
//! counted before planning; over these DataFusion orders by itself, if nothing is computed beside them.

use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    Expr, OrderByExpr, OrderByKind, Query, Select, SelectFlavor, SelectItem, SetExpr, Value,
    VisitMut, VisitorMut, WildcardAdditionalOptions,
};

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
