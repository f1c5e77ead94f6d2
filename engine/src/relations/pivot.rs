//! PIVOT: a column for each of some values of another.
//!
//! `FROM runs PIVOT (avg(final_validation_accuracy) FOR architecture IN ('knet4', 'knet5'))` has a row for each
//! combination of the columns that are neither aggregated nor spread, and a column for each value, named after it. Several
//! aggregates give columns named `<value>_<aggregate>`. The values are named, since a query's columns must be known before
//! its rows are.

use datafusion::common::{Result, Span};
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr as SqlExpr, ExprWithAlias, PivotValueSource, Spanned, TableFactor, Value,
};

use super::refused;
use super::template::{columns, derived, identifier, over_input};

/// Plans PIVOT.
#[derive(Debug)]
pub(super) struct Pivot;

impl RelationPlanner for Pivot {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source,
            default_on_null,
            alias,
        } = relation
        else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let span = Span::try_from_sqlparser_span(table.span());
        if default_on_null.is_some() {
            return Err(refused(
                "PIVOT has no DEFAULT ON NULL here: use coalesce",
                span,
            ));
        }
        let [spread] = value_column.as_slice() else {
            return Err(refused("PIVOT spreads one column", span));
        };
        let PivotValueSource::List(values) = value_source else {
            let problem = "PIVOT needs the values that become columns: FOR column IN ('a', 'b')";
            return Err(refused(problem, span));
        };
        let plan = context.plan((*table).clone())?;
        // Also finds a column that is not there, with its place.
        let mut used = used_columns(spread, &plan, context)?;
        for aggregate in &aggregate_functions {
            used.extend(used_columns(&aggregate.expr, &plan, context)?);
        }
        let rest: Vec<String> = columns(&plan)
            .into_iter()
            .filter(|column| !used.contains(column))
            .map(|column| identifier(&column))
            .collect();
        let mut selected = rest.clone();
        for value in &values {
            for aggregate in &aggregate_functions {
                let name = column_name(value, aggregate, aggregate_functions.len());
                let filtered = filtered(&aggregate.expr, spread, &value.expr)?;
                selected.push(format!("{filtered} AS {}", identifier(&name)));
            }
        }
        let selected = selected.join(", ");
        let grouped = match rest.is_empty() {
            true => String::new(),
            false => format!(" GROUP BY {}", rest.join(", ")),
        };
        let query = over_input(
            "pivot",
            &format!("SELECT {selected} FROM input{grouped}"),
            *table,
        )?;
        let plan = context.plan(derived(Box::new(query)))?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(
            plan, alias,
        ))))
    }
}

fn used_columns(
    expression: &SqlExpr,
    plan: &datafusion::logical_expr::LogicalPlan,
    context: &mut dyn RelationPlannerContext,
) -> Result<Vec<String>> {
    let expression = context.sql_to_expr(expression.clone(), plan.schema())?;
    Ok(expression
        .column_refs()
        .into_iter()
        .map(|column| column.name.clone())
        .collect())
}

/// What a column is called that holds an aggregate for a value.
fn column_name(value: &ExprWithAlias, aggregate: &ExprWithAlias, n_aggregates: usize) -> String {
    let of_value = match (&value.alias, &value.expr) {
        (Some(alias), _) => alias.value.clone(),
        (None, SqlExpr::Value(literal)) => match &literal.value {
            Value::SingleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        (None, other) => other.to_string(),
    };
    let of_aggregate = match (&aggregate.alias, &aggregate.expr) {
        (Some(alias), _) => Some(alias.value.clone()),
        (None, SqlExpr::Function(function)) if n_aggregates > 1 => {
            Some(function.name.to_string().to_lowercase())
        }
        _ => None,
    };
    match of_aggregate {
        Some(of_aggregate) => format!("{of_value}_{of_aggregate}"),
        None => of_value,
    }
}

/// An aggregate over the rows that have a value.
fn filtered(aggregate: &SqlExpr, spread: &SqlExpr, value: &SqlExpr) -> Result<SqlExpr> {
    let SqlExpr::Function(function) = aggregate else {
        let span = Span::try_from_sqlparser_span(aggregate.span());
        return Err(refused(
            format!("PIVOT fills its cells with aggregates, not {aggregate}"),
            span,
        ));
    };
    let mut function = function.clone();
    let is_value = SqlExpr::BinaryOp {
        left: Box::new(spread.clone()),
        op: BinaryOperator::Eq,
        right: Box::new(value.clone()),
    };
    function.filter = Some(Box::new(match function.filter.take() {
        None => is_value,
        Some(filter) => SqlExpr::BinaryOp {
            left: Box::new(SqlExpr::Nested(filter)),
            op: BinaryOperator::And,
            right: Box::new(is_value),
        },
    }));
    Ok(SqlExpr::Function(function))
}
