//! Queries that are written as text and planned over a relation of the user's.

use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement, TableFactor};
use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::inputs;

/// The query of a text over an input relation.
pub(super) fn over_input(text: &str, input: TableFactor) -> Result<Query> {
    let mut query = parsed(&format!("WITH input AS (SELECT * FROM input) {text}"))?;
    let relation = query
        .with
        .as_mut()
        .and_then(|with| with.cte_tables.first_mut())
        .and_then(|table| match table.query.body.as_mut() {
            SetExpr::Select(select) => select.from.first_mut(),
            _ => None,
        });
    match relation {
        Some(from) => from.relation = input,
        None => return plan_err!("the query has no input"),
    }
    inputs::write_out_query(&mut query);
    Ok(query)
}

/// All of a relation.
pub(super) fn query_over(relation: TableFactor) -> Option<Query> {
    let mut query = parsed("SELECT * FROM input").ok()?;
    match query.body.as_mut() {
        SetExpr::Select(select) => select.from.first_mut()?.relation = relation,
        _ => return None,
    }
    Some(query)
}

fn parsed(text: &str) -> Result<Query> {
    let statements = Parser::parse_sql(&DuckDbDialect {}, text)
        .map_err(|error| DataFusionError::SQL(Box::new(error), None))?;
    match statements.into_iter().next() {
        Some(Statement::Query(query)) => Ok(*query),
        _ => plan_err!("{text} is no query"),
    }
}

/// A query as a relation.
pub(super) fn derived(query: Box<Query>) -> TableFactor {
    TableFactor::Derived {
        lateral: false,
        subquery: query,
        alias: None,
        sample: None,
    }
}

/// The names of a relation's columns.
pub(super) fn columns(plan: &LogicalPlan) -> Vec<String> {
    let fields = plan.schema().fields();
    fields.iter().map(|field| field.name().clone()).collect()
}

/// A column's name as SQL writes it.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The columns, but for one, each as SQL writes it, behind the name of their relation.
pub(super) fn all_but(columns: &[String], left_out: &str, relation: &str) -> String {
    let names: Vec<String> = columns
        .iter()
        .filter(|column| *column != left_out)
        .map(|column| format!("{relation}.{}", identifier(column)))
        .collect();
    names.join(", ")
}
