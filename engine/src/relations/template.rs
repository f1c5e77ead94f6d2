//! Queries that are written as text and planned over a relation of the user's.

use std::ops::ControlFlow;

use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, SetExpr, Statement, TableFactor, VisitMut,
    VisitorMut,
};
use datafusion::sql::sqlparser::dialect::DuckDbDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::inputs;

/// The query of a text over an input relation. The names of its common table expressions become those of `function`, so
/// that they are none of the user's.
pub(super) fn over_input(function: &str, text: &str, input: TableFactor) -> Result<Query> {
    let mut query = parsed(&format!("WITH input AS (SELECT * FROM input) {text}"))?;
    let mut names = OwnNames::of(&query, function);
    let _ = query.visit(&mut names);
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

/// Renames common table expressions, where they are made and wherever they are used.
struct OwnNames {
    function: String,
    names: Vec<String>,
}

impl OwnNames {
    fn of(query: &Query, function: &str) -> Self {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        Self {
            function: function.to_owned(),
            names: tables.map(|table| table.alias.name.value.clone()).collect(),
        }
    }

    fn rename(&self, name: &mut Ident) {
        if self.names.contains(&name.value) {
            *name = Ident::with_quote('"', format!("{} of {}", name.value, self.function));
        }
    }
}

impl VisitorMut for OwnNames {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        for table in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            self.rename(&mut table.alias.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_mut_slice() {
            self.rename(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(names) = expression
            && let [relation, _] = names.as_mut_slice()
        {
            self.rename(relation);
        }
        ControlFlow::Continue(())
    }
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
